/**
 * Finding rows that hold the same: by a hash of what they hold, made column by column, and then by what they hold, so that
 * no two rows are called equal because their hashes are.
 */
import * as Column from "../../Column.ts"
import * as RowId from "../../RowId.ts"
import type { Table } from "../../Table.ts"
import * as Radix from "../statistics/radix.ts"

/** A column's numbers as 32-bit words, so many to a row; texts as hashes of them. */
interface Words {
  readonly words: Uint32Array | Int32Array | Uint8Array
  readonly width: number
}

const wordsOf = (table: Table, name: string): Words => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const values = named[name]
  const width = Column.width(table.columns[name])
  if (RowId.isTexts(values)) return { words: Int32Array.from(values, hashOf), width: 1 }
  if (values instanceof Uint8Array || values instanceof Int32Array) return { words: values, width }
  const perNumber = values.BYTES_PER_ELEMENT / 4
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length * perNumber)
  return { words, width: width * perNumber }
}

/** The FNV-1a hash of a text's UTF-16 units. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let place = 0; place < text.length; place++) hash = Math.imul(hash ^ text.charCodeAt(place), 0x01000193)
  return hash
}

const textsOf = (table: Table, name: string): ReadonlyArray<string> => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const values = named[name]
  return RowId.isTexts(values) ? values : []
}

/** Hashes what the rows hold in the columns named: 53 bits as a whole number. */
export const keysOf = (table: Table, names: ReadonlyArray<string>): Float64Array => {
  const high = new Int32Array(table.length).fill(0x2545f491)
  const low = new Int32Array(table.length).fill(0x1b873593)
  for (const name of names) {
    const { width, words } = wordsOf(table, name)
    for (let row = 0, at = 0; row < table.length; row++) {
      let [h, l] = [high[row], low[row]]
      for (let index = 0; index < width; index++, at++) {
        const word = words[at]
        h = Math.imul(h ^ word, 0x85ebca6b)
        h ^= h >>> 15
        l = Math.imul(l ^ word, 0xc2b2ae35)
        l ^= l >>> 13
        l = (l + h) | 0
      }
      high[row] = h
      low[row] = l
    }
  }
  const keys = new Float64Array(table.length)
  for (let row = 0; row < keys.length; row++) {
    const h = Math.imul(high[row] ^ (high[row] >>> 16), 0x21f0aaad)
    const l = Math.imul(low[row] ^ (low[row] >>> 16), 0x735a2d97)
    keys[row] = ((h ^ (h >>> 15)) >>> 0) * 2 ** 21 + ((l ^ (l >>> 15)) >>> 11)
  }
  return keys
}

/** Tells whether a row of one table and a row of another of the same columns hold the same, bit by bit. */
export const equality = (
  left: Table,
  right: Table,
  names: ReadonlyArray<string>
): ((leftRow: number, rightRow: number) => boolean) => {
  const columns = names.map((name): readonly [Words, Words] => [wordsOf(left, name), wordsOf(right, name)])
  const texts = names
    .filter((name) => left.columns[name].kind === "text")
    .map((name) => [textsOf(left, name), textsOf(right, name)] as const)
  return (leftRow, rightRow) => {
    for (const [a, b] of columns) {
      const [start, other] = [leftRow * a.width, rightRow * b.width]
      for (let index = 0; index < a.width; index++) {
        if (a.words[start + index] !== b.words[other + index]) return false
      }
    }
    return texts.every(([a, b]) => a[leftRow] === b[rightRow])
  }
}

/** Groups rows by a key and an equality; only groups of two or more, each in the rows' order, the first row's first. */
export const groups = (
  keys: Float64Array,
  areEqual: (left: number, right: number) => boolean
): ReadonlyArray<ReadonlyArray<number>> => {
  const sorted = Radix.sort(keys.slice())
  const repeated = new Set<number>()
  for (let place = 1; place < sorted.length; place++) {
    if (sorted[place] === sorted[place - 1]) repeated.add(sorted[place])
  }
  if (repeated.size === 0) return []
  const found = new Map<number, Array<Array<number>>>()
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row]
    if (!repeated.has(key)) continue
    const alike = found.get(key)
    if (alike === undefined) {
      found.set(key, [[row]])
      continue
    }
    const group = alike.find(([first]) => areEqual(first, row))
    if (group === undefined) alike.push([row])
    else group.push(row)
  }
  return [...found.values()].flat().filter((group) => group.length > 1)
}
