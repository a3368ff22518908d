/**
 * Typed arrays of any element type as the values of a column: every number must come out as it was, and the first that
 * would not is found. Plain loops; an array that is already right is not copied.
 */
import type * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"
import { firstNotFinite } from "../statistics/lanes.ts"

/** What files hold their numbers in. */
export type Numbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Float64Array

/** Values of a column, or the place of the first element that none can be made of. */
export type Made<V extends RowId.Values = RowId.Values> = { readonly values: V } | { readonly bad: number }

/** Milliseconds in a unit of time. */
export type Unit = "D" | "h" | "m" | "s" | "ms" | "us" | "ns"

const isBig = (values: Numbers): values is BigInt64Array | BigUint64Array =>
  values instanceof BigInt64Array || values instanceof BigUint64Array

/** Makes floats: finite, whole ones of 64 bits within 2^53. They lie in `into`, or else in an array of their own or the same. */
export const floats = (values: Numbers, into?: Float64Array): Made<Float64Array> => {
  if (values instanceof Float64Array) {
    const bad = firstNotFinite(values)
    return bad < 0 ? { values } : { bad }
  }
  const all = into ?? new Float64Array(values.length)
  if (isBig(values)) {
    const bad = wholeNumbers(values, all)
    return bad < 0 ? { values: all } : { bad }
  }
  for (let place = 0; place < values.length; place++) {
    if (!Number.isFinite(values[place])) return { bad: place }
    all[place] = values[place]
  }
  return { values: all }
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
const upper = isLittleEndian ? 1 : 0
const largestUpper = 2 ** 21

/** The halves of integers of 64 bits, which make no big integers. */
const halvesOf = (values: BigInt64Array | BigUint64Array) => {
  const lowers = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length)
  const isSigned = values instanceof BigInt64Array
  return { lowers, uppers: isSigned ? new Int32Array(values.buffer, values.byteOffset, 2 * values.length) : lowers }
}

/** Writes integers of 64 bits and returns the first that is past 2^53, or -1. */
const wholeNumbers = (values: BigInt64Array | BigUint64Array, all: Float64Array): number => {
  const { lowers, uppers } = halvesOf(values)
  for (let place = 0; place < values.length; place++) {
    const [high, low] = [uppers[2 * place + upper], lowers[2 * place + 1 - upper]]
    if (high < -largestUpper || high > largestUpper || (high === largestUpper && low > 0)) return place
    all[place] = high * 2 ** 32 + low
  }
  return -1
}

/** Makes codes of whole numbers whose digits are levels. */
export const codes = (values: Numbers, levels: ReadonlyArray<string>): Made<Int32Array> => coder(levels)(values)

/** Makes a function that makes codes of whole numbers whose digits are levels. */
export const coder = (levels: ReadonlyArray<string>): ((values: Numbers, into?: Int32Array) => Made<Int32Array>) => {
  const known = new Map<number | bigint, number>()
  const byText = new Map(levels.map((level, code) => [level, code]))
  return (values, into) => {
    if (values instanceof Float32Array || values instanceof Float64Array) return { bad: 0 }
    const all = into ?? new Int32Array(values.length)
    for (let place = 0; place < values.length; place++) {
      const value = values[place]
      let code = known.get(value)
      if (code === undefined) {
        code = byText.get(String(value))
        if (code === undefined) return { bad: place }
        known.set(value, code)
      }
      all[place] = code
    }
    return { values: all }
  }
}

/** Makes codes of texts that are levels. */
export const codesOfTexts = (texts: ArrayLike<string | undefined>, levels: ReadonlyArray<string>): Made<Int32Array> =>
  coderOfTexts(levels)(texts)

