/**
 * The float64 of plain decimal numbers in WebAssembly, eight digits at a time. Digits of up to 19 places are a 64-bit number,
 * which a power of ten scales: exactly where both are float64 (Clinger, How to Read Floating Point Numbers Accurately,
 * 1990), and else by a division whose remainder is exact (Dekker, A Floating-Point Technique for Extending the Available
 * Precision, 1971). What is written otherwise, or lies so near to the middle between two float64 that the remainder does not
 * tell them apart, is left to its text.
 */
import * as Web from "../webassembly.ts"
import * as Cells from "./cellLoop.ts"
import * as Operations from "./operations.ts"

const { all, f64, float, get, i32, integer, plus, minus, set } = Web
type Code = Web.Code

const { block, both, byteAt, during, i64, leaveIf, long, longAt, numberAt, when } = Operations
const { isBelow, isDifferent, isEqual, isLess, isNotBelow, isZero, or, shift, times } = Operations
const { andLong, isBelowLong, isZeroLong, minusLong, orLong, plusLong, shiftDown, shiftLong, timesLong } = Operations
const { add, divide, isOther, multiply, negated, ofLong, ofSignedLong, subtract, toLong, toWholeLong } = Operations

const mostPower = 22

/** Where tables lie in memory: powers of ten, each as a float64 and as two of half its digits, and as 64-bit numbers. */
export const tables = { power: 0, upper: 184, lower: 368, longs: 552, end: 1024 } as const

const floatLocals = {
  ...Cells.locals,
  isNegative: i32,
  first: i32,
  point: i32,
  digit: i32,
  digits: i32,
  places: i32,
  rest: i32,
  power: i32,
  isDown: i32,
  whole: i64,
  word: i64,
  kept: i64,
  high: f64,
  low: f64,
  scale: f64,
  ratio: f64,
  product: f64,
  upper: f64,
  lower: f64
} as const

type Local = Readonly<Record<keyof typeof floatLocals, number>>

const [zeros, sixes, tops] = [0x3030303030303030n, 0x4646464646464646n, 0x8080808080808080n]

/** Takes digits one by one into a number. */
const digitByDigit = ({ at, digit, to }: Local, into: (digit: Code) => Code): Code =>
  during(
    both(
      isBelow(get(at), get(to)),
      all(set(digit, minus(byteAt(get(at)), integer(0x30))), isBelow(get(digit), integer(10)))
    ),
    all(into(get(digit)), set(at, plus(get(at), integer(1))))
  )

const takeWhole = (local: Local): Code =>
  digitByDigit(local, (digit) => set(local.whole, plusLong(timesLong(get(local.whole), long(10n)), toLong(digit))))

/** The number of eight digits, or of fewer behind zeros: pairs are joined, then pairs of pairs, then those. */
const eightDigits = ({ word }: Local): Code => {
  const mask = long(0x000000ff000000ffn)
  return all(
    set(word, minusLong(get(word), long(zeros))),
    set(word, plusLong(timesLong(get(word), long(10n)), shiftDown(get(word), long(8n)))),
    shiftDown(
      plusLong(
        timesLong(andLong(get(word), mask), long(100n + (1_000_000n << 32n))),
        timesLong(andLong(shiftDown(get(word), long(16n)), mask), long(1n + (10_000n << 32n)))
      ),
      long(32n)
    )
  )
}

/** Takes the digits behind the point, up to eight at once. */
const takePlaces = (local: Local): Code => {
  const { at, kept, point, rest, to, whole, word } = local
  const areDigits = isZeroLong(
    andLong(orLong(plusLong(get(word), long(sixes)), minusLong(get(word), long(zeros))), long(tops))
  )
  return all(
    set(at, plus(get(at), integer(1))),
    set(point, get(at)),
    during(
      isBelow(get(at), get(to)),
      all(
        set(rest, minus(get(to), get(at))),
        when(
          isBelow(get(rest), integer(8)),
          all(
            set(kept, shiftLong(long(-1n), toLong(minus(integer(64), shift(get(rest), integer(3)))))),
            set(word, longAt(minus(get(to), integer(8)))),
            set(word, orLong(andLong(get(word), get(kept)), andLong(long(zeros), minusLong(long(-1n), get(kept)))))
          ),
          all(set(rest, integer(8)), set(word, longAt(get(at))))
        ),
        leaveIf(isZero(areDigits), 1),
        set(whole, timesLong(get(whole), longAt(shift(get(rest), integer(3)), tables.longs))),
        set(whole, plusLong(get(whole), eightDigits(local))),
        set(at, plus(get(at), get(rest)))
      )
    ),
    takeWhole(local)
  )
}

/** Takes an exponent of at most four digits; leaves the cell where there is none. */
const takeExponent = (local: Local): Code => {
  const { at, first, isDown, power } = local
  const isSign = (sign: string) => isEqual(byteAt(get(at)), integer(sign.charCodeAt(0)))
  return all(
    set(at, plus(get(at), integer(1))),
    set(isDown, isSign("-")),
    set(at, plus(get(at), or(get(isDown), isSign("+")))),
    set(first, get(at)),
    digitByDigit(local, (digit) => set(power, plus(times(get(power), integer(10)), digit))),
    leaveIf(isNotBelow(minus(minus(get(at), get(first)), integer(1)), integer(4)), 1),
    when(get(isDown), set(power, minus(integer(0), get(power))))
  )
}

