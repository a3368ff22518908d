import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Augment, Column, Columns, type Loader, Table } from "../../src/index.ts"
import { AugmentLaws } from "../../src/testing/index.ts"
import { darken } from "../fixtures/darken.ts"

const runs = Math.ceil(Number(process.env.WATERTIGHT_RUNS ?? 50) / 6)

const length = 11
const columns = Columns.make({
  code: Column.float,
  image: Column.tensor([6, 5, 3], "uint8"),
  scaled: Column.tensor([5, 6]),
  signal: Column.tensor([12, 2]),
  ids: Column.tensor([9], "int32"),
  label: Column.category(["a", "b", "c"]),
  value: Column.float
})
const codes = Int32Array.from({ length }, (_, row) => row % 3)
const table = Effect.runSync(
  Table.make(
    columns,
    {
      code: Float64Array.from(codes),
      image: Uint8Array.from({ length: 90 * length }, (_, place) => (place * 37 + 11 * (place >> 4)) % 256),
      scaled: Float32Array.from({ length: 30 * length }, (_, place) => Math.sin(place * place)),
      signal: Float32Array.from({ length: 24 * length }, (_, place) => Math.cos(1.3 * place)),
      ids: Int32Array.from({ length: 9 * length }, (_, place) => (place * 7) % 20),
      label: codes,
      value: Float64Array.from(codes)
    },
    { length }
  )
)
const describes = Augment.forColumns(columns)

const subject = (
  features: ReadonlyArray<string>,
  augment: Augment.Augment<typeof columns>,
  keeps: Partial<AugmentLaws.Subject["keeps"]> = {},
  target = "label"
) => AugmentLaws.subject({ table, features, target, augment, keeps })

const moved = describes.pipe(
  Augment.flipHorizontal("image", { labelsSurvive: true }),
  Augment.crop("image", { padding: 2 }),
  Augment.rotate("image")
)
const subjects: Readonly<Record<string, AugmentLaws.Subject>> = {
  "flip, crop and rotate": subject(["scaled", "image"], moved),
  "colour jitter and cutout of a part of the rows": subject(
    ["image", "code"],
    describes.pipe(
      Augment.colourJitter("image", { brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.1, probability: 0.8 }),
      Augment.cutout("image", { size: [3, 2], probability: 0.7 })
    )
  ),
  RandAugment: subject(
    ["image", "scaled"],
    describes.pipe(Augment.randAugment(["image", "scaled"], { labelsSurvive: true }))
  ),
  "masked and replaced tokens": subject(
    ["ids"],
    describes.pipe(
      Augment.replaceTokens("ids", { probability: 0.5, synonyms: [[3, [4, 5]]] }),
      Augment.maskTokens("ids", { probability: 0.3, mask: 1, keep: [0] })
    )
  ),
  "noise, shifts, factors and masks in time": subject(
    ["code", "signal"],
    describes.pipe(
      Augment.noise(["signal", "code"]),
      Augment.timeShift("signal", { steps: 3 }),
      Augment.scale("signal"),
      Augment.maskTime("signal", { steps: 4 })
    ),
    { range: false }
  ),
  "an operation of one's own": subject(
    ["code", "scaled"],
    describes.pipe(
      Augment.operation("scaled", {
        module: new URL("../fixtures/darken.ts", import.meta.url).href,
        make: darken,
        config: 0.5
      })
    )
  ),
  "mixup after crop": subject(["code", "image"], moved.pipe(Augment.mixup({ alpha: 0.8 })), { labels: false }),
  "cutmix before noise": subject(
    ["image", "scaled"],
    describes.pipe(Augment.cutmix("scaled", { probability: 0.9 }), Augment.noise("scaled")),
    { labels: false, range: false }
  )
}