/** Makes a function that makes codes of texts that are levels. */
export const coderOfTexts = (
  levels: ReadonlyArray<string>
): ((texts: ArrayLike<string | undefined>, into?: Int32Array) => Made<Int32Array>) => {
  const byText = new Map<string | undefined, number>(levels.map((level, code) => [level, code]))
  return (texts, into) => {
    const all = into ?? new Int32Array(texts.length)
    for (let place = 0; place < texts.length; place++) {
      const code = byText.get(texts[place])
      if (code === undefined) return { bad: place }
      all[place] = code
    }
    return { values: all }
  }
}

/** Takes texts of Unicode. */
export const texts = (texts: ReadonlyArray<string | undefined>): Made => {
  const all: Array<string> = []
  for (const text of texts) {
    if (text === undefined || !text.isWellFormed()) return { bad: all.length }
    all.push(text)
  }
  return { values: all }
}

/** Units in a millisecond, or milliseconds in a unit. */
const units: Readonly<Record<Unit, { readonly per: number; readonly millis: number }>> = {
  D: { per: 1, millis: 86_400_000 },
  h: { per: 1, millis: 3_600_000 },
  m: { per: 1, millis: 60_000 },
  s: { per: 1, millis: 1000 },
  ms: { per: 1, millis: 1 },
  us: { per: 1000, millis: 1 },
  ns: { per: 1_000_000, millis: 1 }
}

/** ECMAScript's dates end here, in milliseconds before and after 1970. */
const lastInstant = 8_640_000_000_000_000

/**
 * Makes instants of whole numbers of a unit since 1970: of whole microseconds, within ECMAScript's dates. They lie in
 * `into`, or else in an array of their own.
 */
export const instants = (values: Numbers, unit: Unit, into?: Float64Array): Made<Float64Array> => {
  if (values instanceof Float32Array || values instanceof Float64Array) return { bad: 0 }
  const { millis, per } = units[unit]
  const all = into ?? new Float64Array(values.length)
  const { lowers, uppers } = isBig(values) ? halvesOf(values) : { lowers: values, uppers: undefined }
  for (let place = 0; place < values.length; place++) {
    let high = uppers === undefined ? 0 : uppers[2 * place + upper]
    let low = uppers === undefined ? Math.abs(lowers[place]) : lowers[2 * place + 1 - upper]
    const isNegative = uppers === undefined ? lowers[place] < 0 : high < 0
    if (uppers !== undefined && isNegative) {
      low = -low >>> 0
      high = (low === 0 ? -high : ~high) >>> 0
    }
    const over = high % per
    const rest = over * 2 ** 32 + low // of at most 53 bits
    const part = per === 1 ? 0 : rest % per
    const whole = (((high - over) / per) * 2 ** 32 + (rest - part) / per) * millis
    if (whole > lastInstant || (unit === "ns" && part % 1000 !== 0)) return { bad: place }
    const instant = whole + part / per
    all[place] = isNegative ? -instant : instant
  }
  return { values: all }
}

/** Makes the array of a tensor's numbers. */
export const arrayOf = (dtype: Column.Dtype, length: number): Uint8Array | Int32Array | Float32Array => {
  switch (dtype) {
    case "uint8":
      return new Uint8Array(length)
    case "int32":
      return new Int32Array(length)
    case "float32":
      return new Float32Array(length)
  }
}

/** Makes a tensor's numbers: only float64 may round, to float32; none may be NaN or infinite. */
export const tensor = (values: Numbers, { dtype }: Column.Tensor): Made<Uint8Array | Int32Array | Float32Array> => {
  if (dtype === "uint8" && values instanceof Uint8Array) return { values }
  if (dtype === "int32" && values instanceof Int32Array) return { values }
  const all = arrayOf(dtype, values.length)
  const rounds = dtype === "float32" && values instanceof Float64Array
  for (let place = 0; place < values.length; place++) {
    const value = Number(values[place])
    all[place] = value
    if (!Number.isFinite(all[place]) || (!rounds && all[place] !== value)) return { bad: place }
    if (isBig(values) && BigInt(all[place]) !== values[place]) return { bad: place }
  }
  return { values: values instanceof Float32Array && dtype === "float32" ? values : all }
}
