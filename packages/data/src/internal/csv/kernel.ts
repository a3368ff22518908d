/**
 * The two loops over all bytes of delimited text, in WebAssembly: where delimiters, quotes and line breaks are, sixteen
 * bytes at a time; and the float64 of plain decimal numbers, eight digits at a time. Digits of up to 19 places are a 64-bit
 * number, which a power of ten scales: exactly where both are float64 (Clinger, How to Read Floating Point Numbers
 * Accurately, 1990), and else by a division whose remainder is exact (Dekker, A Floating-Point Technique for Extending the
 * Available Precision, 1971). What is written otherwise, or lies so near to the middle between two float64 that the
 * remainder does not tell them apart, is left to its text.
 */
import * as Web from "../webassembly.ts"

const { all, compiled, f64, float, get, i32, integer, lanes, operation, plus, minus, procedure, set, v128 } = Web
type Code = Web.Code

const i64 = 0x7e
const [isEqual, isDifferent, isLess, isBelow, isNotBelow, or] = [0x46, 0x47, 0x48, 0x49, 0x4f, 0x72].map(operation)
const [and, shift, times, trailingZeros, isZero] = [0x71, 0x74, 0x6c, 0x68, 0x45].map(operation)
const [plusLong, minusLong, timesLong, andLong, orLong] = [0x7c, 0x7d, 0x7e, 0x83, 0x84].map(operation)
const [shiftLong, shiftDown, isZeroLong, isBelowLong] = [0x86, 0x88, 0x50, 0x54].map(operation)
const [toLong, ofLong, ofSignedLong, toWholeLong] = [0xad, 0xba, 0xb9, 0xb1].map(operation)
const [add, subtract, multiply, divide, isOther, negated] = [0xa0, 0xa1, 0xa2, 0xa3, 0x62, 0x9a].map(operation)
const [splatBytes, areEqual, either, bits] = [0x0f, 0x23, 0x50, 0x64].map(lanes)

const access =
  (code: number) =>
  (address: Code, offset = 0): Code => [
    address,
    code,
    0,
    (offset % 128) | (offset < 128 ? 0 : 128),
    ...(offset < 128 ? [] : [offset >> 7])
  ]
const [byteAt, wordAt, longAt, numberAt] = [0x2d, 0x28, 0x29, 0x2b].map(access)
const stored =
  (code: number) =>
  (address: Code, value: Code): Code => [address, value, code, 0, 0]
const [storeWord, storeNumber] = [0x36, 0x39].map(stored)

const block = (...body: ReadonlyArray<Code>): Code => [0x02, 0x40, body, 0x0b]
const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  condition,
  0x04,
  0x40,
  then,
  0x05,
  otherwise,
  0x0b
]
/** Leaves so many blocks, loops and branches around this place, and the next one. */
const leaveIf = (condition: Code, depth: number): Code => [condition, 0x0d, depth]
/** Does something as long as a condition holds. */
const during = (condition: Code, body: Code): Code => [
  0x02,
  0x40,
  0x03,
  0x40,
  isZero(condition),
  0x0d,
  1,
  body,
  0x0c,
  0,
  0x0b,
  0x0b
]

const long = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))]
const signed = (value: bigint): ReadonlyArray<number> => {
  const [low, rest] = [Number(value & 127n), value >> 7n]
  return (rest === 0n && low < 64) || (rest === -1n && low >= 64) ? [low] : [low + 128, ...signed(rest)]
}

/** Where tables lie in memory: powers of ten, each as a float64 and as two of half its digits, and as 64-bit numbers. */
const mostPower = 22
const tables = { power: 0, upper: 184, lower: 368, longs: 552, end: 1024 } as const

const [newline, carriageReturn, quote] = [0x0a, 0x0d, 0x22]

const marks = procedure(
  "marks",
  { input: i32, end: i32, output: i32, delimiter: i32 },
  { at: i32, found: i32, text: v128 },
  i32,
  ({ at, delimiter, end, found, input, output, text }) => {
    const are = (byte: Code): Code => areEqual(get(text), splatBytes(byte))
    const breaks = either(are(integer(newline)), are(integer(carriageReturn)))
    return all(
      set(at, minus(integer(0), get(input))),
      during(
        isBelow(get(input), get(end)),
        all(
          set(text, [get(input), 0xfd, 0, 0, 0]),
          set(found, bits(either(either(are(get(delimiter)), are(integer(quote))), breaks))),
          during(
            isDifferent(get(found), integer(0)),
            all(
              storeWord(get(output), plus(plus(get(input), get(at)), trailingZeros(get(found)))),
              set(output, plus(get(output), integer(4))),
              set(found, and(get(found), minus(get(found), integer(1))))
            )
          ),
          set(input, plus(get(input), integer(16)))
        )
      ),
      get(output)
    )
  }
)

