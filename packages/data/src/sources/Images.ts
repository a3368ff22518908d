/**
 * Folders of images: each file is a row, its pixels a tensor, and the folder it lies in may be its class. Files come in
 * the order of their paths by code points; the pixels are the same bits on every machine and for any number of threads.
 */
import { Effect, type FileSystem } from "effect"
import * as Column from "../Column.ts"
import * as Files from "../internal/sources/files.ts"
import type * as Folder from "../internal/sources/folder.ts"
import * as FolderRows from "../internal/sources/folderRows.ts"
import type { Pixels } from "../internal/sources/resize.ts"
import { type Wanted, fits, shape } from "../internal/sources/shapeImage.ts"
import * as Sharp from "../internal/sources/sharp.ts"
import * as Shared from "../internal/threads/shared.ts"
import * as Threads from "../internal/threads/pool.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** Grey, red-green-blue, or these with opacity. */
export type Channels = 1 | 3 | 4

/**
 * How an image of another size becomes one of the size declared: not at all (`refuse`), by resizing each side by itself
 * (`stretch`), or by resizing the largest part in its middle that has the proportions (`crop`).
 */
export type Fit = "refuse" | "stretch" | "crop"

/** What the images are to be. */
export interface Options<
  H extends number,
  W extends number,
  C extends Channels,
  L extends Labels,
  F extends string
> extends FolderRows.Options<L, F> {
  readonly height: H
  readonly width: W
  readonly channels: C
  /** `refuse` unless given. */
  readonly fit?: Fit
  /** An image that says it has more pixels than this is refused before it is decoded; 100 million unless given. */
  readonly maximumPixels?: number
  /** How many images sharp decodes at a time, 8 unless given; the result does not depend on it. */
  readonly concurrency?: number
}

/** Where classes come from. */
export type Labels = FolderRows.Labels

/** The columns of a folder of images. */
export type ImageColumns<
  H extends number,
  W extends number,
  C extends Channels,
  L extends Labels,
  F extends string = never
> = { readonly image: Column.Tensor<readonly [H, W, C]> } & FolderRows.LabelColumns<L> & {
    readonly [K in F]: Column.Text
  }

/**
 * Reads the PNG, JPEG and WebP files below a folder: a tensor `image` of bytes, `[height, width, channels]`, and a
 * category `label`, or the columns of a CSV file. Images are turned upright as their EXIF orientation says; colours are as they are stored, whatever
 * colour profile there is. Grey becomes colour by repetition, colour grey by the luma of ITU-R BT.601, opacity must be
 * full everywhere unless four channels are declared. Resizing is bilinear with antialiasing (Pillow's, in whole numbers).
 *
 * Hidden files are passed over. Fails with a `SourceError` that names the file when one is no such image, is named as
 * another format, is cut off or damaged, has 16 bits per channel, is in CMYK, animated, partly transparent, of another
 * size, too large, or a link out of the folder; when it lies in no folder that is a level; or when there is none at all.
 *
 * @example
 * import { Column, Source } from "@watertight/data"
 * const pets = Source.images("pets", { height: 64, width: 64, channels: 3, labels: Column.category(["cat", "dog"]), fit: "crop" })
 * pets.stage.name // => "images"
 */
export const images = <
  const H extends number,
  const W extends number,
  const C extends Channels,
  const L extends Labels,
  const F extends string = never
>(
  folder: Files.Path,
  options: Options<H, W, C, L, F>
): Quarantine.Source<ImageColumns<H, W, C, L, F>, SourceError, FileSystem.FileSystem> => {
  const { channels, concurrency = 8, fit = "refuse", height, labels, maximumPixels = 1e8, width } = options
  const plan: Plan = { folder, channels, concurrency, fit, height, labels, maximumPixels, width, file: options.file }
  return Quarantine.source({
    name: "images",
    version: 2,
    params: { ...FolderRows.params({ ...options, folder }), shape: [height, width, channels], fit, maximumPixels },
    external: FolderRows.digest(folder, Sharp.endings, labels),
    label: Files.systemPath(folder),
    read: (onBadRow) =>
      Effect.map(readTable(plan, onBadRow), (sorted) => sorted as Quarantine.Sorted<ImageColumns<H, W, C, L, F>>) // the columns that the options declare
  })
}

interface Plan extends Wanted {
  readonly folder: Files.Path
  readonly labels: Labels
  readonly file: string | undefined
  readonly concurrency: number
}

const quick = Threads.beside(import.meta.url, "../internal/sources/quickImages")

