import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import { Column, Dataset, Loader, Sampler, Table } from "../../src/index.ts"
import { LoaderLaws, SamplerLaws } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

const levels = ["a", "b", "c", "d"]

/** Numbered rows with a class, a weight or a length each. */
const rowsWith = (values: ReadonlyArray<number>) => {
  const length = values.length
  const row = Float64Array.from({ length }, (_, index) => index)
  const columns = { row: Column.float, target: Column.float, number: Column.float, kind: Column.category(levels) }
  const kind = Int32Array.from(values, (value) => value % levels.length)
  const made = Table.make(columns, { row, target: row.slice(), number: Float64Array.from(values), kind }, { length })
  return Effect.map(made, (table) => Dataset.make(table, undefined, "train"))
}

const settings = { features: ["row"], target: "target" } as const

/** Loaders of a sampler; more settings may be given. */
const made = (sampler: Sampler.Sampler<"kind" | "number">, more: Partial<Loader.Settings> = {}): SamplerLaws.Make =>
  Effect.fnUntraced(function* ({ batchSize, seed, values }) {
    const rows = yield* rowsWith(values)
    const key = Key.fromSeed(seed)
    const reading = { ...settings, batchSize, key, prefetch: 0, ...more } as const
    return yield* Loader.make(rows as Dataset.Dataset<Record<string, Column.Column>, "train">, { ...reading, sampler })
  })

const withBuckets =
  (changed = (buckets: number) => buckets): SamplerLaws.Make<{ readonly buckets: number }> =>
  (setup) =>
    made(Sampler.bucketed("number", { buckets: changed(setup.buckets) }))(setup)

const withPerEpoch: SamplerLaws.Make<{ readonly perEpoch: number }> = (setup) =>
  made(Sampler.weighted("number", { perEpoch: setup.perEpoch }))(setup)

const withRanks =
  (
    sampler: Sampler.Sampler<"kind" | "number">,
    last: "pad" | "drop" = "pad"
  ): SamplerLaws.Make<{ readonly rank: number; readonly ranks: number }> =>
  (setup) =>
    made(sampler, {
      last,
      shard: { rank: setup.rank, of: setup.ranks },
      noise: [{ name: "mask", size: 3 * setup.batchSize, keep: 0.5 }]
    })(setup)

const samplers: ReadonlyArray<Sampler.Sampler<"kind" | "number">> = [
  Sampler.shuffled,
  Sampler.sequential,
  Sampler.weighted("number", { perEpoch: 37 }),
  Sampler.weightedByClass("kind", { a: 1, b: 2, c: 3, d: 0 }),
  Sampler.balanced("kind"),
  Sampler.stratified("kind"),
  Sampler.bucketed("number", { buckets: 4 })
]

const violation = (law: Law.Law) => Effect.flip(law.check({ runs: 2000 }))

