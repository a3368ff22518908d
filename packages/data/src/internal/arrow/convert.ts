/**
 * Rows of a column of an Arrow file, in whatever type its writer chose, as those of a declared column. What is in them is
 * checked, as files are not to be trusted.
 */
import * as Arrow from "apache-arrow"
import * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"
import * as Exact from "../columns/exact.ts"
import * as Sift from "../sources/sift.ts"
import * as Rows from "./rows.ts"
import * as Tensor from "./tensor.ts"
import * as Texts from "./texts.ts"

/** How rows of a column become those of a declared one. */
export interface Conversion {
  /** Whether the column's type is one that the declared column takes. */
  readonly isSuited: boolean
  /**
   * Converts rows that are all there, unless they may miss, or finds the first that the column does not take. Values that
   * are made may lie in `into`; those that are in the file already are not copied.
   */
  readonly values: (rows: Arrow.Data, into?: RowId.Numbers) => Exact.Made
  /** Converts rows that the column takes, and finds all others. */
  readonly sifted: (rows: Arrow.Data) => Sift.Sifted
}

/** Values as they lie in a file, or texts. */
type Raw = Exact.Numbers | Texts.Texts

/** Converts values that are all there, which have this dictionary. */
type Convert = (raw: Raw, dictionary: Arrow.Vector | undefined, into?: RowId.Numbers) => Exact.Made

/** Tells how a column is converted. Throws where its metadata is damaged. */
export const make = ({ metadata, type }: Arrow.Field, column: Column.Column): Conversion => {
  const complete = Column.complete(column)
  if (complete.kind === "tensor") {
    const shape = Tensor.shapeOf(type, metadata, complete)
    return {
      isSuited: shape !== undefined && Rows.isReadable(type),
      values: (rows) => Tensor.values(rows, shape ?? [], complete),
      sifted: (rows) =>
        sifted(rows, column, (start, end) =>
          Sift.rowByRow(column, start, end, (row) => Tensor.ofRow(rows, row, shape ?? [], complete))
        )
    }
  }
  const convert = conversionOf(type, metadata, complete)
  if (convert === undefined || !Rows.isReadable(type)) return unsuited
  return {
    isSuited: true,
    values: (rows, into) => values(rows, column, convert, into),
    sifted: (rows) => {
      const raw = rawOf(rows)
      return sifted(rows, column, (start, end) => convert(raw.slice(start, end), rows.dictionary))
    }
  }
}

const unsuited: Conversion = {
  isSuited: false,
  values: () => ({ bad: 0 }),
  sifted: () => ({ values: [], bad: [] })
}

const rawOf = (rows: Arrow.Data): Raw => {
  const { type } = rows
  return !Arrow.DataType.isDictionary(type) && (Texts.isText(type) || Arrow.DataType.isBool(type))
    ? Texts.of(rows)
    : (rows.values as Exact.Numbers) // integers, floats, dates, instants and places in dictionaries
}

const missingOf = (column: Column.Column): number => (column.kind === "optional category" ? -1 : Number.NaN)

/** Makes the values of rows that all miss. */
export const allMissing = (column: Column.Column, length: number): Float64Array | Int32Array =>
  (column.kind === "optional category" ? new Int32Array(length) : new Float64Array(length)).fill(missingOf(column))

/** Where a value is missing, another stands while the rest is converted: what lies in the file there may be anything. */
const values = (rows: Arrow.Data, column: Column.Column, convert: Convert, into?: RowId.Numbers): Exact.Made => {
  const there = Texts.presence(rows)
  if (there === undefined) return convert(rawOf(rows), rows.dictionary, into)
  const some = there.indexOf(1)
  if (some < 0) return { values: allMissing(column, rows.length) }
  const raw = rawOf(rows).slice()
  const places: { [row: number]: unknown } = raw // numbers of one type, or texts
  for (let row = 0; row < there.length; row++) if (there[row] === 0) places[row] = places[some]
  const made = convert(raw, rows.dictionary, into)
  if (!("values" in made)) return { bad: there[made.bad] === 1 ? made.bad : some } // which stands in the place of the missing
  const all = made.values as Float64Array // of a column that may miss: numbers, made from the copy
  for (let row = 0; row < there.length; row++) if (there[row] === 0) all[row] = missingOf(column)
  return { values: all }
}

