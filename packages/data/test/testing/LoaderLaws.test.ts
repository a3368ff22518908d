import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect } from "effect"
import { Loader } from "../../src/index.ts"
import { LoaderLaws } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const ours: LoaderLaws.Subject = {
  make: ({ batchSize, onDisk, prefetch, rows, seed, workers }) =>
    Loader.make(LoaderLaws.numbered(rows, onDisk), {
      features: ["row", "block"],
      target: "target",
      batchSize,
      key: Key.fromSeed(seed),
      noise: [
        { name: "first", size: 3 * batchSize, keep: 0.5 },
        { name: "second", size: 7, keep: 0.9 }
      ],
      prefetch,
      workers
    })
}

/** Our loader with what it reads changed. */
const changed = (
  change: (batch: Loader.Batch, position: Loader.Position, setup: LoaderLaws.Setup) => Partial<Loader.Batch>
): LoaderLaws.Subject => ({
  make: (setup) =>
    Effect.map(ours.make(setup), (loader) => ({
      ...loader,
      read: (position) =>
        Effect.map(loader.read(position), (batch) => ({ ...batch, ...change(batch, position, setup) }))
    }))
})

/** Our loader with where it reads changed: `locate` gets the position and how many reads came before. */
const moved = (
  locate: (position: Loader.Position, reads: number, setup: LoaderLaws.Setup) => Loader.Position
): LoaderLaws.Subject => ({
  make: (setup) =>
    Effect.map(ours.make({ ...setup, prefetch: 0 }), (loader) => {
      let reads = 0
      return { ...loader, read: (position) => loader.read(locate(position, reads++, setup)) }
    })
})

const violation = (law: ReturnType<typeof LoaderLaws.permutation>) => Effect.flip(law.check({ runs: 50 }))

describe("LoaderLaws", () => {
  const [permutation, independent, resumes, prefetched] = LoaderLaws.laws(ours)
  it.effect(permutation.name, () => permutation.check({ runs }))
  it.effect(independent.name, () => independent.check({ runs }))
  it.effect(resumes.name, () => resumes.check({ runs }))
  it.effect(`D60 D61 ${prefetched.name}`, () => prefetched.check({ runs: Math.ceil(runs / 10) }))

  const ahead: LoaderLaws.Subject = { make: (setup) => ours.make({ ...setup, prefetch: 2, workers: 2 }) }
  it.effect("prefetched, batch i is the same whatever was read before", () =>
    LoaderLaws.independent(ahead).check({ runs: Math.ceil(runs / 10) })
  )
  it.effect("prefetched, an epoch is a permutation of the rows", () =>
    LoaderLaws.permutation(ahead).check({ runs: Math.ceil(runs / 10) })
  )

  it.effect("permutation fails for a row read twice, targets of other rows, and padding that counts", () =>
    Effect.gen(function* () {
      const firstAgain = moved((position) => ({ ...position, step: 0 }))
      assert.match((yield* violation(LoaderLaws.permutation(firstAgain))).reason, /visits row \d+ (?!1 )\d+ times/)
      const shifted = changed(({ rows, target }) => {
        const first = target[0]
        target.copyWithin(0, 1, rows)
        target[rows - 1] = first
        return { target }
      })
      assert.match((yield* violation(LoaderLaws.permutation(shifted))).reason, /came with the target of row/)
      const counted = changed(({ weight }) => ({ weight: weight.fill(1) }))
      assert.match((yield* violation(LoaderLaws.permutation(counted))).reason, /has weight 1/)
      const dirty = changed(({ features, weight }) => {
        if (weight.at(-1) === 0) features[features.length - 1] = 9
        return { features }
      })
      assert.match((yield* violation(LoaderLaws.permutation(dirty))).reason, /the padding is not zero/)
    })
  )

  it.effect("permutation fails when the last batch is dropped", () =>
    Effect.gen(function* () {
      const dropping: LoaderLaws.Subject = {
        make: (setup) =>
          Effect.map(ours.make(setup), (loader) => ({
            ...loader,
            steps: Math.max(1, Math.floor(setup.rows / setup.batchSize))
          }))
      }
      assert.match((yield* violation(LoaderLaws.permutation(dropping))).reason, /visits row \d+ 0 times/)
    })
  )

  it.effect("independent fails for a loader that counts its reads", () =>
    Effect.gen(function* () {
      const counting = moved((position, reads) => ({ ...position, epoch: position.epoch + reads }))
      assert.match((yield* violation(LoaderLaws.independent(counting))).reason, /differs after reading batches/)
      const stateful: LoaderLaws.Subject = {
        make: (setup) =>
          Effect.map(ours.make(setup), (loader) => {
            let key = Key.fromSeed(setup.seed)
            const read: LoaderLaws.Readable["read"] = (position) =>
              Effect.map(loader.read(position), (batch) => {
                key = Key.foldIn(key, "next")
                return { ...batch, noise: { drawn: Key.uniform(key, 4) } }
              })
            return { ...loader, read }
          })
      }
      assert.match((yield* violation(LoaderLaws.independent(stateful))).reason, /differs after reading batches/)
    })
  )

  it.effect("resumes fails when an epoch starts anew after a restart", () =>
    Effect.gen(function* () {
      const restarting: LoaderLaws.Subject = {
        make: (setup) =>
          Effect.map(ours.make(setup), (loader) => {
            let first: Loader.Position | undefined
            const read: LoaderLaws.Readable["read"] = (position) => {
              first ??= position
              return loader.read({ ...position, epoch: position.epoch - first.epoch })
            }
            return { ...loader, read }
          })
      }
      assert.match((yield* violation(LoaderLaws.resumes(restarting))).reason, /^resumed at epoch 1, step 0/)
    })
  )

  it.effect("prefetched fails when prefetching changes the noise, or hands out the batch before", () =>
    Effect.gen(function* () {
      // What these break does not need threads, which would only make shrinking slow.
      const noisy = changed(({ noise }, _, { prefetch }) => ({ noise: { ...noise, more: Float32Array.of(prefetch) } }))
      const late = moved((position, reads, { prefetch }) =>
        prefetch > 0 && reads > 2 ? { ...position, epoch: position.epoch + 1 } : position
      )
      for (const subject of [noisy, late]) {
        assert.match((yield* violation(LoaderLaws.prefetched(subject))).reason, /differs with prefetch/)
      }
    })
  )
})