describe("SamplerLaws", () => {
  const own = [
    SamplerLaws.balanced(made(Sampler.balanced("kind"))),
    SamplerLaws.stratified(made(Sampler.stratified("kind"))),
    SamplerLaws.bucketed(withBuckets()),
    SamplerLaws.weighted(withPerEpoch)
  ]
  for (const law of own) it.effect(`D03 D64 ${law.name}`, () => law.check({ runs }))

  for (const sampler of samplers) {
    const { kind } = sampler.config
    for (const last of ["pad", "drop"] as const) {
      const law = SamplerLaws.sharded(withRanks(sampler, last))
      it.effect(`D60 ${kind}, ${last}: ${law.name}`, () => law.check({ runs: Math.ceil(runs / 5) }))
    }
    const subject: LoaderLaws.Subject = {
      make: ({ prefetch, rows, workers, ...rest }) =>
        made(sampler, { prefetch, workers, noise: [{ name: "mask", size: 5, keep: 0.5 }] })({
          ...rest,
          values: Array.from({ length: rows }, (_, row) => 1 + ((row * 7) % 11))
        })
    }
    const few = { runs: Math.ceil(runs / 5) }
    for (const law of [LoaderLaws.independent(subject), LoaderLaws.resumes(subject)]) {
      it.effect(`T16 ${kind}: ${law.name}`, () => law.check(few))
    }
    it.effect(`D60 D61 ${kind}: ${LoaderLaws.prefetched(subject).name}`, () =>
      LoaderLaws.prefetched(subject).check({ runs: Math.ceil(runs / 25) })
    )
    if (["stratified", "bucketed", "sequential"].includes(kind)) {
      it.effect(`${kind}: ${LoaderLaws.permutation(subject).name}`, () => LoaderLaws.permutation(subject).check(few))
    }
  }

  it.effect("balanced fails for a shuffle, a weighted draw, and rows drawn anew in every epoch", () =>
    Effect.gen(function* () {
      assert.match((yield* violation(SamplerLaws.balanced(made(Sampler.shuffled)))).reason, /has the classes/)
      const drawn = made(Sampler.weightedByClass("kind", { a: 1, b: 1, c: 1, d: 1 }))
      assert.match((yield* violation(SamplerLaws.balanced(drawn))).reason, /has the classes|were visited/)
      const forgetful: SamplerLaws.Make = (setup) =>
        Effect.map(made(Sampler.balanced("kind"))(setup), (loader) => ({
          ...loader,
          read: (position) => loader.read({ ...position, epoch: 0 })
        }))
      assert.match((yield* violation(SamplerLaws.balanced(forgetful))).reason, /were visited/)
    })
  )

  it.effect("stratified fails for a shuffle and for classes in equal parts", () =>
    Effect.gen(function* () {
      assert.match((yield* violation(SamplerLaws.stratified(made(Sampler.shuffled)))).reason, /its share is/)
      assert.match(
        (yield* violation(SamplerLaws.stratified(made(Sampler.balanced("kind"))))).reason,
        /visits row|share/
      )
    })
  )

  it.effect("bucketed fails for a shuffle and for fewer buckets than asked for", () =>
    Effect.gen(function* () {
      assert.match((yield* violation(SamplerLaws.bucketed(made(Sampler.shuffled)))).reason, /rows lie between/)
      assert.match((yield* violation(SamplerLaws.bucketed(withBuckets(() => 1)))).reason, /rows lie between/)
    })
  )

  it.effect("weighted fails for draws without weights and for draws that every epoch repeats", () =>
    Effect.gen(function* () {
      assert.match((yield* violation(SamplerLaws.weighted(made(Sampler.shuffled)))).reason, /was drawn/)
      const repeating: SamplerLaws.Make<{ readonly perEpoch: number }> = (setup) =>
        Effect.map(withPerEpoch(setup), (loader) => ({
          ...loader,
          read: (position) => loader.read({ ...position, epoch: 0 })
        }))
      assert.match((yield* violation(SamplerLaws.weighted(repeating))).reason, /two epochs|was drawn/)
    })
  )

  it.effect("sharded fails when ranks draw for themselves, take neighbours, or read everything", () =>
    Effect.gen(function* () {
      const broken: ReadonlyArray<
        (setup: SamplerLaws.Setup & { readonly rank: number; readonly ranks: number }) => typeof setup
      > = [
        (setup) => ({ ...setup, seed: setup.seed + setup.rank }),
        (setup) => ({ ...setup, rank: setup.ranks - 1 - setup.rank }),
        (setup) => ({ ...setup, rank: 0, ranks: 1 })
      ]
      for (const change of broken) {
        const law = SamplerLaws.sharded((setup) => withRanks(Sampler.shuffled)(change(setup)))
        assert.match((yield* violation(law)).reason, /is not that of rank|the ranks have/)
      }
      const longer = SamplerLaws.sharded((setup) =>
        withRanks(Sampler.shuffled, setup.ranks > 1 ? "drop" : "pad")(setup)
      )
      assert.match((yield* violation(longer)).reason, /steps/)
    })
  )
})