/** Converts piece by piece what does not come out as a whole. */
const sifted = (
  rows: Arrow.Data,
  column: Column.Column,
  convert: (start: number, end: number) => Exact.Made
): Sift.Sifted => {
  const there = Texts.presence(rows)
  const missing = allMissing(column, 1)
  const one = (row: number): Exact.Made =>
    there?.[row] !== 0 ? convert(row, row + 1) : Column.isOptional(column) ? { values: missing } : { bad: 0 }
  return Sift.sift(column, rows.length, (start, end) => {
    const gap = there?.indexOf(0, start) ?? -1
    return gap < 0 || gap >= end ? convert(start, end) : Sift.rowByRow(column, start, end, one)
  })
}

/** Converts numbers; arrays are those of the column's kind. */
const ofNumbers =
  <V extends RowId.Numbers>(
    make: (values: Exact.Numbers, into: V | undefined, dictionary: Arrow.Vector | undefined) => Exact.Made
  ): Convert =>
  (raw, dictionary, into) =>
    make(raw as Exact.Numbers, into as V | undefined, dictionary) // as `rawOf` gives them for the type

/** Converts texts. */
const ofTexts =
  (make: (texts: Texts.Texts, into: Int32Array | undefined) => Exact.Made): Convert =>
  (raw, _, into) =>
    make(raw as Texts.Texts, into as Int32Array | undefined) // likewise

const conversionOf = (
  type: Arrow.DataType,
  metadata: ReadonlyMap<string, string>,
  column: Exclude<Column.Complete, Column.Tensor>
): Convert | undefined => {
  switch (column.kind) {
    case "float":
      return Tensor.isNumber(type) ? ofNumbers(Exact.floats) : undefined
    case "timestamp":
      return instants(type, metadata)
    case "category":
      return codes(type, column.levels)
    case "text":
      return texts(type)
  }
}

/** The note that tables of ours have on instants that are no whole milliseconds. */
const ownUnit = "milliseconds since 1970-01-01T00:00:00Z"

const instants = (type: Arrow.DataType, metadata: ReadonlyMap<string, string>): Convert | undefined => {
  const instantsOf = (unit: Exact.Unit) =>
    ofNumbers((values, into: Float64Array | undefined) => Exact.instants(values, unit, into))
  if (Arrow.DataType.isDate(type)) return instantsOf(type.unit === Arrow.DateUnit.DAY ? "D" : "ms")
  if (Arrow.DataType.isTimestamp(type)) return instantsOf((["s", "ms", "us", "ns"] as const)[type.unit])
  const isOwn = Arrow.DataType.isFloat(type) && metadata.get("unit") === ownUnit
  return isOwn && Tensor.isNumber(type) ? ofNumbers(Exact.floats) : undefined
}

const codes = (type: Arrow.DataType, levels: ReadonlyArray<string>): Convert | undefined => {
  if (Arrow.DataType.isDictionary(type)) {
    const byText = new Map<string | undefined, number>(levels.map((level, code) => [level, code]))
    const codesOf = Texts.entries((texts) => texts.map((text) => byText.get(text)))
    return ofNumbers((places, into: Int32Array | undefined, dictionary) => {
      const codes = dictionary === undefined ? [] : codesOf(dictionary)
      const all = into ?? new Int32Array(places.length)
      for (let row = 0; row < places.length; row++) {
        const code = codes[Number(places[row])]
        if (code === undefined) return { bad: row }
        all[row] = code
      }
      return { values: all }
    })
  }
  if (Arrow.DataType.isInt(type)) return ofNumbers(Exact.coder(levels))
  return Texts.isText(type) || Arrow.DataType.isBool(type) ? ofTexts(Exact.coderOfTexts(levels)) : undefined
}

const texts = (type: Arrow.DataType): Convert | undefined => {
  if (!Texts.isText(type)) return undefined
  if (!Arrow.DataType.isDictionary(type)) return ofTexts(Exact.texts)
  const textsOf = Texts.entries((texts) => texts)
  return ofNumbers((places, _, dictionary) => {
    const all = dictionary === undefined ? [] : textsOf(dictionary)
    return Exact.texts(Array.from(places, (place: number | bigint) => all[Number(place)]))
  })
}

/** Shows a value; short lists to a depth of three: the lengths in a damaged file may be any. */
export const show = (rows: Arrow.Data, row: number): string => {
  const { dictionary, values } = rows // of which places of 64 bits are big integers, which vectors do not take
  return shown(dictionary === undefined ? new Arrow.Vector([rows]).get(row) : dictionary.get(Number(values[row])), 3)
}

const shown = (value: unknown, depth: number): string => {
  if (!(value instanceof Arrow.Vector)) return String(value)
  if (depth === 0 || value.length > 20) return `a list of ${value.length}`
  return `[${Array.from({ length: value.length }, (_, place) => shown(value.get(place), depth - 1)).join(",")}]`
}
