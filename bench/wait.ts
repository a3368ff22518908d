/** How long steps wait for their batches: readers that compute for as long as a batch takes to make, longer, and shorter. */
import { Loader, Verdict } from "@watertight/data"
import { Effect } from "effect"
import * as Digits from "./digits.ts"
import { type Spread, digits, spread, table } from "./measure.ts"

export const title = "Waiting for batches"
export const meaning = `
A worker thread makes batches of 128 x 784 with dropout masks for 512 + 256 units. The reader computes between reads: for as
long as a batch takes to make when the reader does nothing else ("made alone"), or for a multiple of it, and the loader tells
which share of the time it waited. "Making" is what a batch took in that epoch, by the worker's own clock: while both cores
compute it takes longer. "Loading ÷ step" is making by what the reader took between reads, over all workers: loading is no
slower than the step where it is at most 1. The rows "as in the run" look for that point: each epoch computes for as long,
or for 1.25 times as long, as making took in the epoch before. Medians and ends over the epochs.`.trim()

const masks = [
  { name: "first", size: 128 * 512, keep: 0.8 },
  { name: "second", size: 128 * 256, keep: 0.8 }
]

/** How batches are made, and how long the reader computes after each. */
interface Row {
  readonly name: string
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
  { name: "a third as long", compute: (alone) => alone / 3, prefetch: 4 }
]

const busyUntil = (end: number): void => {
  while (performance.now() < end);
}

const rows = Effect.cached(Digits.rows).pipe(Effect.runSync)

/** Reads three epochs, computing for `compute` milliseconds after each batch, and gives what a batch took to make and the verdict. */
const epoch = Effect.fnUntraced(function* (compute: number, number: number, prefetch: number | undefined) {
  const { train } = yield* rows
  const loader = yield* Loader.make(train, { ...Digits.selection, key: Digits.key, noise: masks, prefetch })
  for (let index = 0; index < 3 * loader.steps; index++) {
    const place = { epoch: number + Math.floor(index / loader.steps), step: index % loader.steps }
    yield* loader.read({ version: 1, ...place })
    busyUntil(performance.now() + compute)
  }
  const timing = yield* loader.timing
  const { bound, ratio, share } = Verdict.of(timing) ?? { bound: "none", ratio: NaN, share: NaN }
  return { making: timing.making / timing.made, bound, ratio, share }
}, Effect.scoped)

const measure = Effect.fnUntraced(function* (count: number, alone: number, { compute, prefetch }: Row) {
  let last = (yield* epoch(compute(alone, alone), 0, prefetch)).making
  const numbers = Array.from({ length: count }, (_, number) => number)
  const epochs = yield* Effect.forEach(numbers, (number) =>
    Effect.tap(
      Effect.suspend(() => epoch(compute(alone, last), number, prefetch)),
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
