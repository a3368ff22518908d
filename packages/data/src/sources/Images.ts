/**
 * Folders of images: each file is a row, its pixels a tensor, and the folder it lies in may be its class. Files come in
 * the order of their paths by code points; the pixels are the same bits on every machine and for any number of threads.
 */
import { Effect, type FileSystem } from "effect"
import * as Column from "../Column.ts"
import * as Files from "../internal/sources/files.ts"
import type * as Folder from "../internal/sources/folder.ts"
import * as FolderRows from "../internal/sources/folderRows.ts"
import * as Resample from "../internal/sources/resize.ts"
import * as Sharp from "../internal/sources/sharp.ts"
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
  /** How many images are decoded at a time, 8 unless given; the result does not depend on it. */
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
    version: 1,
    params: { ...FolderRows.params({ ...options, folder }), shape: [height, width, channels], fit, maximumPixels },
    external: FolderRows.digest(folder, Sharp.endings, labels),
    label: Files.systemPath(folder),
    read: (onBadRow) =>
      Effect.map(readTable(plan, onBadRow), (sorted) => sorted as Quarantine.Sorted<ImageColumns<H, W, C, L, F>>) // the columns that the options declare
  })
}

interface Plan {
  readonly folder: Files.Path
  readonly height: number
  readonly width: number
  readonly channels: Channels
  readonly labels: Labels
  readonly file: string | undefined
  readonly fit: Fit
  readonly maximumPixels: number
  readonly concurrency: number
}

const readTable = Effect.fn("Source.images")(function* (plan: Plan, onBadRow: Quarantine.OnBadRow) {
  yield* checkOptions(Files.systemPath(plan.folder), plan)
  const { channels, concurrency, file, folder, height, labels, width } = plan
  const size = height * width * channels
  const contentOf = (rows: number): FolderRows.Content => {
    const pixels = new Uint8Array(rows * size)
    return {
      column: Column.tensor([height, width, channels], "uint8"),
      values: pixels,
      put: (place, entry) => Effect.map(readImage(entry, plan), (image) => pixels.set(image.data, place * size))
    }
  }
  const named = file === undefined ? {} : { file }
  const all = { folder, labels, concurrency, content: "image", endings: Sharp.endings, ...named }
  return yield* FolderRows.read(all, contentOf, onBadRow)
})

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

const readImage = Effect.fnUntraced(function* ({ name, path }: Folder.Entry, plan: Plan) {
  const bytes = yield* Files.read(path)
  return yield* Sharp.decode(bytes, name, plan.maximumPixels).pipe(
    Effect.flatMap((decoded) => fitted(decoded, plan)),
    Effect.mapError(({ detail, hint, problem }) => {
      return new SourceError({ file: path, problem, detail, hint, column: "image" })
    })
  )
})

const fitted = (image: Resample.Pixels, { channels, fit, height, width }: Plan) =>
  Effect.gen(function* () {
    if (fit === "refuse" && (image.height !== height || image.width !== width)) {
      return yield* new Sharp.ImageError({
        problem: "wrong shape",
        detail: `has ${image.height} x ${image.width} pixels (height x width), not ${height} x ${width}`,
        hint: 'Declare the size it has, or say how to change it: { fit: "crop" } or { fit: "stretch" }.'
      })
    }
    if (channels < 4 && image.channels === 4 && isSeeThrough(image.data)) {
      return yield* new Sharp.ImageError({
        problem: "not supported",
        detail: `has transparent pixels`,
        hint: "Declare four channels, or lay it on the background you want."
      })
    }
    return yield* Effect.sync(() => {
      const converted = withChannels(image, channels)
      const box = fit === "crop" ? Resample.middle(image, height, width) : Resample.whole(image)
      return Resample.resize(converted, height, width, box)
    })
  })

const isSeeThrough = (data: Uint8Array): boolean => {
  for (let at = 3; at < data.length; at += 4) if (data[at] < 255) return true
  return false
}

/** The weights of red, green and blue in grey by ITU-R BT.601, of 65536. */
const luma = [19595, 38470, 7471] as const

const withChannels = (image: Resample.Pixels, channels: Channels): Resample.Pixels => {
  if (image.channels === channels) return image
  const count = image.height * image.width
  const from = image.channels
  const data = new Uint8Array(count * channels)
  for (let pixel = 0; pixel < count; pixel++) {
    const red = image.data[pixel * from]
    const green = image.data[pixel * from + 1]
    const blue = image.data[pixel * from + 2]
    if (channels === 1) {
      data[pixel] = (red * luma[0] + green * luma[1] + blue * luma[2] + 0x8000) >> 16
      continue
    }
    data[pixel * channels] = red
    data[pixel * channels + 1] = green
    data[pixel * channels + 2] = blue
    if (channels === 4) data[pixel * channels + 3] = 255
  }
  return { ...image, channels, data }
}
