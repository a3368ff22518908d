/** One epoch of shuffled batches: Watertight's loader, a gather written by hand, PyTorch's DataLoader, tf.data, Hugging Face datasets. */
import { Loader } from "@watertight/data"
import { Effect } from "effect"
import * as Digits from "./digits.ts"
import { type Contender, type Ratio, timed } from "./measure.ts"
import * as Python from "./python.ts"

export const title = "One epoch of batches"
export const unit = "54,000 x 784 float32, batch 128, shuffled: one epoch"
export const meaning = `
What it takes until every batch has been handed over, to a reader that does nothing with it. "Loader, inline" makes each
batch when it is read; "prefetched" has a worker thread make them ahead, which pays when the reader computes meanwhile;
"with masks" draws dropout masks for 512 + 256 units as well. The gather by hand shuffles with Math.random and copies rows:
the least there is to do. PyTorch reads a TensorDataset; its two workers live on from epoch to epoch. PyTorch by hand is
features[order[i : i + 128]]. tf.data shuffles through a buffer of all rows, Hugging Face datasets shuffles places and gives
arrays of numpy.`.trim()

const best = "PyTorch DataLoader, no workers"

export const ratios: ReadonlyArray<Ratio> = [
  { slow: best, fast: "Loader, inline", aim: { atLeast: 5 } },
  { slow: best, fast: "Loader, prefetched", aim: { atLeast: 5 } },
  { slow: best, fast: "Loader, prefetched, with masks" },
  { slow: "PyTorch DataLoader, 2 workers", fast: "Loader, prefetched" },
  { slow: "tf.data", fast: "Loader, prefetched", aim: { atLeast: 5 } },
  { slow: "Hugging Face datasets", fast: "Loader, prefetched", aim: { atLeast: 5 } },
  { slow: "PyTorch by hand", fast: "Loader, inline" },
  { slow: "Loader, inline", fast: "gather by hand" },
  { slow: "Loader, prefetched", fast: "gather by hand" }
]

const masks = [
  { name: "first", size: 128 * 512, keep: 0.8 },
  { name: "second", size: 128 * 256, keep: 0.8 }
]

type Rows = Effect.Success<typeof Digits.rows>["train"]

const watertight = Effect.fnUntraced(function* (
  name: string,
  train: Rows,
  options: { readonly prefetch?: number; readonly noise?: ReadonlyArray<Loader.Noise> }
) {
  const loader = yield* Loader.make(train, { ...Digits.selection, key: Digits.key, ...options })
  let epoch = 0
  const read = Effect.gen(function* () {
    for (let step = 0; step < loader.steps; step++) yield* loader.read({ version: 1, epoch, step })
    epoch++
  })
  return { name, round: timed(1, () => read).pipe(Effect.orDie) }
})

const byHand = (rows: number): Contender => {
  const { batchSize, width } = Digits
  const features = Float32Array.from({ length: rows * width }, (_, index) => index)
  const target = Int32Array.from({ length: rows }, (_, index) => index % 10)
  const order = Uint32Array.from({ length: rows }, (_, index) => index)
  const batch = { features: new Float32Array(batchSize * width), target: new Int32Array(batchSize) }
  const read = Effect.sync(() => {
    for (let last = rows - 1; last > 0; last--) {
      const chosen = Math.floor(Math.random() * (last + 1))
      ;[order[last], order[chosen]] = [order[chosen], order[last]]
    }
    for (let index = 0; index < rows; index++) {
      const row = order[index]
      batch.features.set(features.subarray(row * width, (row + 1) * width), (index % batchSize) * width)
      batch.target[index % batchSize] = target[row]
    }
  })
  return { name: "gather by hand", round: timed(1, () => read) }
}

const torch = Effect.fnUntraced(function* (rows: number) {
  const { batchSize, width } = Digits
  const ask = yield* Python.start("loader.py", 2, { rows, batchSize, width })
  return ["no workers", "2 workers", "by hand"].map((variant) => ({
    name: variant === "by hand" ? "PyTorch by hand" : `PyTorch DataLoader, ${variant}`,
    round: ask({ variant })
  }))
})

const others = { tensorflow: "tf.data", datasets: "Hugging Face datasets" } as const

const other = Effect.fnUntraced(function* (name: string, rows: number) {
  const { batchSize, width } = Digits
  const ask = yield* Python.start("epochs.py", 2, { variant: name, rows, batchSize, width })
  return { name, round: ask({}) }
})

/** Makes all contenders that this machine has. */
export const contenders = Effect.gen(function* () {
  const { train } = yield* Digits.rows
  const found: Array<Contender> = [
    yield* watertight("Loader, inline", train, { prefetch: 0 }),
    yield* watertight("Loader, prefetched", train, {}),
    yield* watertight("Loader, prefetched, with masks", train, { noise: masks }),
    byHand(train.length)
  ]
  if (Python.torch !== undefined) found.push(...(yield* torch(train.length)))
  for (const [module, name] of Object.entries(others)) {
    if (Python.has(module)) found.push(yield* other(name, train.length))
  }
  return found
})
