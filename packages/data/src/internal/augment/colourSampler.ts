/**
 * Bilinear sampling of images of three channels in WebAssembly, with two float64 numbers at a time: those of the first two
 * channels, then those of the third channel in the upper and the lower pixels. Each number is calculated as in
 * `affine.ts`, so the bits are the same.
 */
import * as Web from "../webassembly.ts"
import type { Inside } from "./affine.ts"

const { advance, all, compiled, f64, get, i32, integer, lanes, operation, plus, procedure, repeat, set, v128 } = Web
const { loadFirst, loadSecond } = Web
type Code = Web.Code

const [splat, add, subtract, multiply, floor] = [0x14, 0xf0, 0xf1, 0xf2, 0x75].map(lanes)
const [promote, demote] = [0x5f, 0x5e].map(lanes)
const [plusFloat, minusFloat, timesFloat, times, toFloat32] = [0xa0, 0xa1, 0xa2, 0x6c, 0xb6].map(operation)

const loadPair = (offset: number, address: Code): Code => [address, 0xfd, 0x5d, 0, offset]
const storePair = (address: Code, value: Code): Code => [address, value, 0xfd, 0x5b, 0, 0, 0]
const storeFloat32 = (offset: number, address: Code, value: Code): Code => [address, value, 0x38, 0, offset]

const lane = (value: Code, index: number): Code => [value, 0xfd, 0x21, index]
const lowWord = (value: Code, index: number): Code => [value, 0xfd, 0x1b, 2 * index]
const pair = (first: Code, second: Code): Code => [splat(first), second, 0xfd, 0x22, 1]

/** Added to a whole number of float64, it leaves the number in the low word. */
const toWords = 2 ** 52

/** Of two pixels' numbers, what lies between them. */
const between = (first: Code, kept: number, second: Code, share: number): Code =>
  all(set(kept, first), add(get(kept), multiply(subtract(second, get(kept)), get(share))))

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
  y0: f64
} as const

const locals = {
  at: i32,
  under: i32,
  steps: v128,
  rows: v128,
  origin: v128,
  place: v128,
  whole: v128,
  dx: v128,
  dy: v128,
  upper: v128,
  lower: v128,
  words: v128
} as const

/** Writes the pixels of a row; the image that is read begins at address 0. */
const program = procedure("sample", parameters, locals, undefined, (local) => {
  const { at, dx, dy, end, lower, origin, output, place, rowBytes, rows, steps, under, upper, whole, words, x } = local
  const pixel = all(
    set(place, add(add(multiply(get(steps), splat(get(x))), get(rows)), get(origin))),
    set(whole, floor(get(place))),
    set(place, subtract(get(place), get(whole))),
    set(dx, splat(lane(get(place), 0))),
    set(dy, splat(lane(get(place), 1))),
    set(words, add(get(whole), splat(Web.float(toWords)))),
    set(at, plus(times(lowWord(get(words), 0), integer(bytes.pixel)), times(lowWord(get(words), 1), get(rowBytes)))),
    set(under, plus(get(at), get(rowBytes))),
    set(upper, between(promote(loadPair(0, get(at))), upper, promote(loadPair(bytes.pixel, get(at))), dx)),
    set(lower, between(promote(loadPair(0, get(under))), lower, promote(loadPair(bytes.pixel, get(under))), dx)),
    storePair(get(output), demote(add(get(upper), multiply(subtract(get(lower), get(upper)), get(dy))))),
    set(
      upper,
      between(
        promote(loadSecond(8, get(under), loadFirst(8, get(at)))),
        upper,
        promote(loadSecond(20, get(under), loadFirst(20, get(at)))),
        dx
      )
    ),
    storeFloat32(
      8,
      get(output),
      toFloat32(
        plusFloat(
          lane(get(upper), 0),
          timesFloat(minusFloat(lane(get(upper), 1), lane(get(upper), 0)), lane(get(dy), 0))
        )
      )
    ),
    set(x, plusFloat(get(x), Web.float(1))),
    advance(output, bytes.pixel)
  )
  return all(
    set(steps, pair(get(local.xx), get(local.yx))),
    set(rows, pair(get(local.xRow), get(local.yRow))),
    set(origin, pair(get(local.x0), get(local.y0))),
    repeat(get(output), get(end), pixel)
  )
})

type Sample = (...parameters: ReadonlyArray<number>) => void

/** Makes memory for an image and for what is made of it, and the function that samples the one into the other. */
export const inColour = (height: number, width: number) => {
  const size = height * width * 3
  const outputAt = bytes.number * size
  const { memory, sample } = compiled<{ readonly sample: Sample }>(Math.ceil((2 * outputAt) / 65536), [program])
  const inside: Inside = ({ x0, xx, xy, y0, yx, yy }, y, x, end) => {
    const row = outputAt + y * width * bytes.pixel
    const [first, last] = [row + x * bytes.pixel, row + end * bytes.pixel]
    sample(first, last, width * bytes.pixel, x, xx, yx, xy * y, yy * y, x0, y0)
  }
  return {
    values: new Float32Array(memory.buffer, 0, size),
    out: new Float32Array(memory.buffer, outputAt, size),
    inside
  }
}
