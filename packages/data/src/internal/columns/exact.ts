/**
 * Typed arrays of any element type as the values of a column: every number must come out as it was, and the first that
 * would not is found. Plain loops; an array that is already right is not copied.
 */
import type * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"

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

const largest = 2n ** 53n

const isBig = (values: Numbers): values is BigInt64Array | BigUint64Array =>
  values instanceof BigInt64Array || values instanceof BigUint64Array

/** Makes floats: finite, whole ones of 64 bits within 2^53. */
export const floats = (values: Numbers): Made<Float64Array> => {
  const all = new Float64Array(values.length)
  if (isBig(values)) {
    for (let place = 0; place < values.length; place++) {
      const value = values[place]
      if (value > largest || value < -largest) return { bad: place }
      all[place] = Number(value)
    }
    return { values: all }
  }
  for (let place = 0; place < values.length; place++) {
    if (!Number.isFinite(values[place])) return { bad: place }
    all[place] = values[place]
  }
  return { values: values instanceof Float64Array ? values : all }
}

/** Makes codes of whole numbers whose digits are levels. */
export const codes = (values: Numbers, levels: ReadonlyArray<string>): Made<Int32Array> => coder(levels)(values)

/** Makes a function that makes codes of whole numbers whose digits are levels. */
export const coder = (levels: ReadonlyArray<string>): ((values: Numbers) => Made<Int32Array>) => {
  const known = new Map<number | bigint, number>()
  const byText = new Map(levels.map((level, code) => [level, code]))
  return (values) => {
    if (values instanceof Float32Array || values instanceof Float64Array) return { bad: 0 }
    const all = new Int32Array(values.length)
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
): ((texts: ArrayLike<string | undefined>) => Made<Int32Array>) => {
  const byText = new Map<string | undefined, number>(levels.map((level, code) => [level, code]))
  return (texts) => {
    const all = new Int32Array(texts.length)
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
const units: Readonly<Record<Unit, { readonly per: bigint; readonly millis: bigint }>> = {
  D: { per: 1n, millis: 86_400_000n },
  h: { per: 1n, millis: 3_600_000n },
  m: { per: 1n, millis: 60_000n },
  s: { per: 1n, millis: 1000n },
  ms: { per: 1n, millis: 1n },
  us: { per: 1000n, millis: 1n },
  ns: { per: 1_000_000n, millis: 1n }
}

/** ECMAScript's dates end here, in milliseconds before and after 1970. */
const lastInstant = 8_640_000_000_000_000n

/** Makes instants of whole numbers of a unit since 1970: of whole microseconds, within ECMAScript's dates. */
export const instants = (values: Numbers, unit: Unit): Made<Float64Array> => {
  if (values instanceof Float32Array || values instanceof Float64Array) return { bad: 0 }
  const { millis, per } = units[unit]
  const all = new Float64Array(values.length)
  for (let place = 0; place < values.length; place++) {
    const value = BigInt(values[place]) * millis
    const whole = value / per
    if (whole > lastInstant || whole < -lastInstant || (unit === "ns" && value % 1000n !== 0n)) return { bad: place }
    all[place] = Number(whole) + Number(value % per) / Number(per)
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
