/**
 * Columns that need not be in memory. A table's values are an object of typed arrays, in which a property may be one that
 * reads its array from a file, or gathers it from another column, when somebody asks for it. Such an array is kept only as
 * long as somebody uses it. What goes over whole columns takes them block by block from here, so that it needs the memory
 * of a block, and copies values by `merge`: `{ ...values }` reads every column.
 */
import { type Numbers, type Values, isTexts } from "../../RowId.ts"

/** A column that is read when it is needed. */
export interface Lazy<V extends Numbers = Numbers> {
  readonly Values: { new (length: number): V }
  /** How many numbers it has. */
  readonly length: number
  /**
   * Gives all numbers in order; a block is the reader's until the next one, and holds whole rows. What gathers its numbers
   * gives as many at a time as one wishes.
   */
  readonly blocks: (numbers?: number) => Iterable<V>
  /** Copies the numbers from `start` on; not there where only going through all of them is possible. */
  read?(start: number, into: V): void
}

/** A column of texts that is read when it is needed. */
export interface LazyTexts {
  readonly Values: ArrayConstructor
  readonly length: number
  /** About how many bytes they have in UTF-8. */
  readonly byteLength: number
  /** Gives all texts in order, block by block. */
  readonly blocks: () => Iterable<ReadonlyArray<string>>
}

/** A column, in memory or not. */
export type Entry<V extends Values = Values> =
  | V
  | Lazy<Extract<V, Numbers>>
  | (ReadonlyArray<string> extends V ? LazyTexts : never)

const lazyOf = new WeakMap<object, Readonly<Record<string, Lazy | LazyTexts>>>()

/** Tells whether a column is not in memory. */
export const isLazy = <V extends Numbers>(
  entry: Values | Lazy<V> | LazyTexts | undefined
): entry is Lazy<V> | LazyTexts => entry !== undefined && "blocks" in entry

/** Tells whether a column that is not in memory is of texts. */
export const isLazyTexts = (lazy: Lazy | LazyTexts): lazy is LazyTexts => lazy.Values === Array

/** Tells whether a column is of texts, in memory or not. */
export const isTextual = (entry: Entry): entry is ReadonlyArray<string> | LazyTexts =>
  isLazy(entry) ? isLazyTexts(entry) : isTexts(entry)

/** Blocks hold about this many numbers. */
export const blockSize = 131_072

/** Reads a whole column. */
export const whole = <V extends Values>(entry: Entry<V>): V => {
  if (!isLazy(entry)) return entry
  const values: Values = isLazyTexts(entry) ? Array.from(entry.blocks()).flat() : all(entry)
  return values as V // what the entry has
}

const all = <V extends Numbers>(entry: Lazy<V>): V => {
  let out: V | undefined
  if (entry.read !== undefined) {
    out = new entry.Values(entry.length)
    entry.read(0, out)
    return out
  }
  let at = 0
  for (const block of entry.blocks(entry.length)) {
    if (block.length === entry.length) return block
    out ??= new entry.Values(entry.length)
    out.set(block as never, at) // of the same type
    at += block.length
  }
  return out ?? new entry.Values(0)
}

/** Gives a column block by block; one in memory as views. */
export function* blocks<V extends Numbers>(entry: V | Lazy<V>, width = 1): Generator<V> {
  if (isLazy(entry)) return yield* entry.blocks()
  const step = Math.max(1, Math.floor(blockSize / Math.max(1, width))) * width
  if (step === 0) return
  for (let start = 0; start < entry.length; start += step) {
    yield entry.subarray(start, start + step) as V // a view is of the same kind
  }
}

/** Texts of a block have about this many characters together. */
export const blockCharacters = 1 << 22

