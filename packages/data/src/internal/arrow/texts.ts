/** Texts out of Arrow columns: their own, or those of a dictionary, which are looked up once. */
import * as Arrow from "apache-arrow"
import { isUtf8 } from "node:buffer"
import * as Utf8 from "../columns/utf8.ts"

/** A text for each row, or nothing where there is none. */
export type Texts = ReadonlyArray<string | undefined>

/** Tells whether a type's values are texts, or places in a dictionary of them. */
export const isText = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isUtf8(type) ||
  Arrow.DataType.isLargeUtf8(type) ||
  Arrow.DataType.isUtf8View(type) ||
  (Arrow.DataType.isDictionary(type) && isText(type.dictionary))

/** Which rows are there, a 1 or a 0 for each; undefined where all are. */
export const presence = ({ length, nullBitmap, nullCount, offset }: Arrow.Data): Uint8Array | undefined => {
  if (nullCount === 0) return undefined
  const there = new Uint8Array(length)
  for (let row = 0; row < length; row++) there[row] = (nullBitmap[(offset + row) >> 3] >> ((offset + row) & 7)) & 1
  return there
}

/** Reads the texts of rows, and booleans as such; what is no UTF-8 is none. A byte order mark at a text's start is part of it. */
export const of = (rows: Arrow.Data): Texts => {
  const { type, valueOffsets, values } = rows
  if (Arrow.DataType.isUtf8(type) || (Arrow.DataType.isLargeUtf8(type) && values.length < 2 ** 31)) {
    const offsets: Int32Array = Arrow.DataType.isUtf8(type) ? valueOffsets : Int32Array.from(valueOffsets, Number)
    const texts: Array<string | undefined> = Utf8.decode({ bytes: values, offsets })
    const [first] = offsets
    const areTexts = isUtf8(values.subarray(0, offsets[texts.length] - first))
    const isWithin = (offset: number) => (values[offset - first] & 0xc0) === 0x80 // a character
    const there = presence(rows)
    for (let row = 0; row < texts.length; row++) {
      const [from, to] = [offsets[row], offsets[row + 1]]
      const isText = areTexts && !isWithin(from) && !isWithin(to)
      if (there?.[row] === 0 || !(isText || isUtf8(values.subarray(from - first, to - first)))) texts[row] = undefined
    }
    return texts
  }
  const vector = new Arrow.Vector([rows])
  return Array.from({ length: rows.length }, (_, row) => {
    const value: unknown = vector.get(row)
    return typeof value === "string" || typeof value === "boolean" ? String(value) : undefined
  })
}

/** Makes a function that gives what a dictionary's entries become; parts that it had before are not made again. */
export const entries = <A>(
  make: (texts: Texts) => ReadonlyArray<A>
): ((dictionary: Arrow.Vector) => ReadonlyArray<A>) => {
  const parts = new WeakMap<Arrow.Data, ReadonlyArray<A>>()
  let last: { readonly dictionary: Arrow.Vector; readonly all: ReadonlyArray<A> } | undefined
  const partOf = (data: Arrow.Data): ReadonlyArray<A> => {
    const found = parts.get(data) ?? make(of(data))
    parts.set(data, found)
    return found
  }
  return (dictionary) => {
    if (last?.dictionary !== dictionary) last = { dictionary, all: dictionary.data.flatMap(partOf) }
    return last.all
  }
}