const address = (power: Code): Code => shift(power, integer(3))

/** The quotient of a 64-bit number and a power of ten, by what is left of it: in `value`, or nothing is left in it. */
const divided = (local: Local): Code => {
  const { high, low, lower, power, product, ratio, scale, upper, value, whole } = local
  const of = (half: number): Code => numberAt(address(get(power)), half)
  const [isAbove, isUnder] = [1 + 2 ** -40, 1 - 2 ** -40].map((near) =>
    add(get(ratio), multiply(get(low), float(near)))
  )
  return all(
    set(low, ofSignedLong(minusLong(get(whole), toWholeLong(get(high))))),
    set(ratio, divide(get(high), get(scale))),
    set(product, multiply(get(ratio), get(scale))),
    set(upper, multiply(get(ratio), float(2 ** 27 + 1))),
    set(upper, subtract(get(upper), subtract(get(upper), get(ratio)))),
    set(lower, subtract(get(ratio), get(upper))),
    set(high, subtract(get(high), get(product))),
    set(product, subtract(multiply(get(upper), of(tables.upper)), get(product))),
    set(product, add(get(product), multiply(get(upper), of(tables.lower)))),
    set(product, add(get(product), multiply(get(lower), of(tables.upper)))),
    set(product, add(get(product), multiply(get(lower), of(tables.lower)))),
    set(low, divide(add(subtract(get(high), get(product)), get(low)), get(scale))),
    leaveIf(isOther(isAbove, isUnder), 2),
    set(value, isAbove)
  )
}

/** Scales the digits by a power of ten. */
const scaled = (local: Local): Code => {
  const { high, power, scale, value, whole } = local
  return all(
    leaveIf(isNotBelow(plus(get(power), integer(mostPower)), integer(2 * mostPower + 1)), 1),
    set(high, ofLong(get(whole))),
    set(local.isDown, isLess(get(power), integer(0))),
    when(get(local.isDown), set(power, minus(integer(0), get(power)))),
    set(scale, numberAt(address(get(power)), tables.power)),
    when(
      isBelowLong(get(whole), long(2n ** 53n)),
      when(get(local.isDown), set(value, divide(get(high), get(scale))), set(value, multiply(get(high), get(scale)))),
      all(leaveIf(isZero(get(local.isDown)), 2), divided(local))
    )
  )
}

/** One cell: what leaves it early leaves no number. */
const cell = (local: Local, start: Code): Code => {
  const { at, digits, first, isNegative, places, point, power, to, value, whole } = local
  const isNext = (byte: Code, character: string) =>
    both(isBelow(get(at), get(to)), isEqual(byte, integer(character.charCodeAt(0))))
  return block(
    leaveIf(isLess(start, integer(0)), 0),
    set(isNegative, isEqual(byteAt(get(at)), integer(0x2d))),
    set(at, plus(get(at), get(isNegative))),
    set(first, get(at)),
    set(whole, long(0n)),
    set(places, integer(0)),
    set(power, integer(0)),
    takeWhole(local),
    set(digits, minus(get(at), get(first))),
    set(first, times(get(digits), isZero(isZeroLong(get(whole))))),
    when(isNext(byteAt(get(at)), "."), all(takePlaces(local), set(places, minus(get(at), get(point))))),
    leaveIf(isZero(plus(get(digits), get(places))), 0),
    leaveIf(isNotBelow(get(digits), integer(20)), 0),
    leaveIf(isNotBelow(plus(get(first), get(places)), integer(20)), 0),
    when(isNext(or(byteAt(get(at)), integer(0x20)), "e"), takeExponent(local)),
    leaveIf(isDifferent(get(at), get(to)), 0),
    set(power, minus(get(power), get(places))),
    when(isZeroLong(get(whole)), set(value, float(0)), scaled(local)),
    when(get(isNegative), set(value, negated(get(value))))
  )
}

/** Decodes cells between places that lie in memory, and counts those that are left to their text. */
export const floats = Cells.loop("floats", floatLocals, cell)

/** Splits a number into two of half its digits. */
const halves = (value: number): readonly [number, number] => {
  const upper = (2 ** 27 + 1) * value - ((2 ** 27 + 1) * value - value)
  return [upper, value - upper]
}

/** Writes the tables down. */
export const writeTables = (view: DataView): void => {
  for (let power = 0; power <= mostPower; power++) {
    const value = Number(`1e${power}`)
    for (const [index, number] of [value, ...halves(value)].entries()) {
      view.setFloat64(tables.upper * index + 8 * power, number, true)
    }
  }
  for (let power = 0; power <= 8; power++) view.setBigUint64(tables.longs + 8 * power, 10n ** BigInt(power), true)
}