/** Gives a column of texts block by block. */
export function* textBlocks(entry: ReadonlyArray<string> | LazyTexts): Generator<ReadonlyArray<string>> {
  if (isLazy(entry)) return yield* entry.blocks()
  let [start, characters] = [0, 0]
  for (let row = 0; row < entry.length; row++) {
    characters += entry[row].length
    if (characters < blockCharacters && row - start < blockSize) continue
    yield entry.slice(start, row + 1)
    ;[start, characters] = [row + 1, 0]
  }
  if (start < entry.length) yield start === 0 ? entry : entry.slice(start)
}

/** Makes a property that reads when it is asked for; the array is shared by all who ask while it is in use. */
const define = (target: object, name: string, lazy: Lazy | LazyTexts): void => {
  let kept: WeakRef<Values> | undefined
  Object.defineProperty(target, name, {
    enumerable: true,
    configurable: true,
    get: () => {
      const there = kept?.deref()
      if (there !== undefined) return there
      const read = whole<Values>(lazy)
      kept = new WeakRef(read)
      return read
    }
  })
}

/** Makes an object of values of columns, in memory or not. */
export const make = (columns: Readonly<Record<string, Entry>>): Readonly<Record<string, Values>> => {
  const lazy: Record<string, Lazy | LazyTexts> = {}
  const values: Record<string, Values> = {}
  for (const [name, entry] of Object.entries(columns)) {
    if (!isLazy(entry)) values[name] = entry
    else {
      lazy[name] = entry
      define(values, name, entry)
    }
  }
  if (Object.keys(lazy).length > 0) lazyOf.set(values, lazy)
  return values
}

/** Returns a column without reading it. */
export const entry = (values: Readonly<Record<string, Values>>, name: string): Entry =>
  lazyOf.get(values)?.[name] ?? values[name]

/** Returns a property of another object that `withEntry` made without reading it. */
export const entryOf = (target: object, name: string, read: () => Values | undefined): Entry | undefined =>
  lazyOf.get(target)?.[name] ?? read()

/** Returns the columns without reading them. */
export const entries = (values: Readonly<Record<string, Values>>): Readonly<Record<string, Entry>> =>
  Object.fromEntries(Object.keys(values).map((name) => [name, entry(values, name)]))

/** Tells whether any column is not in memory. */
export const anyLazy = (values: Readonly<Record<string, Values>>): boolean => lazyOf.has(values)

/** Puts other columns in the place of some, or beside them, without reading any. */
export const merge = (
  values: Readonly<Record<string, Values>>,
  others: Readonly<Record<string, Entry>>
): Readonly<Record<string, Values>> => make({ ...entries(values), ...others })

/**
 * Makes an object with one property, `name`, that may not be in memory, beside others. A copy by `{ ...all }` leaves out
 * what is not in memory instead of reading it.
 */
export const withEntry = <T extends object>(others: T, name: string, column: Entry): T => {
  const all = { ...others }
  if (isLazy(column)) {
    define(all, name, column)
    Object.defineProperty(all, name, { enumerable: false })
    lazyOf.set(all, { [name]: column })
  } else Object.assign(all, { [name]: column })
  return all
}

const ascending = new WeakMap<Uint32Array, boolean>()

const isAscending = (rows: Uint32Array): boolean => {
  const known = ascending.get(rows)
  if (known !== undefined) return known
  let place = 1
  while (place < rows.length && rows[place] >= rows[place - 1]) place++
  ascending.set(rows, place >= rows.length)
  return place >= rows.length
}

/** The rows of a column at some places, in that order, each of `width` numbers. */
export const gathered = <V extends Numbers>(column: Lazy<V>, width: number, rows: Uint32Array): Lazy<V> => {
  const some = isAscending(rows) ? inOrder : inAnyOrder
  const length = rows.length * width
  return {
    Values: column.Values,
    length,
    blocks: (numbers = blockSize) => some(column, width, rows, Math.max(1, Math.floor(numbers / Math.max(1, width))))
  }
}