describe("AugmentLaws", () => {
  for (const [name, each] of Object.entries(subjects)) {
    for (const law of AugmentLaws.laws(each)) {
      const isSlow = law.name.includes("workers")
      it.effect(`D52 ${name}: ${law.name}`, () => law.check({ runs: isSlow ? Math.ceil(runs / 9) : runs }))
    }
  }

  const blended = describes.pipe(Augment.mixup({ alpha: 0.8 }))
  const levels = subject(["code", "scaled"], blended, { labels: false })
  const numbers = subject(["code", "signal"], blended, { labels: false }, "value")
  it.effect("D49 mixup blends a category by the shares of the features", () =>
    AugmentLaws.labelsFollow(levels).check({ runs })
  )
  it.effect("D49 mixup blends a number by the shares of the features", () =>
    AugmentLaws.labelsFollow(numbers).check({ runs })
  )

  /** A subject whose batches are changed after they are read; `calls` counts all reads. */
  const broken = (
    from: AugmentLaws.Subject,
    change: (batch: Loader.Batch, setup: AugmentLaws.Setup, at: Loader.Position, calls: number) => void
  ): AugmentLaws.Subject => {
    let calls = 0
    return {
      ...from,
      make: (setup) =>
        Effect.map(from.make(setup), (loader) => ({
          ...loader,
          read: (position) =>
            Effect.map(loader.read(position), (batch) => {
              if (setup.augment !== "off") change(batch, setup, position, calls++)
              return batch
            })
        }))
    }
  }
  const fails = (
    name: string,
    law: AugmentLaws.Subject,
    of: (subject: AugmentLaws.Subject) => ReturnType<typeof AugmentLaws.replays>,
    reason: RegExp
  ) =>
    it.effect(`${of(law).name}: fails for ${name}`, () =>
      Effect.map(Effect.flip(of(law).check({ runs: 20 })), (violation) => assert.match(violation.reason, reason))
    )

  const images = subject(["scaled"], describes.pipe(Augment.crop("scaled", { padding: 2 })))
  fails(
    "draws that go on from read to read",
    broken(images, ({ features }, _, __, calls) => (features[0] = calls)),
    AugmentLaws.replays,
    /read again, the epoch differs/
  )
  fails(
    "draws by the place in the batch",
    broken(images, ({ features }) => (features[3] = 0.5)),
    AugmentLaws.ownOnly,
    /differs in another order/
  )
  fails(
    "draws by the step",
    broken(images, ({ features }, _, { step }) => (features[5] = Math.sin(step))),
    AugmentLaws.ownOnly,
    /differs in another order/
  )
  fails(
    "draws without the epoch",
    {
      ...images,
      make: (setup) =>
        Effect.map(images.make(setup), (loader) => ({
          ...loader,
          read: (position) => loader.read({ ...position, epoch: 0 })
        }))
    },
    AugmentLaws.epochsDiffer,
    /the second epoch is the first/
  )
  fails(
    "numbers beyond the range",
    broken(images, ({ features }) => (features[7] = 300)),
    AugmentLaws.keepsShape,
    /numbers from .* to 300/
  )
  fails(
    "an operation that takes its probability for granted",
    {
      ...images,
      make: (setup) => images.make({ ...setup, augment: setup.augment === "never" ? "on" : setup.augment })
    },
    AugmentLaws.neverIsIdentity,
    /was changed/
  )
  fails(
    "padding that is augmented too",
    broken(images, ({ features, rows }, { batchSize }) => {
      if (rows < batchSize) features[30 * rows] = 1
    }),
    AugmentLaws.paddingStays,
    /padding in place \d+ is not zero/
  )
  fails(
    "operations on the stored numbers",
    broken(images, (_, setup) => {
      const { scaled } = setup.table.values as Table.Table<typeof columns>["values"]
      scaled[0]++
    }),
    AugmentLaws.tableStays,
    /table's numbers were changed/
  )
  fails(
    "a flip that changes labels unasked",
    broken(images, ({ target }) => (target[0] = (target[0] + 1) % 3)),
    AugmentLaws.labelsHold,
    /label in place 0 was changed/
  )
  fails(
    "shares that make more than a whole",
    broken(levels, ({ target }) => (target[0] += 0.5)),
    AugmentLaws.labelsHold,
    /make 1\.(5|4999)/
  )
  fails(
    "labels of the row alone under blended features",
    broken(levels, ({ target }) => {
      for (let row = 0; row < target.length; row += 3) {
        const own = target[row] > target[row + 1] ? row : row + 1
        target.fill(0, row, row + 3)
        target[own] = 1
      }
    }),
    AugmentLaws.labelsFollow,
    /features are blended to/
  )
  fails(
    "workers that draw for themselves",
    {
      ...images,
      make: (setup) => images.make({ ...setup, seed: setup.seed + setup.prefetch, prefetch: 0 })
    },
    AugmentLaws.prefetched,
    /differs with \d workers/
  )
})
