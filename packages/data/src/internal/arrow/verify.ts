/**
 * Checks the metadata of an Arrow IPC file or stream before `apache-arrow` 21.2 reads it, which believes every length it
 * finds: one flipped bit there makes it loop for hours or fill the memory. Every table, vector, text and buffer must lie
 * inside the file, and no column may claim more values than its bytes have bits.
 */

/** What a field of a flatbuffers table refers to; numbers in the table itself need no check. */
type Reference =
  | { readonly kind: "text" }
  | { readonly kind: "table"; readonly of: () => Shape }
  | { readonly kind: "tables"; readonly of: () => Shape }
  | { readonly kind: "items"; readonly size: number }

/** The fields of a table that refer to something, by their number in Arrow's .fbs files. */
type Shape = Readonly<Record<number, Reference>>

const text: Reference = { kind: "text" }
const items = (size: number): Reference => ({ kind: "items", size })
const table = (of: () => Shape): Reference => ({ kind: "table", of })
const tables = (of: () => Shape): Reference => ({ kind: "tables", of })

const KeyValue: Shape = { 0: text, 1: text }
const noReferences: Shape = {}
const DictionaryEncoding: Shape = { 1: table(() => noReferences) }
const Field: Shape = { 0: text, 4: table(() => DictionaryEncoding), 5: tables(() => Field), 6: tables(() => KeyValue) }
const Schema: Shape = { 1: tables(() => Field), 2: tables(() => KeyValue), 3: items(8) }
const RecordBatch: Shape = { 1: items(16), 2: items(16), 3: table(() => noReferences), 4: items(8) }
const DictionaryBatch: Shape = { 1: table(() => RecordBatch) }
const Footer: Shape = { 1: table(() => Schema), 2: items(24), 3: items(24), 4: tables(() => KeyValue) }

/** The tables of types that refer to something: timestamps to a zone's name, unions to numbers. */
const typeShapes: Readonly<Record<number, Shape>> = { 10: { 1: text }, 14: { 1: items(4) } }

/** Columns nest no deeper than this. */
const deepest = 64

class Damaged extends Error {}

const demand = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Damaged(`its metadata is damaged: ${what}`)
}

/** What was found: how many rows the messages hold (a reader that finds fewer has lost some), and where these lie. */
export interface Verified {
  readonly rows: number
  readonly messages: ReadonlyArray<Message>
}

/** Throws where the metadata refers to what is not there. */
export const verify = (bytes: Uint8Array): Verified => {
  const file = reader(bytes)
  const isFile = bytes.length >= 6 && String.fromCharCode(...bytes.subarray(0, 6)) === "ARROW1"
  return isFile ? verifyFile(bytes, file) : verifyStream(file, 0, bytes.length, true)
}

/** Bytes, and how to look at them. */
export interface Reader {
  readonly view: DataView
  /** Checks that so many bytes lie inside, and counts a visit: what is visited again and again is damaged too. */
  readonly inside: (at: number, size: number, what: string) => void
}

/** Makes a reader of a file. */
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
  if (place !== 0) file.inside(at + place, 4, "a field")
  return place === 0 ? 0 : at + place
}

