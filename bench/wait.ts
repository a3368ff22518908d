/** How long steps wait for their batches: readers that compute for as long as a batch takes to make, or longer. */
import { Loader, Verdict } from "@watertight/data"
import { Effect } from "effect"
import * as Digits from "./digits.ts"
import { digits, spread, table } from "./measure.ts"

export const title = "Waiting for batches"
export const meaning = `
A worker thread makes batches of 128 x 784 with dropout masks for 512 + 256 units, 4 ahead. "Making" is what a batch takes
when the reader does nothing else. The reader then computes between reads for as long as that, or for a multiple of it, and
the loader tells which share of the time it waited. Each row is the median over the epochs.`.trim()

const masks = [
  { name: "first", size: 128 * 512, keep: 0.8 },
  { name: "second", size: 128 * 256, keep: 0.8 }
]

const busyUntil = (end: number): void => {
  while (performance.now() < end);
}

/** Reads an epoch, computing for `compute` milliseconds after each batch, and gives milliseconds per batch and the verdict. */
const epoch = Effect.fnUntraced(function* (compute: number, number: number, options: { readonly prefetch: number }) {
  const { train } = yield* rows
  const loader = yield* Loader.make(train, { ...Digits.selection, key: Digits.key, noise: masks, ...options })
  yield* loader.read({ version: 1, epoch: number, step: 0 })
  const began = performance.now()
  for (let step = 1; step < loader.steps; step++) {
    busyUntil(performance.now() + compute)
    yield* loader.read({ version: 1, epoch: number, step })
  }
  const each = (performance.now() - began) / (loader.steps - 1)
  const verdict = Verdict.of(yield* loader.timing, { ...options, workers: 1 })
  return { each, share: verdict?.share ?? NaN, message: verdict?.message ?? "" }
}, Effect.scoped)

const rows = Effect.cached(Digits.rows).pipe(Effect.runSync)

const measured = (count: number, compute: number, options: { readonly prefetch: number }) =>
  Effect.map(
    Effect.forEach(
      Array.from({ length: count }, (_, number) => number),
      (number) => epoch(compute, number, options)
    ),
    (epochs) => ({
      each: spread(epochs.map(({ each }) => each)).median,
      share: spread(epochs.map(({ share }) => share)),
      message: epochs[0].message
    })
  )

/** Measures and writes the table. */
export const report = Effect.fnUntraced(function* (count: number) {
  const making = (yield* measured(count, 0, { prefetch: 4 })).each
  const lines: Array<ReadonlyArray<string>> = []
  for (const [name, factor, prefetch] of [
    ["as long as making a batch", 1, 4],
    ["1.5 times as long", 1.5, 4],
    ["3 times as long", 3, 4],
    ["3 times as long, no prefetch", 3, 0],
    ["a third as long", 1 / 3, 4]
  ] as const) {
    const { message, share } = yield* measured(count, factor * making, { prefetch })
    const percent = (value: number) => `${digits(100 * value)} %`
    const aim = factor >= 1 && prefetch > 0 ? `≤ 3 %: ${share.median <= 0.03 ? "met" : "NOT MET"}` : ""
    lines.push([name, percent(share.median), `${percent(share.min)}–${percent(share.max)}`, aim, message.split(":")[0]])
  }
  return table([`computing (making takes ${digits(making)} ms)`, "waited", "min–max", "aim", "verdict"], lines)
})