/** The texts of a column at some places, in that order. */
const gatheredTexts = (column: LazyTexts, rows: Uint32Array): LazyTexts => ({
  ...column,
  length: rows.length,
  byteLength: column.length === 0 ? 0 : (column.byteLength * rows.length) / column.length,
  blocks: function* () {
    if (!isAscending(rows)) return yield at(whole(column), rows)
    let [next, before] = [0, 0]
    for (const block of column.blocks()) {
      const start = before
      const end = firstFrom(rows, before + block.length, next)
      if (end > next) yield Array.from(rows.subarray(next, end), (row) => block[row - start])
      before += block.length
      next = end
    }
  }
})

const at = (texts: ReadonlyArray<string>, rows: Uint32Array): ReadonlyArray<string> =>
  Array.from(rows, (row) => texts[row])

/** The first place of ascending rows that is not before a row. */
const firstFrom = (rows: Uint32Array, row: number, start: number): number => {
  let [low, high] = [start, rows.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows[middle] < row) low = middle + 1
    else high = middle
  }
  return low
}

/** Goes through the column and the ascending rows side by side; gives blocks of `size` rows. */
function* inOrder<V extends Numbers>(column: Lazy<V>, width: number, rows: Uint32Array, size: number): Generator<V> {
  const out = new column.Values(Math.min(rows.length, size) * width)
  let [next, filled, before] = [0, 0, 0]
  for (const block of column.blocks()) {
    const after = before + block.length / width
    const end = firstFrom(rows, after, next)
    while (next < end) {
      const count = Math.min(end - next, out.length / width - filled)
      gatherInto(block, width, rows, { next, count, before }, out, filled * width)
      next += count
      filled += count
      if (filled * width === out.length) {
        yield out
        filled = 0
      }
    }
    before = after
  }
  if (filled > 0) yield out.subarray(0, filled * width) as V // a view is of the same kind
}

/** Copies `count` rows from the place `next` on out of a block that begins with the row `before`. */
const gatherInto = <V extends Numbers>(
  block: V,
  width: number,
  rows: Uint32Array,
  { before, count, next }: { readonly next: number; readonly count: number; readonly before: number },
  out: V,
  at: number
): void => {
  if (width === 1) {
    for (let place = 0; place < count; place++) out[at + place] = block[rows[next + place] - before]
    return
  }
  for (let place = 0; place < count; place++) {
    const start = (rows[next + place] - before) * width
    out.set(block.subarray(start, start + width) as never, at + place * width) // of the same type
  }
}

function* inAnyOrder<V extends Numbers>(column: Lazy<V>, width: number, rows: Uint32Array, size: number): Generator<V> {
  const base = all(column)
  for (let start = 0; start < rows.length; start += size) {
    yield gather(base, width, rows.subarray(start, start + size))
  }
}

/** Returns the texts of a column at some places, in that order; those that are not in memory when they are needed. */
export const takenTexts = (entry: ReadonlyArray<string> | LazyTexts, rows: Uint32Array) =>
  isLazy(entry) ? gatheredTexts(entry, rows) : at(entry, rows)

/** Returns the rows of a column at some places, in that order; one that is not in memory is gathered when it is needed. */
export const taken = (entry: Entry, width: number, rows: Uint32Array): Entry => {
  if (isTextual(entry)) return takenTexts(entry, rows)
  return isLazy(entry) ? gathered(entry, width, rows) : gather(entry, width, rows)
}

/** Copies the rows of an array at some places, in that order. */
export const gather = <V extends Numbers>(all: V, width: number, rows: Uint32Array): V => {
  const Values = all.constructor as new (length: number) => V // a typed array's constructor makes its own kind
  const out = new Values(rows.length * width)
  if (width === 1) {
    for (let index = 0; index < rows.length; index++) out[index] = all[rows[index]]
    return out
  }
  for (let index = 0; index < rows.length; index++) {
    out.set(all.subarray(rows[index] * width, (rows[index] + 1) * width), index * width)
  }
  return out
}
