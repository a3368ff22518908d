/**
 * Arrow IPC files with bodies compressed by LZ4 or ZSTD, as streams without: metadata that was verified is copied with
 * the places and lengths of what it refers to corrected, and verified again. No more than claimed is ever unpacked.
 */
import { zstdDecompressSync } from "node:zlib"
import { fieldOf, forEachItem, long, type Message, reader, type Reader } from "./verify.ts"
import * as Lz4 from "./lz4.ts"

/** What stands before a buffer that is not compressed after all, instead of its length. */
const stored = -1

const demand = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(what)
}

/** What may still be unpacked, of how much. */
interface Budget {
  readonly left: number
  readonly most: number
}

const allow = (length: number, { left, most }: Budget): void =>
  demand(length <= left, `its bodies unpack to more than ${most} bytes; give { maxBytes } if you trust it`)

/** Unpacks a file's messages into a stream, its bodies together into `maxBytes` at most. */
export const unpack = (bytes: Uint8Array, messages: ReadonlyArray<Message>, maxBytes: number): Uint8Array => {
  const parts: Array<Uint8Array> = []
  let length = 0
  for (const message of messages) {
    const [metadata, body] =
      message.batch === undefined
        ? copied(bytes, message)
        : unpacked(bytes, message, { left: maxBytes - length, most: maxBytes })
    allow(body.length, { left: maxBytes - length, most: maxBytes })
    length += body.length
    parts.push(framed(metadata), body, new Uint8Array(-body.length & 7))
  }
  parts.push(Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0))
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

const copied = (bytes: Uint8Array, { at, end, size }: Message): readonly [Uint8Array, Uint8Array] => [
  bytes.subarray(at, at + size),
  bytes.subarray(at + size, end)
]

/** A message's metadata after its mark and length, up to a multiple of eight bytes. */
const framed = (metadata: Uint8Array): Uint8Array => {
  const size = Math.ceil(metadata.length / 8) * 8
  const part = new Uint8Array(8 + size)
  const view = new DataView(part.buffer)
  view.setInt32(0, -1, true)
  view.setInt32(4, size, true)
  part.set(metadata, 8)
  return part
}

/** Where a table's list of fields lies. */
const fieldsOf = ({ view }: Reader, table: number): number => table - view.getInt32(table, true)

/** Unpacks the buffers of a batch and writes into a copy of its metadata where they lie now. */
const unpacked = (bytes: Uint8Array, message: Message, budget: Budget): readonly [Uint8Array, Uint8Array] => {
  const { at, batch = 0, end, root, size } = message
  const file = reader(bytes)
  const metadata = bytes.slice(at, at + size)
  const view = new DataView(metadata.buffer)
  const compression = fieldOf(file, batch, 3)
  const body = bytes.subarray(at + size, end)
  const codec = codecOf(file, compression + file.view.getUint32(compression, true))
  const parts: Array<Uint8Array> = []
  let length = 0
  forEachItem(file, fieldOf(file, batch, 2), 16, (buffer) => {
    const [offset, packed] = [long(file, buffer), long(file, buffer + 8)]
    const part =
      packed === 0
        ? body.subarray(0, 0)
        : bufferOf(body.subarray(offset, offset + packed), codec, { ...budget, left: budget.left - length })
    view.setBigInt64(buffer - at, BigInt(length), true)
    view.setBigInt64(buffer - at + 8, BigInt(part.length), true)
    parts.push(part)
    length += Math.ceil(part.length / 8) * 8
    allow(length, budget)
  })
  const fields = fieldsOf(file, batch)
  // tables may share their list of fields: then this one's compression cannot be taken out
  demand(fields !== fieldsOf(file, root), "its metadata is laid out as no writer does")
  view.setUint16(fields + 4 + 2 * 3 - at, 0, true)
  const place = fieldOf(file, root, 3)
  if (place !== 0) view.setBigInt64(place - at, BigInt(length), true)
  const all = new Uint8Array(length)
  let to = 0
  for (const part of parts) {
    all.set(part, to)
    to += Math.ceil(part.length / 8) * 8
  }
  return [metadata, all]
}

type Codec = (packed: Uint8Array, length: number) => Uint8Array

const codecOf = (file: Reader, table: number): Codec => {
  const [kind, method] = [fieldOf(file, table, 0), fieldOf(file, table, 1)]
  demand(method === 0 || file.view.getUint8(method) === 0, "it is compressed by a method that is not known")
  const codec = kind === 0 ? 0 : file.view.getUint8(kind)
  demand(codec === 0 || codec === 1, `it is compressed by a codec (${codec}) that is not known`)
  return codec === 0 ? Lz4.unpack : (packed, length) => zstdDecompressSync(packed, { maxOutputLength: length || 1 })
}

/** Unpacks a buffer: its length, and what is compressed, or not where that is no shorter. */
const bufferOf = (packed: Uint8Array, codec: Codec, budget: Budget): Uint8Array => {
  demand(packed.length >= 8, "a buffer has no length")
  const length = Number(new DataView(packed.buffer, packed.byteOffset, 8).getBigInt64(0, true))
  const rest = packed.subarray(8)
  if (length === stored) return rest
  demand(length >= 0, "a buffer has no length")
  allow(length, budget)
  const bytes = codec(rest, length)
  demand(bytes.length === length, `a buffer holds ${bytes.length} bytes instead of ${length}`)
  return bytes
}