/** Pixels of so many bytes are in memory besides the table. */
const blockBytes = 1 << 26

const readTable = Effect.fn("Source.images")(function* (plan: Plan, onBadRow: Quarantine.OnBadRow) {
  yield* checkOptions(Files.systemPath(plan.folder), plan)
  const { channels, concurrency, file, folder, height, labels, width } = plan
  const size = height * width * channels
  const content: FolderRows.Content = {
    column: Column.tensor([height, width, channels], "uint8"),
    together: Math.max(1, Math.min(1024, Math.floor(blockBytes / size))),
    block: (rows, own) => {
      const isRoom = own instanceof Uint8Array && Shared.isShared(own)
      const pixels = isRoom ? own.subarray(0, rows * size) : new Uint8Array(new SharedArrayBuffer(rows * size))
      return {
        values: pixels,
        put: (row, entry) => readImage(entry, plan, pixels.subarray(row * size, (row + 1) * size)),
        putQuickly: (files) => readQuickly(files, plan, pixels)
      }
    }
  }
  const named = file === undefined ? {} : { file }
  const all = { folder, labels, concurrency, content: "image", endings: Sharp.endings, ...named }
  return yield* FolderRows.read(all, content, onBadRow)
})

/** How many files a thread takes at a time. */
const chunk = 64

/** Lets threads read and decode what they can; gives the rows of these. */
const readQuickly = (
  files: ReadonlyArray<FolderRows.File>,
  { channels, fit, height, maximumPixels, width }: Wanted,
  pixels: Uint8Array
): Effect.Effect<ReadonlySet<number>> => {
  const jpegs = files.filter(({ path }) => /\.jpe?g$/i.test(path))
  const chunks = Array.from({ length: Math.ceil(jpegs.length / chunk) }, (_, index) =>
    jpegs.slice(index * chunk, (index + 1) * chunk)
  )
  const wanted = { channels, fit, height, maximumPixels, width }
  const read = (files: ReadonlyArray<FolderRows.File>) =>
    Threads.call<ReadonlyArray<number>>(quick, { files, wanted, pixels })
  return Effect.map(Effect.forEach(chunks, read, { concurrency: "unbounded" }), (done) => new Set(done.flat()))
}

const checkOptions = (
  file: string,
  { channels, concurrency, fit, height, maximumPixels, width }: Plan
): Effect.Effect<void, SourceError> => {
  const counts = { height, width, maximumPixels, concurrency }
  const wrong = Object.entries(counts).find(([, count]) => !Number.isSafeInteger(count) || count < 1)
  const refuse = (detail: string, hint: string) =>
    Effect.fail(new SourceError({ file, problem: "bad option", detail, hint }))
  if (wrong !== undefined) return refuse(`cannot be read with ${wrong[0]} ${wrong[1]}`, "Give an integer from 1.")
  if (channels === 4 && fit !== "refuse") {
    return refuse(
      "has images of four channels to resize",
      "Colours of transparent pixels would bleed: declare three channels, or the size the images have."
    )
  }
  return Effect.void
}

const readImage = Effect.fnUntraced(function* ({ name, path }: Folder.Entry, plan: Plan, to: Uint8Array) {
  const bytes = yield* Files.read(path)
  const data = yield* Sharp.decode(bytes, name, plan.maximumPixels).pipe(
    Effect.flatMap((decoded) => shaped(decoded, plan)),
    Effect.mapError(({ detail, hint, problem }) => {
      return new SourceError({ file: path, problem, detail, hint, column: "image" })
    })
  )
  to.set(data)
})

const shaped = (image: Pixels, plan: Plan): Effect.Effect<Uint8Array, Sharp.ImageError> => {
  const refuse = (problem: Sharp.ImageError["problem"], detail: string, hint: string) =>
    Effect.fail(new Sharp.ImageError({ problem, detail, hint }))
  if (!fits(image, plan)) {
    return refuse(
      "wrong shape",
      `has ${image.height} x ${image.width} pixels (height x width), not ${plan.height} x ${plan.width}`,
      'Declare the size it has, or say how to change it: { fit: "crop" } or { fit: "stretch" }.'
    )
  }
  if (plan.channels < 4 && image.channels === 4 && isSeeThrough(image.data)) {
    return refuse(
      "not supported",
      "has transparent pixels",
      "Declare four channels, or lay it on the background you want."
    )
  }
  return Effect.sync(() => shape(image, plan).data)
}

const isSeeThrough = (data: Uint8Array): boolean => {
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true
  return false
}
