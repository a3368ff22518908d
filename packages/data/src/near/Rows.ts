/**
 * Near rows: those that differ in at most a few columns. Each column's values become codes, exactly: equal values, after
 * rounding, have one code.
 */
import * as Column from "../Column.ts"
import * as Agreement from "../internal/near/agreement.ts"
import { add } from "../internal/rows/mix.ts"
import type { Row } from "../Near.ts"
import { isTexts, type Values } from "../RowId.ts"
import type { Table } from "../Table.ts"

/** The value of each row as something a `Map` tells apart: NaN equals NaN, and -0 equals 0. */
const identities = (column: Column.Column, values: Values, step: number | undefined) => {
  if (isTexts(values)) return (row: number) => values[row]
  if (column.kind !== "tensor") {
    return step === undefined ? (row: number) => values[row] : (row: number) => Math.round(values[row] / step)
  }
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength)
  const size = Column.width(column) * values.BYTES_PER_ELEMENT
  return (row: number) => bytes.toString("latin1", row * size, (row + 1) * size)
}

/** Writes a column's codes, and says how many there are. */
const encode = (identity: (row: number) => unknown, words: Uint32Array, place: number, places: number): number => {
  const codes = new Map<unknown, number>()
  for (let row = 0; row * places < words.length; row++) {
    const value = identity(row)
    const code = codes.get(value) ?? codes.size
    if (code === codes.size) codes.set(value, code)
    words[row * places + place] = code
  }
  return codes.size
}

/**
 * Deals columns out to the parts of a cut, those with the most values first, so that no part is of constants only if that
 * can be: rows that share nothing but constants are not worth comparing.
 */
const spread = (counts: ReadonlyArray<number>, { parts }: Agreement.Cut): ReadonlyArray<number> => {
  const order = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b)
  const slots = parts.flatMap(([start, end], part) =>
    Array.from({ length: end - start }, (_, turn) => ({ place: start + turn, turn, part }))
  )
  const dealt: Array<number> = []
  slots.sort((a, b) => a.turn - b.turn || a.part - b.part).forEach(({ place }, turn) => (dealt[place] = order[turn]))
  return dealt
}

/** Makes codes of the columns named, and says how to compare rows by them. */
export const rowsOf = (
  table: Table,
  names: ReadonlyArray<string>,
  round: Row["round"],
  differing: number
): Agreement.Rows => {
  const { length } = table
  const places = names.length
  const words = new Uint32Array(length * places)
  const named: Readonly<Record<string, Values>> = table.values
  const steps = new Map(round.map(({ column, step }) => [column, step]))
  const counts = names.map((name, place) =>
    encode(identities(table.columns[name], named[name], steps.get(name)), words, place, places)
  )
  const bits = counts.reduce((sum, count) => sum + Math.log2(Math.max(1, count)), 0)
  const dealt = spread(counts, Agreement.cut(places, bits, differing, length))
  return {
    length,
    places,
    bits,
    hash: (row, start, end) => {
      let hash = start
      for (let place = start; place < end; place++) hash = add(hash, words[row * places + dealt[place]])
      return hash
    },
    isNear: (first, second) => {
      let found = 0
      for (let place = 0; place < places; place++) {
        if (words[first * places + place] !== words[second * places + place] && ++found > differing) return false
      }
      return true
    }
  }
}

/** Prepares the comparison of rows, or says why they cannot be compared. */
export const of = ({ columns, differing, round }: Row, table: Table) => {
  const names = columns.length === 0 ? Object.keys(table.columns) : columns
  const rounded = round.map(({ column }) => column)
  const unknown = [...names, ...rounded].find((name) => table.columns[name] === undefined)
  if (unknown !== undefined) return { column: unknown, reason: "is no column" }
  const unrounded = rounded.find((name) => !table.columns[name].kind.endsWith("float"))
  if (unrounded !== undefined) {
    return { column: unrounded, reason: `is a ${table.columns[unrounded].kind} column; floats are rounded` }
  }
  if (differing >= names.length) {
    return {
      column: names.join(),
      reason: `are ${names.length} columns: rows that may differ in ${differing} are all near`
    }
  }
  const rows = rowsOf(table, names, round, differing)
  return {
    components: () => Agreement.components(rows, differing),
    pairs: (visit: (first: number, second: number) => void) => Agreement.pairs(rows, differing, visit)
  }
}
