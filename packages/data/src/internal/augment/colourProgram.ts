/**
 * Colours of images of red, green and blue in WebAssembly, two pixels at a time. Each number is calculated as in `colour.ts`,
 * so the bits are the same. The mean luminance is known only after all pixels have been read, so there are two passes: up to
 * brightness, and from contrast on.
 */
import type { ColourJitter } from "../../augment/Operation.ts"
import * as Web from "../webassembly.ts"
import type { Planned } from "./planned.ts"

const { advance, all, compiled, f64, float, get, i32, lanes, load, operation, procedure, repeat, set } = Web
const { lane, loadPair, shuffle, store, storeLane, vectors } = Web
type Code = Web.Code

const [splat, add, subtract, multiply, divide] = [0x14, 0xf0, 0xf1, 0xf2, 0xf3].map(lanes)
const [isEqual, isAtLeast, lesser, greater] = [0x47, 0x4c, 0xf6, 0xf7].map(lanes)
const [both, except, select] = [0x4e, 0x4f, 0x52].map(lanes)
const [promote, demote] = [0x5f, 0x5e].map(lanes)
const plusFloat = operation(0xa0)

/** The colours of two pixels are read and written as six float32 numbers, and kept in between as three pairs of float64. */
const bytes = { read: 24, kept: 48 } as const

type Colour = "red" | "green" | "blue"
const colours: ReadonlyArray<Colour> = ["red", "green", "blue"]

const working = {
  ...vectors("red", "green", "blue", "first", "second", "value", "range", "hue", "k", "isRed", "isGreen"),
  ...vectors("zero", "least", "one", "two", "three", "four", "five", "six", "weighsRed", "weighsGreen", "weighsBlue"),
  ...vectors("lowRed", "lowGreen", "lowBlue", "widthRed", "widthGreen", "widthBlue")
} as const

type Locals = Readonly<Record<keyof typeof working, number>>

const constants = ({ black, white }: Pick<Planned, "black" | "white">, local: Locals): Code => {
  const [lowRed, lowGreen, lowBlue] = black
  const [widthRed, widthGreen, widthBlue] = white.map((high, channel) => high - black[channel])
  const numbers = { zero: 0, least: 2 ** -1022, one: 1, two: 2, three: 3, four: 4, five: 5, six: 6 }
  const weights = { weighsRed: 0.2989, weighsGreen: 0.587, weighsBlue: 0.114 }
  const values = { ...numbers, ...weights, lowRed, lowGreen, lowBlue, widthRed, widthGreen, widthBlue }
  return Object.entries(values).map(([name, value]) => set(local[name as keyof Locals], splat(float(value)))) // as named there
}

const cut = (value: Code, { one, zero }: Locals): Code => lesser(greater(value, get(zero)), get(one))

const each = (local: Locals, change: (colour: Colour) => Code): Code =>
  colours.map((colour) => set(local[colour], change(colour)))

const luminance = ({ blue, green, red, weighsBlue, weighsGreen, weighsRed }: Locals): Code =>
  add(
    add(multiply(get(weighsRed), get(red)), multiply(get(weighsGreen), get(green))),
    multiply(get(weighsBlue), get(blue))
  )

const lows = { red: "lowRed", green: "lowGreen", blue: "lowBlue" } as const
const widths = { red: "widthRed", green: "widthGreen", blue: "widthBlue" } as const

const read = (at: number, local: Locals): Code =>
  all(
    set(local.first, load(0, get(at))),
    set(local.second, loadPair(16, get(at))),
    set(local.red, promote(shuffle(4, 0, 3, 0, 3)(get(local.first), get(local.second)))),
    set(local.green, promote(shuffle(4, 1, 4, 1, 4)(get(local.first), get(local.second)))),
    set(local.blue, promote(shuffle(4, 2, 5, 2, 5)(get(local.first), get(local.second)))),
    each(local, (colour) =>
      cut(divide(subtract(get(local[colour]), get(local[lows[colour]])), get(local[widths[colour]])), local)
    )
  )

const write = (at: number, local: Locals): Code =>
  all(
    each(local, (colour) =>
      demote(add(get(local[lows[colour]]), multiply(get(local[colour]), get(local[widths[colour]]))))
    ),
    set(local.first, shuffle(4, 0, 4, 1, 5)(get(local.red), get(local.green))),
    store(0, get(at), shuffle(4, 0, 1, 4, 2)(get(local.first), get(local.blue))),
    storeLane(0)(16, get(at), shuffle(4, 3, 5, 3, 5)(get(local.first), get(local.blue)))
  )

const within6 = (value: number, { six }: Locals): Code =>
  subtract(get(value), both(get(six), isAtLeast(get(value), get(six))))

