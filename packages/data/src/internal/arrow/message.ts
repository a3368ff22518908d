/**
 * The messages that Arrow IPC files and streams consist of: what their verified metadata says of the body behind it. No
 * column may claim more values than the body has bits.
 */
import {
  demand,
  fieldOf,
  forEachItem,
  items,
  KeyValue,
  long,
  noReferences,
  reader,
  type Reader,
  Schema,
  type Shape,
  table,
  tables,
  verifyRoot,
  verifyTable
} from "./verify.ts"

const RecordBatch: Shape = { 1: items(16), 2: items(16), 3: table(() => noReferences), 4: items(8) }
const DictionaryBatch: Shape = { 1: table(() => RecordBatch) }
const FooterTable: Shape = { 1: table(() => Schema), 2: items(24), 3: items(24), 4: tables(() => KeyValue) }

/** How a body's buffers are compressed, each on its own. */
export type Codec = "lz4" | "zstd"

/** Columns of as many rows. */
export interface Batch {
  readonly rows: number
  /** Of each column, and each part of one, how many values it has and how many of them are null. */
  readonly nodes: Float64Array
  /** Of each buffer, where in the body it starts and how long it is. */
  readonly buffers: Float64Array
  /** How many buffers each column of views has besides its own. */
  readonly variadic: Float64Array
  readonly codec: Codec | undefined
  /** Before version 5 unions say which of their rows are there. */
  readonly version: number
}

/** The columns there are. */
export interface SchemaMessage {
  readonly _tag: "Schema"
  /** A stream or file of these columns that has no rows. */
  readonly empty: Uint8Array
}

/** Some rows. */
export interface BatchMessage {
  readonly _tag: "Batch"
  readonly batch: Batch
}

/** What a dictionary holds, or what it holds besides. */
export interface DictionaryMessage {
  readonly _tag: "Dictionary"
  readonly id: number
  readonly isDelta: boolean
  readonly batch: Batch
}

/** A message. */
export type Message = (SchemaMessage | BatchMessage | DictionaryMessage) & { readonly bodyLength: number }

/** Verifies a message's metadata and reads it; throws where that is damaged. */
export const read = (metadata: Uint8Array): Message => {
  const file = reader(metadata)
  const root = verifyRoot(file, 0, { 4: tables(() => KeyValue) })
  const [kind, header, length] = [fieldOf(file, root, 1), fieldOf(file, root, 2), fieldOf(file, root, 3)]
  if (length !== 0) file.inside(length, 8, "a message's length")
  const bodyLength = length === 0 ? 0 : long(file, length)
  demand(bodyLength >= 0 && Number.isSafeInteger(bodyLength), "a message's body has no length")
  const type = kind === 0 || header === 0 ? 0 : file.view.getUint8(kind)
  demand(type >= 1 && type <= 3, `a message of kind ${type} stands where none may`)
  const content = header + file.view.getUint32(header, true)
  if (type === 1) {
    verifyTable(file, content, Schema, 0)
    return { _tag: "Schema", empty: framed(metadata), bodyLength }
  }
  const place = fieldOf(file, root, 0)
  const version = place === 0 ? 0 : file.view.getInt16(place, true)
  if (type === 3) return { _tag: "Batch", batch: batchOf(file, content, bodyLength, version), bodyLength }
  verifyTable(file, content, DictionaryBatch, 0)
  const [id, data, isDelta] = [fieldOf(file, content, 0), fieldOf(file, content, 1), fieldOf(file, content, 2)]
  if (id !== 0) file.inside(id, 8, "a dictionary's number")
  demand(data !== 0, "a dictionary is missing")
  return {
    _tag: "Dictionary",
    id: id === 0 ? 0 : long(file, id),
    isDelta: isDelta !== 0 && file.view.getUint8(isDelta) !== 0,
    batch: batchOf(file, data + file.view.getUint32(data, true), bodyLength, version),
    bodyLength
  }
}

