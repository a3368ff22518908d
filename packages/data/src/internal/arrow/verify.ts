/**
 * Checks flatbuffers as Arrow IPC files use them before `apache-arrow` 21.2 reads one, which believes every length it
 * finds: one flipped bit there makes it loop for hours or fill the memory. Every table, vector and text must lie inside
 * the bytes that were read for it.
 */

/** What a field of a flatbuffers table refers to; numbers in the table itself need no check. */
type Reference =
  | { readonly kind: "text" }
  | { readonly kind: "table"; readonly of: () => Shape }
  | { readonly kind: "tables"; readonly of: () => Shape }
  | { readonly kind: "items"; readonly size: number }

/** The fields of a table that refer to something, by their number in Arrow's .fbs files. */
export type Shape = Readonly<Record<number, Reference>>

const text: Reference = { kind: "text" }
export const items = (size: number): Reference => ({ kind: "items", size })
export const table = (of: () => Shape): Reference => ({ kind: "table", of })
export const tables = (of: () => Shape): Reference => ({ kind: "tables", of })

export const KeyValue: Shape = { 0: text, 1: text }
export const noReferences: Shape = {}
const DictionaryEncoding: Shape = { 1: table(() => noReferences) }
const Field: Shape = { 0: text, 4: table(() => DictionaryEncoding), 5: tables(() => Field), 6: tables(() => KeyValue) }
export const Schema: Shape = { 1: tables(() => Field), 2: tables(() => KeyValue), 3: items(8) }

/** The tables of types that refer to something: timestamps to a zone's name, unions to numbers. */
const typeShapes: Readonly<Record<number, Shape>> = { 10: { 1: text }, 14: { 1: items(4) } }

/** Columns nest no deeper than this. */
const deepest = 64

class Damaged extends Error {}

/** Throws where something is damaged. */
export const demand = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Damaged(`its metadata is damaged: ${what}`)
}

/** Bytes, and how to look at them. */
export interface Reader {
  readonly view: DataView
  /** Checks that so many bytes lie inside, and counts a visit: what is visited again and again is damaged too. */
  readonly inside: (at: number, size: number, what: string) => void
}

/** Makes a reader of some bytes of a file. */
export const reader = (bytes: Uint8Array): Reader => {
  let visits = 4 * bytes.length + 1000
  return {
    view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    inside: (at, size, what) => {
      demand(visits-- > 0, "it refers to itself")
      demand(
        Number.isSafeInteger(at) && at >= 0 && size >= 0 && at + size <= bytes.length,
        `${what} is outside the file`
      )
    }
  }
}

/** A whole number of 64 bits. */
export const long = ({ view }: Reader, at: number): number => Number(view.getBigInt64(at, true))

/** Where a field of a table lies, or 0 where the table has it not. */
export const fieldOf = (file: Reader, at: number, field: number): number => {
  const vtable = at - file.view.getInt32(at, true)
  const size = file.view.getUint16(vtable, true)
  const place = 4 + 2 * field < size ? file.view.getUint16(vtable + 4 + 2 * field, true) : 0
  if (place !== 0) file.inside(at + place, 1, "a field")
  return place === 0 ? 0 : at + place
}

/** Verifies a table and what it refers to. */
export const verifyTable = (file: Reader, at: number, shape: Shape, depth: number): void => {
  demand(depth < deepest, "it nests too deep")
  file.inside(at, 4, "a table")
  const vtable = at - file.view.getInt32(at, true)
  file.inside(vtable, 4, "a table's list of fields")
  const size = file.view.getUint16(vtable, true)
  demand(size >= 4 && size % 2 === 0, "a table's list of fields has no length")
  file.inside(vtable, size, "a table's list of fields")
  file.inside(at, file.view.getUint16(vtable + 2, true), "a table")
  for (const [field, reference] of Object.entries(shape)) {
    const place = fieldOf(file, at, Number(field))
    if (place !== 0) verifyReference(file, place + file.view.getUint32(place, true), reference, depth)
  }
  if (shape !== Field) return
  const [kind, type] = [fieldOf(file, at, 2), fieldOf(file, at, 3)]
  if (kind === 0 || type === 0) return
  const typeShape = typeShapes[file.view.getUint8(kind)] ?? noReferences
  verifyTable(file, type + file.view.getUint32(type, true), typeShape, depth + 1)
}

const verifyReference = (file: Reader, at: number, reference: Reference, depth: number): void => {
  if (reference.kind === "table") return verifyTable(file, at, reference.of(), depth + 1)
  file.inside(at, 4, "a list")
  const count = file.view.getUint32(at, true)
  const size = reference.kind === "text" ? 1 : reference.kind === "items" ? reference.size : 4
  file.inside(at + 4, count * size, "a list")
  if (reference.kind !== "tables") return
  for (let index = 0; index < count; index++) {
    const item = at + 4 + 4 * index
    verifyTable(file, item + file.view.getUint32(item, true), reference.of(), depth + 1)
  }
}

/** Verifies the root table of a flatbuffer and returns where it lies. */
export const verifyRoot = (file: Reader, at: number, shape: Shape): number => {
  file.inside(at, 4, "a message")
  const root = at + file.view.getUint32(at, true)
  verifyTable(file, root, shape, 0)
  return root
}

/** Visits the items of a list that a field refers to. */
export const forEachItem = (file: Reader, place: number, size: number, use: (at: number) => void): void => {
  if (place === 0) return
  const at = place + file.view.getUint32(place, true)
  const count = file.view.getUint32(at, true)
  for (let index = 0; index < count; index++) use(at + 4 + size * index)
}