/** Turns the hue. Of grey pixels the range is 0, and so is what is divided by it: they stay as they are. */
const turnHue = (by: number, local: Locals): Code => {
  const { blue, four, green, hue, isGreen, isRed, k, least, range, red, six, two, value } = local
  const difference = (first: number, second: number): Code => subtract(get(first), get(second))
  const numerator = select(
    difference(green, blue),
    select(difference(blue, red), difference(red, green), get(isGreen)),
    get(isRed)
  )
  const sector = except(subtract(get(four), both(get(two), get(isGreen))), get(isRed))
  const turned = (n: number): Code =>
    all(
      set(k, add(get(n), get(hue))),
      set(k, within6(k, local)),
      subtract(get(value), multiply(get(range), cut(lesser(subtract(get(four), get(k)), get(k)), local)))
    )
  return all(
    set(value, greater(greater(get(red), get(green)), get(blue))),
    set(range, subtract(get(value), lesser(lesser(get(red), get(green)), get(blue)))),
    set(isRed, isEqual(get(value), get(red))),
    set(isGreen, isEqual(get(value), get(green))),
    set(hue, add(sector, divide(numerator, greater(get(range), get(least))))),
    set(hue, add(get(hue), splat(get(by)))),
    set(hue, add(within6(hue, local), get(six))),
    set(hue, within6(hue, local)),
    set(red, turned(local.five)),
    set(green, turned(local.three)),
    set(blue, turned(local.one))
  )
}

type Given = Pick<Planned<ColourJitter>, "black" | "white" | "operation">

/** Reads pixels, brightens them, keeps them from `kept` on, and gives the sum of their luminances. */
const beginning = (given: Given) =>
  procedure("begin", { at: i32, end: i32, kept: i32, factor: f64 }, { sum: f64, ...working }, f64, (local) => {
    const { at, end, factor, first, kept, sum } = local
    const brighten = each(local, (colour) => cut(multiply(get(local[colour]), splat(get(factor))), local))
    const pixels = all(
      read(at, local),
      given.operation.brightness > 0 ? brighten : [],
      colours.map((colour, index) => store(16 * index, get(kept), get(local[colour]))),
      set(first, luminance(local)),
      set(sum, plusFloat(plusFloat(get(sum), lane(get(first), 0)), lane(get(first), 1))),
      advance(at, bytes.read),
      advance(kept, bytes.kept)
    )
    return all(constants(given, local), repeat(get(at), get(end), pixels), get(sum))
  })

/** Changes contrast, saturation and hue of the pixels kept, and writes them. */
const finishing = (given: Given) => {
  const parameters = { at: i32, end: i32, kept: i32, factor: f64, rest: f64, saturation: f64, grey: f64, by: f64 }
  const { contrast, hue, saturation: saturations } = given.operation
  return procedure("finish", parameters, working, undefined, (local) => {
    const { at, by, end, factor, first, grey, kept, rest, saturation } = local
    const scaled = (by: number, plus: Code) =>
      each(local, (colour) => cut(add(multiply(splat(get(by)), get(local[colour])), plus), local))
    const pixels = all(
      each(local, (colour) => load(16 * colours.indexOf(colour), get(kept))),
      contrast > 0 ? scaled(factor, splat(get(rest))) : [],
      saturations > 0
        ? all(set(first, multiply(splat(get(grey)), luminance(local))), scaled(saturation, get(first)))
        : [],
      hue > 0 ? turnHue(by, local) : [],
      write(at, local),
      advance(at, bytes.read),
      advance(kept, bytes.kept)
    )
    return all(constants(given, local), repeat(get(at), get(end), pixels))
  })
}

/** What changes an image: factors of brightness, contrast and saturation, and by which share of the circle hues turn. */
export interface Factors {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly hue: number
}

interface Program {
  readonly begin: (at: number, end: number, kept: number, brightness: number) => number
  readonly finish: (at: number, end: number, kept: number, ...rest: ReadonlyArray<number>) => void
}

/** Makes the function that changes images of an even number of pixels; a factor of what the operation leaves alone is not looked at. */
export const inColour = (given: Given, size: number) => {
  const end = 4 * size
  const pages = Math.ceil((3 * end + 16) / 65536)
  const { begin, finish, memory } = compiled<Program>(pages, [beginning(given), finishing(given)])
  const image = new Float32Array(memory.buffer, 0, size)
  return (numbers: Float32Array, { brightness, contrast, hue, saturation }: Factors): void => {
    image.set(numbers)
    const sum = begin(0, end, end, brightness)
    const rest = ((1 - contrast) * sum) / (size / 3)
    finish(0, end, end, contrast, rest, saturation, 1 - saturation, 6 * hue)
    numbers.set(image)
  }
}