/** Verifies a batch. How many values a compressed one may have is known when its buffers are. */
const batchOf = (file: Reader, at: number, bodyLength: number, version: number): Batch => {
  verifyTable(file, at, RecordBatch, 0)
  const codec = codecOf(file, fieldOf(file, at, 3))
  const most = codec === undefined ? 8 * bodyLength : Number.MAX_SAFE_INTEGER
  const place = fieldOf(file, at, 0)
  if (place !== 0) file.inside(place, 8, "a number of rows")
  const rows = place === 0 ? 0 : long(file, place)
  const nodes = pairsOf(file, fieldOf(file, at, 1))
  for (let node = 0; node < nodes.length; node += 2) {
    const [length, nulls] = [nodes[node], nodes[node + 1]]
    demand(length >= 0 && length <= most && nulls >= 0 && nulls <= length, `a column has ${length} values`)
  }
  // the first is a column and no part of one
  demand(nodes.length === 0 || nodes[0] === rows, `a batch of ${rows} rows has a column of ${nodes[0]}`)
  demand(rows === 0 || nodes.length > 0, `a batch has ${rows} rows and no columns`)
  const buffers = pairsOf(file, fieldOf(file, at, 2))
  for (let buffer = 0; buffer < buffers.length; buffer += 2) {
    const [offset, length] = [buffers[buffer], buffers[buffer + 1]]
    demand(offset >= 0 && length >= 0 && offset + length <= bodyLength, "a column lies outside its batch")
    demand(codec !== undefined || length === 0 || offset % 8 === 0, "a column lies between multiples of eight bytes")
  }
  const variadic: Array<number> = []
  forEachItem(file, fieldOf(file, at, 4), 8, (count) => variadic.push(long(file, count)))
  demand(
    variadic.every((count) => count >= 0 && count <= buffers.length),
    "a column has more buffers than there are"
  )
  return { rows, nodes, buffers, variadic: Float64Array.from(variadic), codec, version }
}

const codecOf = (file: Reader, place: number): Codec | undefined => {
  if (place === 0) return undefined
  const at = place + file.view.getUint32(place, true)
  const [kind, method] = [fieldOf(file, at, 0), fieldOf(file, at, 1)]
  if (method !== 0 && file.view.getUint8(method) !== 0)
    throw new Error("it is compressed by a method that is not known")
  const codec = kind === 0 ? 0 : file.view.getUint8(kind)
  if (codec > 1) throw new Error(`it is compressed by a codec (${codec}) that is not known`)
  return codec === 0 ? "lz4" : "zstd"
}

/** The pairs of whole numbers in a list. */
const pairsOf = (file: Reader, place: number): Float64Array => {
  if (place === 0) return new Float64Array(0)
  const pairs = new Float64Array(2 * file.view.getUint32(place + file.view.getUint32(place, true), true))
  let at = 0
  forEachItem(file, place, 16, (item) => {
    pairs[at++] = long(file, item)
    pairs[at++] = long(file, item + 8)
  })
  return pairs
}

/** A stream of one message. */
const framed = (metadata: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(16 + metadata.length)
  const view = new DataView(bytes.buffer)
  view.setInt32(0, -1, true)
  view.setInt32(4, metadata.length, true)
  bytes.set(metadata, 8)
  view.setInt32(8 + metadata.length, -1, true)
  return bytes
}

/** What a file's footer says. */
export interface Footer {
  readonly schema: SchemaMessage
  /** Where its dictionaries and batches start, in the order in which they lie there. */
  readonly starts: Float64Array
}

/** Verifies a file's footer and reads it. */
export const footer = (bytes: Uint8Array): Footer => {
  const file = reader(bytes)
  const root = verifyRoot(file, 0, FooterTable)
  const lists = [fieldOf(file, root, 2), fieldOf(file, root, 3)]
  const starts: Array<number> = []
  for (const list of lists) {
    let before = 0
    forEachItem(file, list, 24, (block) => {
      const start = long(file, block)
      demand(start > before, "its footer lists rows in another order")
      starts.push(start)
      before = start
    })
  }
  const mark = new TextEncoder().encode("ARROW1")
  const empty = new Uint8Array(18 + bytes.length)
  empty.set(mark)
  empty.set(bytes, 8)
  const view = new DataView(empty.buffer)
  for (const list of lists) if (list !== 0) view.setUint32(8 + list + file.view.getUint32(list, true), 0, true)
  view.setInt32(8 + bytes.length, bytes.length, true)
  empty.set(mark, 12 + bytes.length)
  return { schema: { _tag: "Schema", empty }, starts: Float64Array.from(starts).sort() }
}
