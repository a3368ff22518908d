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
  /** Gives the bytes of a buffer from one place to another, which lie inside. */
  readonly read: (buffer: number, start: number, end: number) => Effect.Effect<Uint8Array, Failure>
}

/** How many bytes a file's bodies may unpack to, and how many they have. */
export interface Budget {
  readonly most: number
  used: number
}

/** What stands before a buffer that is not compressed after all, instead of its length. */
const stored = -1

const demand = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(what)
}

const use = (length: number, budget: Budget): void => {
  demand(length >= 0, "a buffer has no length")
  budget.used += 8 * Math.ceil(length / 8)
  demand(budget.used <= budget.most, tooLarge("its bodies unpack", budget.most))
}

const unpack = (packed: Uint8Array, codec: Codec, length: number): Uint8Array => {
  const bytes =
    codec === "lz4" ? Lz4.unpack(packed, length) : zstdDecompressSync(packed, { maxOutputLength: length || 1 })
  demand(bytes.length === length, `a buffer holds ${bytes.length} bytes instead of ${length}`)
  return bytes
}

/** Opens the body of a batch that starts at a place. Of a compressed one the buffers that are `needed` are unpacked. */
export const open = Effect.fnUntraced(function* (
  input: Input,
  at: number,
  { buffers, codec, rows }: Batch,
  needed: ReadonlySet<number>,
  budget: Budget
): Effect.fn.Return<Body, Failure> {
  if (codec === undefined) {
    return {
      byteLength: (buffer) => buffers[2 * buffer + 1],
      read: (buffer, start, end) => input.read(at + buffers[2 * buffer] + start, end - start)
    }
  }
  const unpacked = new Map<number, Uint8Array>()
  let bytes = 0
  for (let buffer = 0; 2 * buffer < buffers.length; buffer++) {
    const [offset, size] = [buffers[2 * buffer], buffers[2 * buffer + 1]]
    if (size === 0) continue
    yield* attempt(() => demand(size >= 8, "a buffer has no length"))
    const head = yield* input.read(at + offset, 8)
    const claim = Number(new DataView(head.buffer, head.byteOffset).getBigInt64(0, true))
    const length = claim === stored ? size - 8 : claim
    yield* attempt(() => use(length, budget))
    bytes += length
    if (!needed.has(buffer)) continue
    const rest = yield* input.read(at + offset + 8, size - 8)
    unpacked.set(buffer, claim === stored ? rest : yield* attempt(() => unpack(rest, codec, length)))
  }
  yield* attempt(() => demand(rows <= 8 * bytes, `a column has ${rows} values`))
  return {
    byteLength: (buffer) => unpacked.get(buffer)?.length ?? 0,
    read: (buffer, start, end) => Effect.succeed((unpacked.get(buffer) ?? new Uint8Array(0)).subarray(start, end))
  }
})
