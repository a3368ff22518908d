/**
 * Images of three channels moved in WebAssembly: copied pixel by pixel, and sampled bilinearly with two float64 numbers at a
 * time: the first two channels of a pixel, those of the next one, then the third channel of both. Each number is calculated
 * as in `affine.ts`, so the bits are the same.
 */
import * as Web from "../webassembly.ts"
import type { Inside, Source } from "./affine.ts"

const { advance, all, compiled, f64, get, i32, lanes, load, operation, plus, procedure, repeat, set } = Web
const { shuffle, store, storeFirst, storeLane, storeSecond, vectors } = Web
type Code = Web.Code

const [splat, add, subtract, multiply, floor] = [0x14, 0xf0, 0xf1, 0xf2, 0x75].map(lanes)
const [promote, demote] = [0x5f, 0x5e].map(lanes)
const [plusFloat, toFloat] = [0xa0, 0xb7].map(operation)

const lowWord = (value: Code, index: number): Code => [value, 0xfd, 0x1b, 2 * index]
const pair = (first: Code, second: Code): Code => [splat(first), second, 0xfd, 0x22, 1]

const [firstTwice, secondTwice, thirds] = [shuffle(8, 0, 0), shuffle(8, 1, 1), shuffle(4, 2, 6, 3, 7)]

/** Added to a whole number of float64, it leaves the number in the low word. */
const toWords = 2 ** 52

const bytes = { number: 4, pixel: 12 } as const

const parameters = {
  output: i32,
  end: i32,
  rowBytes: i32,
  x: f64,
  xx: f64,
  yx: f64,
  xRow: f64,
  yRow: f64,
  x0: f64,
  y0: f64,
  origin: f64
} as const

/** Of two pixels, side by side in the output: the four around each in the source, `a` and `b` above `c` and `d`. */
const [one, other] = [["a", "b", "c", "d"] as const, ["e", "f", "g", "h"] as const]

const constants = vectors("xxs", "yxs", "xRows", "yRows", "x0s", "y0s", "pixelSteps", "rowSteps", "origins")

const locals = {
  at: i32,
  ...constants,
  ...vectors("xs", "dx", "dy", "place", "words", "kept", "upper", "lower", ...one, ...other)
} as const

type Names = keyof typeof parameters | keyof typeof locals

/** Loads the four pixels around a place, as many numbers of each as a vector holds. */
const loadAround = (local: Readonly<Record<Names, number>>, index: number, [a, b, c, d]: typeof one | typeof other) =>
  all(
    set(local.at, lowWord(get(local.words), index)),
    set(local[a], load(0, get(local.at))),
    set(local[b], load(bytes.pixel, get(local.at))),
    set(local.at, plus(get(local.at), get(local.rowBytes))),
    set(local[c], load(0, get(local.at))),
    set(local[d], load(bytes.pixel, get(local.at)))
  )

/** Writes the pixels of a row, an even number of them. */
const sampling = procedure("sample", parameters, locals, undefined, (local) => {
  const { dx, dy, kept, lower, output, place, upper, words, xs } = local
  const along = (factor: number, row: number, start: number): Code =>
    add(add(multiply(get(factor), get(xs)), get(row)), get(start))
  const between = (first: Code, second: Code, share: Code): Code =>
    all(set(kept, promote(first)), add(get(kept), multiply(subtract(promote(second), get(kept)), share)))
  const value = ([a, b, c, d]: ReadonlyArray<Code>, shareX: Code, shareY: Code): Code =>
    all(
      set(upper, between(a, b, shareX)),
      set(lower, between(c, d, shareX)),
      demote(add(get(upper), multiply(subtract(get(lower), get(upper)), shareY)))
    )
  const shares = (of: typeof firstTwice): [Code, Code] => [of(get(dx), get(dx)), of(get(dy), get(dy))]
  const pixels = all(
    set(place, along(local.xxs, local.xRows, local.x0s)),
    set(words, floor(get(place))),
    set(dx, subtract(get(place), get(words))),
    set(place, along(local.yxs, local.yRows, local.y0s)),
    set(dy, floor(get(place))),
    set(words, add(multiply(get(words), get(local.pixelSteps)), multiply(get(dy), get(local.rowSteps)))),
    set(words, add(get(words), get(local.origins))),
    set(dy, subtract(get(place), get(dy))),
    loadAround(local, 0, one),
    loadAround(local, 1, other),
    storeLane(0)(
      0,
      get(output),
      value(
        one.map((name) => get(local[name])),
        ...shares(firstTwice)
      )
    ),
    storeLane(0)(
      bytes.pixel,
      get(output),
      value(
        other.map((name) => get(local[name])),
        ...shares(secondTwice)
      )
    ),
    set(
      kept,
      value(
        one.map((name, index) => thirds(get(local[name]), get(local[other[index]]))),
        get(dx),
        get(dy)
      )
    ),
    storeFirst(8, get(output), get(kept)),
    storeSecond(bytes.pixel + 8, get(output), get(kept)),
    set(xs, add(get(xs), splat(Web.float(2)))),
    advance(output, 2 * bytes.pixel)
  )
  return all(
    set(xs, pair(get(local.x), plusFloat(get(local.x), Web.float(1)))),
    set(local.xxs, splat(get(local.xx))),
    set(local.yxs, splat(get(local.yx))),
    set(local.xRows, splat(get(local.xRow))),
    set(local.yRows, splat(get(local.yRow))),
    set(local.x0s, splat(get(local.x0))),
    set(local.y0s, splat(get(local.y0))),
    set(local.pixelSteps, splat(Web.float(bytes.pixel))),
    set(local.rowSteps, splat(toFloat(get(local.rowBytes)))),
    set(local.origins, splat(plusFloat(get(local.origin), Web.float(toWords)))),
    repeat(get(output), get(local.end), pixels)
  )
})

/** Copies pixels to places side by side; the number after the last one is overwritten too. */
const copying = procedure("copy", { output: i32, end: i32, input: i32, step: i32 }, {}, undefined, (local) =>
  repeat(
    get(local.output),
    get(local.end),
    all(
      store(0, get(local.output), load(0, get(local.input))),
      set(local.input, plus(get(local.input), get(local.step))),
      advance(local.output, bytes.pixel)
    )
  )
)

type Program = Readonly<Record<"sample" | "copy", (...parameters: ReadonlyArray<number>) => void>>

/** Makes memory for so many numbers, whose pixels may be read and copied one number too far, and what moves its pixels. */
export const inColour = (size: number) => {
  const pages = Math.ceil((bytes.number * (size + 1)) / 65536)
  const { copy, memory, sample } = compiled<Program>(pages, [sampling, copying])
  const insideOf =
    ({ from, shape: [, width], stride = width * 3 }: Source): Inside =>
    ({ x0, xx, xy, y0, yx, yy }, y, x, end) => {
      const row = y * width * bytes.pixel
      const [first, last] = [row + x * bytes.pixel, row + end * bytes.pixel]
      sample(first, last, bytes.number * stride, x, xx, yx, xy * y, yy * y, x0, y0, bytes.number * from)
    }
  return {
    numbers: new Float32Array(memory.buffer),
    copy: (from: number, step: number, to: number, count: number): void =>
      copy(bytes.number * to, bytes.number * to + count * bytes.pixel, bytes.number * from, bytes.number * step),
    insideOf
  }
}
