/** How long steps wait for their batches: readers that compute for as long as a batch takes to make, longer, and shorter. */
import { Key } from "@watertight/core"
import { Augment, Column, Dataset, Loader, RowId, Verdict } from "@watertight/data"
import { Effect } from "effect"
import * as Digits from "./digits.ts"
import { type Spread, digits, spread, table } from "./measure.ts"

export const title = "Waiting for batches"
export const meaning = `
A worker thread makes batches of 128 x 784 with dropout masks for 512 + 256 units, or of 64 augmented images of 96 x 96 x 3,
which takes about as long as a step of the digits' network. The reader computes between reads: for as
long as a batch takes to make when the reader does nothing else ("made alone"), or for a multiple of it, and the loader tells
which share of the time it waited. "Making" is what a batch took in that epoch, by the worker's own clock: while both cores
compute it takes longer. "Loading ÷ step" is making by what the reader took between reads, over all workers: loading is no
slower than the step where it is at most 1. The rows "as in the run" look for that point: each epoch computes for as long,
or for 1.25 times as long, as making took in the epoch before. What counts begins after the first tenth of the batches, by
when threads have started, code is compiled and the ring is full as it can be. Medians and ends over the epochs.`.trim()

const masks = [
  { name: "first", size: 128 * 512, keep: 0.8 },
  { name: "second", size: 128 * 256, keep: 0.8 }
]

/** How batches are made, and how long the reader computes after each. */
interface Row {
  readonly name: string
  /** Digits with masks unless given. */
  readonly of?: "images"
  /** Milliseconds, from what a batch took to make alone and in the last epoch. */
  readonly compute: (alone: number, last: number) => number
  readonly prefetch?: number
}

const made: ReadonlyArray<Row> = [
  { name: "as long as made alone", compute: (alone) => alone, prefetch: 4 },
  { name: "as long as made alone, default", compute: (alone) => alone },
  { name: "as long as in the run, prefetch 4", compute: (_, last) => last, prefetch: 4 },
  { name: "as long as in the run, default", compute: (_, last) => last },
  { name: "1.25 times as long as in the run, default", compute: (_, last) => 1.25 * last },
  { name: "1.5 times as long as made alone", compute: (alone) => 1.5 * alone, prefetch: 4 },
  { name: "1.5 times as long, default", compute: (alone) => 1.5 * alone },
  { name: "3 times as long as made alone", compute: (alone) => 3 * alone, prefetch: 4 },
  { name: "3 times as long, default", compute: (alone) => 3 * alone },
  { name: "3 times as long, no prefetch", compute: (alone) => 3 * alone, prefetch: 0 },
  { name: "a third as long", compute: (alone) => alone / 3, prefetch: 4 },
  { name: "images: as long as in the run", of: "images", compute: (_, last) => last },
  { name: "images: 1.1 times as long as in the run", of: "images", compute: (_, last) => 1.1 * last },
  { name: "images: 1.5 times as long as in the run", of: "images", compute: (_, last) => 1.5 * last }
]

const busyUntil = (end: number): void => {
  while (performance.now() < end);
}

const rows = Effect.cached(Digits.rows).pipe(Effect.runSync)

const withMasks = (prefetch: number | undefined) =>
  Effect.flatMap(rows, ({ train }) =>
    Loader.make(train, { ...Digits.selection, key: Digits.key, noise: masks, prefetch })
  )

const columns = { image: Column.tensor([96, 96, 3], "uint8"), label: Column.category(["a", "b"]) }

/** 1,280 images of noise, flipped, cropped and rotated. */
const ofImages = (prefetch: number | undefined) => {
  const length = 1280
  const words = Key.bits(Key.fromSeed(1), (length * 96 * 96 * 3) / 4)
  const values = { image: new Uint8Array(words.buffer), label: new Int32Array(length) }
  const table = { columns, length, values, ids: RowId.ofContent(columns, values, length) }
  const augment = Augment.forColumns(columns).pipe(
    Augment.flipHorizontal("image", { labelsSurvive: true }),
    Augment.crop("image"),
    Augment.rotate("image")
  )
  const reading = { features: ["image"], target: "label", batchSize: 64, key: Digits.key } as const
  return Loader.make(Dataset.make(table, undefined, "train"), { ...reading, augment, prefetch })
}

/** What was measured from one time to another. */
const since = (before: Verdict.Timing, after: Verdict.Timing): Verdict.Timing => ({
  ...after,
  reads: after.reads - before.reads,
  waited: after.waited - before.waited,
  between: after.between - before.between,
  made: after.made - before.made,
  making: after.making - before.making
})

/** Reads some epochs, computing for `compute` milliseconds after each batch, and gives what a batch took to make and the verdict. */
const epoch = Effect.fnUntraced(function* (compute: number, number: number, { of, prefetch }: Row) {
  const loader = yield* of === "images" ? ofImages(prefetch) : withMasks(prefetch)
  const steps = (of === "images" ? 10 : 3) * loader.steps
  let begun = yield* loader.timing
  for (let index = 0; index < steps; index++) {
    if (index === Math.floor(steps / 10)) begun = yield* loader.timing
    const place = { epoch: number + Math.floor(index / loader.steps), step: index % loader.steps }
    yield* loader.read({ version: 1, ...place })
    busyUntil(performance.now() + compute)
  }
  const timing = since(begun, yield* loader.timing)
  const { bound, ratio, share } = Verdict.of(timing) ?? { bound: "none", ratio: NaN, share: NaN }
  return { making: timing.making / timing.made, bound, ratio, share }
}, Effect.scoped)

const measure = Effect.fnUntraced(function* (count: number, alone: number, row: Row) {
  const { compute } = row
  let last = (yield* epoch(compute(alone, alone), 0, row)).making
  const numbers = Array.from({ length: count }, (_, number) => number)
  const epochs = yield* Effect.forEach(numbers, (number) =>
    Effect.tap(
      Effect.suspend(() => epoch(compute(alone, last), number, row)),
      ({ making }) => Effect.sync(() => (last = making))
    )
  )
  const of = (key: "making" | "ratio" | "share") => spread(epochs.map((each) => each[key]))
  return { making: of("making"), ratio: of("ratio"), share: of("share"), bound: epochs[0].bound }
})

const percent = (value: number) => `${digits(100 * value)} %`
const ends = ({ max, min }: Spread, write: (value: number) => string) => `${write(min)}–${write(max)}`

/** Waiting is promised to be short where loading is no slower than the step. */
const aim = ({ prefetch }: Row, ratio: number, share: number) =>
  ratio <= 1 && prefetch !== 0 ? `≤ 3 %: ${share <= 0.03 ? "met" : "NOT MET"}` : ""

/** Measures and writes the table. */
export const report = Effect.fnUntraced(function* (count: number) {
  const { making } = yield* measure(count, 0, { name: "alone", compute: () => 0, prefetch: 4 })
  const lines: Array<ReadonlyArray<string>> = []
  for (const row of made) {
    const { bound, making: inRun, ratio, share } = yield* measure(count, making.median, row)
    lines.push([
      row.name,
      digits(inRun.median),
      digits(ratio.median),
      ends(ratio, digits),
      percent(share.median),
      ends(share, percent),
      aim(row, ratio.median, share.median),
      bound
    ])
  }
  const head = ["making ms", "loading ÷ step", "min–max", "waited", "min–max", "aim", "verdict"]
  return table([`computing (made alone: ${digits(making.median)} ms)`, ...head], lines)
})
