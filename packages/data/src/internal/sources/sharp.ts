/**
 * The one file that knows sharp (libvips): decodes PNG, JPEG and WebP files to bytes. It only decodes, which gives the
 * same bits on every machine; colours are left as they are stored. What cannot be decoded exactly is refused by name.
 */
import { Effect, Schema } from "effect"
import type { Metadata, SharpOptions } from "sharp"
import type { Pixels } from "./resize.ts"

/** An image cannot be decoded, or not exactly. */
export class ImageError extends Schema.TaggedError<ImageError>()("ImageError", {
  problem: Schema.Literals(["empty file", "wrong format", "truncated", "too large", "not supported", "wrong shape"]),
  /** The rest of a sentence that starts with the file's name. */
  detail: Schema.String,
  hint: Schema.String
}) {}

/** The formats, by the endings of their files' names. */
const formats = { png: ["png"], jpeg: ["jpg", "jpeg"], webp: ["webp"] } as const

type Format = keyof typeof formats

/** The endings of names of images. */
export const endings: ReadonlyArray<string> = Object.values(formats).flatMap((each) => each.map((one) => `.${one}`))

const isAt = (bytes: Uint8Array, start: number, text: string): boolean =>
  bytes.length >= start + text.length &&
  [...text].every((letter, index) => bytes[start + index] === letter.charCodeAt(0))

/** Tells the format by the first bytes, so that no other decoder of libvips ever sees a file. */
const formatOf = (bytes: Uint8Array): Format | undefined => {
  if (isAt(bytes, 0, "\x89PNG\r\n\x1a\n")) return "png"
  if (isAt(bytes, 0, "\xff\xd8\xff")) return "jpeg"
  return isAt(bytes, 0, "RIFF") && isAt(bytes, 8, "WEBP") ? "webp" : undefined
}

/** An animated PNG says so in a chunk before its pixels; libvips reads its first picture without a word. */
const isAnimatedPng = (bytes: Uint8Array): boolean => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (isAt(bytes, at + 4, "acTL")) return true
    if (isAt(bytes, at + 4, "IDAT")) return false
  }
  return false
}

const again = "Fetch or write the file again."

const refuse = (problem: ImageError["problem"], detail: string, hint: string): Effect.Effect<never, ImageError> =>
  Effect.fail(new ImageError({ problem, detail, hint }))

/** sharp takes 90 ms to load and is not needed before the first image. */
const load = Effect.cached(
  Effect.map(
    Effect.promise(() => import("sharp")),
    ({ default: sharp }) => {
      sharp.cache(false)
      sharp.concurrency(1)
      return sharp
    }
  )
)
const sharp = Effect.flatten(load)

const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, ImageError> =>
  Effect.tryPromise({
    try: run,
    catch: (cause) => {
      const reason = (cause instanceof Error ? cause.message : String(cause)).trim().split("\n")[0]
      const isShort = /premature|truncat|end of|not enough|unexpected end|eof|read error/i.test(reason)
      return new ImageError({
        problem: isShort ? "truncated" : "wrong format",
        detail: `cannot be decoded (${reason.replace(/\.$/, "")})`,
        hint: again
      })
    }
  })

/** Refuses what the name or the header says, before a pixel is decoded. */
const check = (
  bytes: Uint8Array,
  { channels, depth, pages, space, width, height }: Metadata,
  maximumPixels: number
) => {
  if (width * height > maximumPixels) {
    const hint = "Leave it out, or raise maximumPixels if you trust it."
    return refuse("too large", `says it has ${width} x ${height} pixels, more than ${maximumPixels}`, hint)
  }
  if ((pages ?? 1) > 1 || isAnimatedPng(bytes)) {
    return refuse("not supported", "is animated", "Write each of its pictures to a file of its own.")
  }
  if (depth !== "uchar") {
    return refuse("not supported", `has 16 bits per channel`, "Convert it to 8 bits; how is a decision to make.")
  }
  if (space === "cmyk" || (channels ?? 3) > 4) {
    return refuse("not supported", "is in CMYK, the colours of print", "Convert it to RGB with its colour profile.")
  }
  return Effect.void
}

/** Decodes an image to three channels, or four where it has transparency, upright as its EXIF orientation says. */
export const decode = Effect.fnUntraced(function* (
  bytes: Uint8Array,
  name: string,
  maximumPixels: number
): Effect.fn.Return<Pixels, ImageError> {
  if (bytes.length === 0) return yield* refuse("empty file", "is empty", again)
  const format = formatOf(bytes)
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase()
  if (format === undefined) {
    return yield* refuse("wrong format", "is no PNG, JPEG or WebP image", "Convert it, or leave it out.")
  }
  if (!formats[format].some((one) => one === ending)) {
    const named = format.toUpperCase()
    return yield* refuse("wrong format", `is a ${named} image by its bytes`, `Name it .${formats[format][0]}.`)
  }
  const open = yield* sharp
  const limits: SharpOptions = { failOn: "warning", limitInputPixels: maximumPixels, ignoreIcc: true, autoOrient: true }
  // sharp's own limit would speak first, and of its own option
  const metadata = yield* attempt(() => open(bytes, { ...limits, limitInputPixels: false }).metadata())
  yield* check(bytes, metadata, maximumPixels)
  const { data, info } = yield* attempt(() =>
    open(bytes, limits).toColourspace("srgb").raw().toBuffer({ resolveWithObject: true })
  )
  return { height: info.height, width: info.width, channels: info.channels, data }
})
