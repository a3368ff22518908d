/**
 * Folders of images: each file is a row, its pixels a tensor, and the folder it lies in may be its class. Files come in
 * the order of their paths by code points; the pixels are the same bits on every machine and for any number of threads.
 */
import { Digest } from "@watertight/core"
import { Effect, type FileSystem } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Declarations from "../internal/declarations.ts"
import * as Files from "../internal/files.ts"
import * as Folder from "../internal/folder.ts"
import * as Resample from "../internal/resample.ts"
import * as Sharp from "../internal/sharp.ts"
import * as Table from "../Table.ts"
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
export interface Options<H extends number, W extends number, C extends Channels, L extends Labels> {
  readonly height: H
  readonly width: W
  readonly channels: C
  /**
   * `"folders"`: the class is the name of the folder that the image lies in, and the levels are all of these, by code
   * points. A category: likewise, and its levels are the only ones there are. `"none"`: there is no column `label`.
   */
  readonly labels: L
  /** `refuse` unless given. */
  readonly fit?: Fit
  /** An image that says it has more pixels than this is refused before it is decoded; 100 million unless given. */
  readonly maximumPixels?: number
  /** How many images are decoded at a time, 8 unless given; the result does not depend on it. */
  readonly concurrency?: number
}

/** Where classes come from. */
export type Labels = "folders" | "none" | Column.Category

/** The columns of a folder of images. */
export type ImageColumns<
  H extends number,
  W extends number,
  C extends Channels,
  L extends Labels
> = L extends Column.Category
  ? { readonly image: Column.Tensor<readonly [H, W, C]>; readonly label: L }
  : L extends "folders"
    ? { readonly image: Column.Tensor<readonly [H, W, C]>; readonly label: Column.Category }
    : { readonly image: Column.Tensor<readonly [H, W, C]> }

/**
 * Reads the PNG, JPEG and WebP files below a folder: a tensor `image` of bytes, `[height, width, channels]`, and a
 * category `label`. Images are turned upright as their EXIF orientation says; colours are as they are stored, whatever
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
  const L extends Labels
>(
  folder: Files.Path,
  options: Options<H, W, C, L>
): Quarantine.Source<ImageColumns<H, W, C, L>, SourceError, FileSystem.FileSystem> => {
  const { channels, fit = "refuse", height, labels, maximumPixels = 1e8, width } = options
  const declared: Columns = typeof labels === "string" ? {} : { label: labels }
  return Quarantine.source({
    name: "images",
    version: 1,
    params: {
      folder: Files.nameOf(folder),
      columns: Declarations.ofColumns({ image: Column.tensor([height, width, channels], "uint8"), ...declared }),
      labels: typeof labels === "string" ? labels : "levels",
      fit,
      maximumPixels
    },
    external: digest(folder),
    label: Files.systemPath(folder),
    read: (onBadRow) => readTable({ folder, ...options, fit, maximumPixels }, onBadRow)
  })
}

/** The digest of the files' paths below the folder and of what they hold. */
const digest = Effect.fn("Source.images.digest")(function* (folder: Files.Path) {
  const entries = yield* Folder.list(folder, Sharp.endings)
  const digests = yield* Effect.forEach(
    entries,
    ({ name, path, refused }) =>
      refused === undefined
        ? Effect.map(Files.digest(path), (digest) => [name, digest])
        : Effect.succeed([name, refused.detail]),
    { concurrency: 8 }
  )
  return Digest.of(digests)
})

interface Plan extends Options<number, number, Channels, Labels> {
  readonly folder: Files.Path
  readonly fit: Fit
  readonly maximumPixels: number
}

/** So many images are decoded before it is known whether one of them is bad. */
const together = 256

