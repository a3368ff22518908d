/**
 * The buffers of a batch: read from where they lie when they are asked for, or, where they are compressed by LZ4 or ZSTD,
 * unpacked at once. No more than claimed is ever unpacked, and no more than allowed.
 */
import { Effect } from "effect"
import { zstdDecompressSync } from "node:zlib"
import type { Input } from "./input.ts"
import { attempt, type Failure, tooLarge } from "./ipcError.ts"
import * as Lz4 from "./lz4.ts"
import type { Batch, Codec } from "./message.ts"

/** The buffers of a batch. */
export interface Body {
  readonly byteLength: (buffer: number) => number
  /**
   * Gives the bytes of a buffer from one place to another, which lie inside: until it is asked for others of this buffer,
   * or of the one in whose stead it is read.
   */
  readonly read: (buffer: number, start: number, end: number, instead?: number) => Effect.Effect<Uint8Array, Failure>
}

/** What reads the bodies of a file. */
export interface Bodies {
  /** Opens the body of a batch that starts at a place. Of a compressed one the buffers that are `needed` are unpacked. */
  readonly open: (at: number, batch: Batch, needed: ReadonlySet<number>) => Effect.Effect<Body, Failure>
  /** The same for a body whose bytes stay as they are when others are read. */
  readonly keep: Bodies["open"]
}

/** What stands before a buffer that is not compressed after all, instead of its length. */
const stored = -1

const demand = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(what)
}

const unpack = (packed: Uint8Array, codec: Codec, length: number): Uint8Array => {
  const bytes =
    codec === "lz4" ? Lz4.unpack(packed, length) : zstdDecompressSync(packed, { maxOutputLength: length || 1 })
  demand(bytes.length === length, `a buffer holds ${bytes.length} bytes instead of ${length}`)
  return bytes
}

/** Arrays that are used again and again, each for one purpose. */
const arrays = () => {
  const all = new Map<number, Uint8Array>()
  return {
    of: (purpose: number, length: number): Uint8Array => {
      let array = all.get(purpose)
      if (array === undefined || array.length < length) {
        array = new Uint8Array(length)
        all.set(purpose, array)
      }
      return array.subarray(0, length)
    },
    clear: () => all.clear()
  }
}

/** Reads the bodies of a file, of which the compressed ones may have so many bytes together. */
export const make = (input: Input, most: number): Bodies => {
  const again = arrays()
  let used = 0
  const bytesAt = (at: number, bytes: Uint8Array) => Effect.as(input.read(at, bytes), bytes)
  const use = (length: number): void => {
    demand(length >= 0, "a buffer has no length")
    used += 8 * Math.ceil(length / 8)
    demand(used <= most, tooLarge("its bodies unpack", most))
  }
  const unpacked = Effect.fnUntraced(function* (
    at: number,
    { buffers, rows }: Batch,
    codec: Codec,
    needed: ReadonlySet<number>
  ): Effect.fn.Return<Body, Failure> {
    const found = new Map<number, Uint8Array>()
    let bytes = 0
    for (let buffer = 0; 2 * buffer < buffers.length; buffer++) {
      const [start, size] = [at + buffers[2 * buffer], buffers[2 * buffer + 1]]
      if (size === 0) continue
      yield* attempt(() => demand(size >= 8, "a buffer has no length"))
      const head = yield* bytesAt(start, new Uint8Array(8))
      const claim = Number(new DataView(head.buffer).getBigInt64(0, true))
      const length = claim === stored ? size - 8 : claim
      yield* attempt(() => use(length))
      bytes += length
      if (!needed.has(buffer)) continue
      const rest = yield* bytesAt(start + 8, claim === stored ? new Uint8Array(length) : again.of(-1, size - 8))
      found.set(buffer, claim === stored ? rest : yield* attempt(() => unpack(rest, codec, length)))
    }
    yield* attempt(() => demand(rows <= 8 * bytes, `a column has ${rows} values`))
    const of = (buffer: number) => found.get(buffer) ?? new Uint8Array(0)
    return {
      byteLength: (buffer) => of(buffer).length,
      read: (buffer, start, end) => Effect.succeed(of(buffer).subarray(start, end))
    }
  })
  const opening =
    (arrayOf: typeof again.of): Bodies["open"] =>
    (at, batch, needed) => {
      const { buffers, codec, variadic } = batch
      if (variadic.length > 0) again.clear() // buffers of the same number are other columns' in each batch
      if (codec !== undefined) return unpacked(at, batch, codec, needed)
      return Effect.succeed({
        byteLength: (buffer) => buffers[2 * buffer + 1],
        read: (buffer, start, end, instead = buffer) =>
          bytesAt(at + buffers[2 * buffer] + start, arrayOf(instead, end - start))
      })
    }
  return { open: opening(again.of), keep: opening((_, length) => new Uint8Array(length)) }
}