const verifyTable = (file: Reader, at: number, shape: Shape, depth: number): void => {
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
const verifyRoot = (file: Reader, at: number, shape: Shape): number => {
  file.inside(at, 4, "a message")
  const root = at + file.view.getUint32(at, true)
  verifyTable(file, root, shape, 0)
  return root
}

/** A message: where its metadata lies, how long that is, and where its body ends. */
export interface Message {
  readonly at: number
  readonly size: number
  readonly end: number
  readonly kind: number
  /** Where the table of the whole message lies. */
  readonly root: number
  readonly rows: number
  /** Where the table of its batch lies, if its body is compressed. */
  readonly batch: number | undefined
}

/** The kinds of messages that there are. */
const schemaMessage = 1
const dictionaryMessage = 2
const batchMessage = 3

/** Verifies the message at a place, which is of one of the kinds, and returns where its body ends. */
const verifyMessage = (file: Reader, at: number, size: number, kinds: ReadonlyArray<number>): Message => {
  file.inside(at, size, "a message")
  const root = verifyRoot(file, at, { 4: tables(() => KeyValue) })
  const [kind, header, length] = [fieldOf(file, root, 1), fieldOf(file, root, 2), fieldOf(file, root, 3)]
  if (length !== 0) file.inside(length, 8, "a message's length")
  const body = length === 0 ? 0 : long(file, length)
  file.inside(at + size, body, "a message's body")
  const type = kind === 0 || header === 0 ? 0 : file.view.getUint8(kind)
  demand(kinds.includes(type), `a message of kind ${type} stands where none may`)
  const content = header + file.view.getUint32(header, true)
  if (type === schemaMessage) verifyTable(file, content, Schema, 0)
  if (type === schemaMessage) return { at, size, end: at + size + body, kind: type, root, rows: 0, batch: undefined }
  if (type === dictionaryMessage) verifyTable(file, content, DictionaryBatch, 0)
  const data = type === dictionaryMessage ? fieldOf(file, content, 1) : 0
  demand(type === batchMessage || data !== 0, "a dictionary is missing")
  const batch = type === batchMessage ? content : data + file.view.getUint32(data, true)
  const { isPacked, rows } = verifyBatch(file, batch, body)
  return {
    at,
    size,
    end: at + size + body,
    kind: type,
    root,
    rows: type === batchMessage ? rows : 0,
    batch: isPacked ? batch : undefined
  }
}

/** Verifies a batch. How many values a compressed one may have is known when it is unpacked, and verified again. */
const verifyBatch = (file: Reader, at: number, body: number): { readonly rows: number; readonly isPacked: boolean } => {
  verifyTable(file, at, RecordBatch, 0)
  const isPacked = fieldOf(file, at, 3) !== 0
  const most = isPacked ? Number.MAX_SAFE_INTEGER : 8 * body
  const place = fieldOf(file, at, 0)
  if (place !== 0) file.inside(place, 8, "a number of rows")
  const rows = place === 0 ? 0 : long(file, place)
  let columns = 0
  forEachItem(file, fieldOf(file, at, 1), 16, (node) => {
    const [length, nulls] = [long(file, node), long(file, node + 8)]
    demand(length >= 0 && length <= most && nulls >= 0 && nulls <= length, `a column has ${length} values`)
    // the first is a column and no part of one; apache-arrow would cut it to the batch's rows, or make rows up
    demand(columns++ > 0 || length === rows, `a batch of ${rows} rows has a column of ${length}`)
  })
  demand(rows === 0 || columns > 0, `a batch has ${rows} rows and no columns`)
  forEachItem(file, fieldOf(file, at, 2), 16, (buffer) => {
    const [offset, length] = [long(file, buffer), long(file, buffer + 8)]
    demand(offset >= 0 && length >= 0 && offset + length <= body, "a column lies outside its batch")
  })
  return { rows, isPacked }
}

/** Visits the items of a list that a field refers to. */
export const forEachItem = (file: Reader, place: number, size: number, use: (at: number) => void): void => {
  if (place === 0) return
  const at = place + file.view.getUint32(place, true)
  const count = file.view.getUint32(at, true)
  for (let index = 0; index < count; index++) use(at + 4 + size * index)
}

/** Before a message stand a mark (since Arrow 0.15) and its length; a length of 0 is the end. */
const verifyStream = (file: Reader, start: number, end: number, needsEnd: boolean): Verified => {
  let at = start
  const messages: Array<Message> = []
  const verified = () => ({ messages, rows: messages.reduce((sum, { rows }) => sum + rows, 0) })
  while (at + 4 <= end) {
    const isMarked = file.view.getInt32(at, true) === -1
    if (isMarked) at += 4
    file.inside(at, 4, "a message's length")
    const size = file.view.getInt32(at, true)
    if (size === 0) {
      demand(at + 4 === end, "it goes on behind its end")
      return verified()
    }
    demand(size > 0, "a message has no length")
    const message = verifyMessage(file, at + 4, size, [schemaMessage, dictionaryMessage, batchMessage])
    at = message.end
    messages.push(message)
  }
  demand(!needsEnd && at === end, "it has no end: it may be cut off")
  return verified()
}

/** A file is a stream between its first eight bytes and its footer; behind that, the footer's length and six letters. */
const verifyFile = (bytes: Uint8Array, file: Reader): Verified => {
  const end = bytes.length - 10
  file.inside(end, 10, "the end of the file")
  const size = file.view.getInt32(end, true)
  demand(size > 0, "the footer has no length")
  file.inside(end - size, size, "the footer")
  const footer = verifyRoot(file, end - size, Footer)
  let rows = 0
  // a block of another kind makes apache-arrow 21.2 read it again and again
  for (const { field, kind } of [
    { field: 2, kind: dictionaryMessage },
    { field: 3, kind: batchMessage }
  ]) {
    forEachItem(file, fieldOf(file, footer, field), 24, (block) => {
      const [start, metadata] = [long(file, block), file.view.getInt32(block + 8, true)]
      file.inside(start, 8, "a block")
      const head = file.view.getInt32(start, true) === -1 ? 8 : 4
      demand(metadata > head, "a block has no length")
      rows += verifyMessage(file, start + head, metadata - head, [kind]).rows
    })
  }
  const there = verifyStream(file, 8, end - size, false)
  demand(rows === there.rows, `its footer lists ${rows} of ${there.rows} rows`)
  return there
}