const readTable = Effect.fn("Source.images")(function* <
  H extends number,
  W extends number,
  C extends Channels,
  L extends Labels
>(plan: Plan & Options<H, W, C, L>, onBadRow: Quarantine.OnBadRow) {
  const file = Files.systemPath(plan.folder)
  yield* checkOptions(file, plan)
  const entries = yield* Folder.list(plan.folder, Sharp.endings)
  if (entries.length === 0) {
    const detail = `holds no file whose name ends in ${Sharp.endings.join(", ")}`
    return yield* new SourceError({ file, problem: "missing file", detail, hint: "Check the path." })
  }
  const levels = levelsOf(plan.labels, entries)
  const size = plan.height * plan.width * plan.channels
  const pixels = new Uint8Array(entries.length * size)
  const labels = new Int32Array(entries.length)
  const failures: Array<Failure | undefined> = []
  for (let start = 0; start < entries.length; start += together) {
    const some = entries.slice(start, start + together)
    const results = yield* Effect.forEach(
      some,
      (entry, index) => {
        const place = start + index
        labels[place] = codeOf(entry.name, levels)
        return Effect.result(readImage(entry, labels[place], plan, pixels.subarray(place * size, (place + 1) * size)))
      },
      { concurrency: plan.concurrency ?? 8 }
    )
    const failed = results.map((result) => (result._tag === "Failure" ? result.failure : undefined))
    const first = failed.find((failure) => failure !== undefined)
    if (first !== undefined && onBadRow === "fail") return yield* first.error
    failures.push(...failed)
  }
  const kept = Uint32Array.from(failures.keys()).filter((place) => failures[place] === undefined)
  const columns: Columns = {
    image: Column.tensor([plan.height, plan.width, plan.channels], "uint8"),
    ...(levels === undefined ? {} : { label: Column.category(levels) })
  }
  const values = {
    image: rowsOf(pixels, size, kept),
    label: labels.filter((_, place) => failures[place] === undefined)
  }
  const table = yield* Effect.orDie(Table.make(columns, values, { length: kept.length })) // made of these columns
  const left = failures.flatMap((failure, place) =>
    failure === undefined ? [] : [leftOf(failure, entries[place], place)]
  )
  return {
    table: table as unknown as Table.Table<ImageColumns<H, W, C, L>>, // the columns that the options declare
    quarantine: Quarantine.make(entries.length, left)
  }
})

interface Failure {
  readonly error: SourceError
  readonly column: "image" | "label"
}

const leftOf = ({ column, error }: Failure, { name }: Folder.Entry, place: number) => ({
  reason: column === "label" ? "no level" : error.problem,
  row: { file: name, row: place + 1, column, value: error.value ?? "", reason: error.detail }
})

const checkOptions = (
  file: string,
  { channels, concurrency = 8, fit, height, maximumPixels, width }: Plan
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

const folderOf = (name: string): string => name.split("/").at(-2) ?? ""

const levelsOf = (labels: Labels, entries: ReadonlyArray<Folder.Entry>): ReadonlyArray<string> | undefined => {
  if (labels === "none") return undefined
  if (labels !== "folders") return labels.levels
  const names = new Set(entries.filter(({ name }) => name.includes("/")).map(({ name }) => folderOf(name)))
  return [...names].filter((name) => name.isWellFormed()).sort(Folder.byCodePoints)
}

/** The place of an image's level, -1 where there is none; 0 where there are no labels. */
const codeOf = (name: string, levels: ReadonlyArray<string> | undefined): number =>
  levels === undefined ? 0 : name.includes("/") ? levels.indexOf(folderOf(name)) : -1

const readImage = Effect.fnUntraced(function* (
  { name, path, refused }: Folder.Entry,
  code: number,
  plan: Plan,
  out: Uint8Array
): Effect.fn.Return<void, Failure, FileSystem.FileSystem> {
  if (refused !== undefined) return yield* Effect.fail({ error: refused, column: "image" as const })
  if (code < 0) {
    const value = folderOf(name)
    const detail =
      value === "" ? "lies in no folder that would be its class" : `lies in the folder "${value}", which is no level`
    const hint = "Move it, or declare the level."
    const error = new SourceError({ file: path, problem: "bad value", detail, hint, column: "label", value })
    return yield* Effect.fail({ error, column: "label" as const })
  }
  const bytes = yield* Effect.mapError(Files.read(path), (error) => ({ error, column: "image" as const }))
  const image = yield* Effect.flatMap(Sharp.decode(bytes, name, plan.maximumPixels), (decoded) =>
    fitted(decoded, plan)
  ).pipe(
    Effect.mapError(({ detail, hint, problem }) => {
      const error = new SourceError({ file: path, problem, detail, hint, column: "image" })
      return { error, column: "image" as const }
    })
  )
  yield* Effect.sync(() => out.set(image.data))
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

/** Copies the rows that stay, where not all do. */
const rowsOf = (all: Uint8Array, size: number, kept: Uint32Array): Uint8Array => {
  if (kept.length * size === all.length) return all
  const out = new Uint8Array(kept.length * size)
  kept.forEach((place, row) => out.set(all.subarray(place * size, (place + 1) * size), row * size))
  return out
}
