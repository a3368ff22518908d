/** Images from files to augmented batches: Watertight's source and loader, PyTorch's DataLoader with torchvision. */
import { NodeServices } from "@effect/platform-node"
import { Key } from "@watertight/core"
import { Augment, Column, Dataset, Loader, Source, type Table } from "@watertight/data"
import { Effect, FileSystem } from "effect"
import sharp from "sharp"
import { type Contender, type Ratio, timed } from "./measure.ts"
import * as Python from "./python.ts"
import { readSource } from "./source.ts"

export const title = "Images"
export const unit = "4,000 JPEG files of 96 x 96 x 3, batches of 64"
export const meaning = `
All flip, crop with a padding of 4 and rotate by up to 10 degrees, and hand over float32 batches in a new order, made by two
threads or processes. "Files to batches" is the first epoch of a job: files are looked for, read and decoded, and workers
are started. "An epoch" is every later one, with workers that live on: Watertight has kept the pixels; PyTorch decodes the
files again, as is usual, or has kept the pixels too.`.trim()

const [size, count, batchSize] = [96, 4000, 64]

const ours = { first: "Watertight: files to batches", later: "Watertight: an epoch" } as const

const peers = {
  first: { name: "PyTorch, 2 workers: files to batches", workers: 2, from: "anew" },
  files: { name: "PyTorch, 2 workers: an epoch", workers: 2, from: "files" },
  pixels: { name: "PyTorch, 2 workers, pixels kept: an epoch", workers: 2, from: "pixels" },
  alone: { name: "PyTorch, no workers: an epoch", workers: 0, from: "files" }
} as const

export const ratios: ReadonlyArray<Ratio> = [
  { slow: peers.first.name, fast: ours.first, aim: { atLeast: 1 } },
  { slow: peers.files.name, fast: ours.first, aim: { atLeast: 1 } },
  { slow: peers.files.name, fast: ours.later, aim: { atLeast: 5 } },
  { slow: peers.pixels.name, fast: ours.later, aim: { atLeast: 5 } },
  { slow: peers.alone.name, fast: ours.later, aim: { atLeast: 5 } }
]

/** Writes pictures of smooth colours, so that JPEG has something to do. */
const write = Effect.fnUntraced(function* (folder: string) {
  const files = yield* FileSystem.FileSystem
  for (const kind of ["a", "b"]) yield* files.makeDirectory(`${folder}/${kind}`)
  const picture = Effect.fnUntraced(function* (index: number) {
    const pixels = Uint8Array.from({ length: size * size * 3 }, (_, at) => {
      const [place, channel] = [Math.floor(at / 3), at % 3]
      const [x, y] = [place % size, Math.floor(place / size)]
      return 128 + 100 * Math.sin((x * (1 + (index % 7)) + y * (1 + (index % 5)) + 40 * channel) / 23)
    })
    const encoded = sharp(pixels, { raw: { width: size, height: size, channels: 3 } }).jpeg({ quality: 85 })
    const name = `${folder}/${index % 2 === 0 ? "a" : "b"}/${index}.jpg`
    yield* files.writeFile(name, yield* Effect.promise(() => encoded.toBuffer()))
  })
  yield* Effect.forEach(
    Array.from({ length: count }, (_, index) => index),
    picture,
    { concurrency: 8, discard: true }
  )
})

const sourceOf = (folder: string) =>
  Source.images(folder, { height: size, width: size, channels: 3, labels: Column.category(["a", "b"]) })

const columns = { image: Column.tensor([size, size, 3] as const, "uint8"), label: Column.category(["a", "b"]) }

type Pictures = Table.Table<typeof columns>

const tableOf = (folder: string) => Effect.map(readSource(sourceOf(folder)), (table) => table as Pictures) // what the source declares

const loaderOf = (table: Pictures) => {
  const augment = Augment.forColumns(table.columns).pipe(
    Augment.flipHorizontal("image", { labelsSurvive: true }),
    Augment.crop("image"),
    Augment.rotate("image")
  )
  const train = Dataset.make(table, undefined, "train")
  const reading = { features: ["image"], target: "label", batchSize, key: Key.fromSeed(0) } as const
  return Loader.make(train, { ...reading, augment, workers: 2 })
}

const readEpoch = Effect.fnUntraced(function* (loader: Loader.Loader, epoch: number) {
  for (let step = 0; step < loader.steps; step++) yield* loader.read({ version: 1, epoch, step })
})

const fromFiles = Effect.fnUntraced(function* (folder: string) {
  yield* readEpoch(yield* loaderOf(yield* tableOf(folder)), 0)
}, Effect.scoped)

/** Makes all contenders that this machine has. */
export const contenders = Effect.gen(function* () {
  const files = yield* FileSystem.FileSystem
  const folder = yield* files.makeTempDirectoryScoped()
  yield* write(folder)
  const loader = yield* loaderOf(yield* tableOf(folder))
  let number = 0
  const found: Array<Contender> = [
    { name: ours.first, round: Effect.orDie(timed(1, () => fromFiles(folder))) },
    { name: ours.later, round: Effect.orDie(timed(1, () => readEpoch(loader, number++))) }
  ]
  if (!Python.has("torchvision")) return found
  const ask = yield* Python.start("images.py", 2, { folder, batchSize, size })
  for (const { from, name, workers } of Object.values(peers)) found.push({ name, round: ask({ workers, from }) })
  return found
}).pipe(Effect.provide(NodeServices.layer), Effect.orDie)