const floatLocals = {
  at: i32,
  to: i32,
  value: f64,
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
    when3(
      isBelow(get(at), get(to)),
      all(set(digit, minus(byteAt(get(at)), integer(0x30))), isBelow(get(digit), integer(10)))
    ),
    all(into(get(digit)), set(at, plus(get(at), integer(1))))
  )

/** A condition that is looked at only where another holds. */
const when3 = (condition: Code, then: Code): Code => [condition, 0x04, i32, then, 0x05, integer(0), 0x0b]

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
    when3(isBelow(get(at), get(to)), isEqual(byte, integer(character.charCodeAt(0))))
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

const floats = procedure(
  "floats",
  { input: i32, starts: i32, ends: i32, last: i32, output: i32 },
  floatLocals,
  undefined,
  (local) => {
    const { at, ends, input, last, output, starts, to, value } = local
    return during(
      isBelow(get(starts), get(last)),
      all(
        set(at, plus(wordAt(get(starts)), get(input))),
        set(to, plus(wordAt(get(ends)), get(input))),
        set(value, float(Number.NaN)),
        cell(local, wordAt(get(starts))),
        storeNumber(get(output), get(value)),
        set(starts, plus(get(starts), integer(4))),
        set(ends, plus(get(ends), integer(4))),
        set(output, plus(get(output), integer(8)))
      )
    )
  }
)

interface Program extends Web.Memory {
  readonly marks: (input: number, end: number, output: number, delimiter: number) => number
  readonly floats: (input: number, starts: number, ends: number, last: number, output: number) => void
}

let program: Program | undefined

/** Splits a number into two of half its digits. */
const halves = (value: number): readonly [number, number] => {
  const upper = (2 ** 27 + 1) * value - ((2 ** 27 + 1) * value - value)
  return [upper, value - upper]
}

/** The program, compiled when it is first needed. */
const loaded = (): Program => {
  if (program !== undefined) return program
  program = compiled<Omit<Program, "memory">>(32, [marks, floats])
  const view = new DataView(program.memory.buffer)
  for (let power = 0; power <= mostPower; power++) {
    const value = Number(`1e${power}`)
    const numbers = [value, ...halves(value)]
    for (const [index, number] of numbers.entries()) view.setFloat64(184 * index + 8 * power, number, true)
  }
  for (let power = 0; power <= 8; power++) view.setBigUint64(tables.longs + 8 * power, 10n ** BigInt(power), true)
  return program
}

/** Text in the program's memory, with where its marks are and room for what is found out about it. */
export interface Text {
  readonly bytes: Uint8Array
  /** The places of delimiters, quotes and line breaks, in their order. */
  readonly marks: Int32Array
  /** As many numbers as were asked for, of any value. */
  readonly room: Int32Array
  /** Decodes plain decimal numbers between places that lie in the room; the others are NaN. */
  readonly floats: (starts: Int32Array, ends: Int32Array) => Float64Array
}

const aligned = (place: number): number => Math.ceil(place / 16) * 16

/** Puts text into the program's memory and finds its marks; at most one may be in use. */
export const open = (text: Uint8Array, delimiter: number, roomFor: (marks: number) => number): Text => {
  const { floats, marks, memory } = loaded()
  const reserve = (end: number): void => {
    const missing = end - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / 65536))
  }
  const first = aligned(tables.end + text.length + 16)
  reserve(first + 4 * text.length)
  const bytes = new Uint8Array(memory.buffer, tables.end, first - tables.end)
  bytes.set(text)
  bytes.fill(0, text.length) // so that nothing behind the text is a mark
  const count = (marks(tables.end, tables.end + text.length, first, delimiter) - first) / 4
  const second = aligned(first + 4 * count)
  const numbers = roomFor(count)
  const third = aligned(second + 4 * numbers)
  reserve(third + 2 * 4 * numbers)
  return {
    bytes: new Uint8Array(memory.buffer, tables.end, text.length),
    marks: new Int32Array(memory.buffer, first, count),
    room: new Int32Array(memory.buffer, second, numbers),
    floats: (starts, ends) => {
      floats(tables.end, starts.byteOffset, ends.byteOffset, starts.byteOffset + starts.byteLength, third)
      return new Float64Array(memory.buffer, third, starts.length).slice()
    }
  }
}
