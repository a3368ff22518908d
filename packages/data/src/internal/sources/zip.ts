/**
 * The one file that knows `yauzl`: named parts of a ZIP archive, unpacked in memory. A part with a path that leaves the
 * archive, twice the same name, a wrong checksum, or more bytes than allowed is refused; nothing is written anywhere.
 */
import { Effect, Schema } from "effect"
import { crc32 } from "node:zlib"
import { fromBufferPromise } from "yauzl"

/** An archive cannot be read. */
export class ZipError extends Schema.TaggedError<ZipError>()("ZipError", { reason: Schema.String }) {
  override get message() {
    return this.reason
  }
}

/** Unpacks the parts with the given names; parts that are not there are left out. */
export const unpack = (
  bytes: Uint8Array,
  names: Pick<ReadonlySet<string>, "has">,
  maxBytes: number
): Effect.Effect<ReadonlyMap<string, Uint8Array>, ZipError> =>
  Effect.tryPromise({
    try: async () => {
      const archive = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), {
        strictFileNames: true
      })
      const parts = new Map<string, Uint8Array>()
      const seen = new Set<string>()
      let left = maxBytes
      for await (const entry of archive.eachEntry()) {
        const { fileName } = entry
        if (seen.has(fileName)) throw new Error(`it holds ${JSON.stringify(fileName)} twice`)
        seen.add(fileName)
        if (!names.has(fileName)) continue
        if (entry.isEncrypted()) throw new Error(`${JSON.stringify(fileName)} is encrypted`)
        left -= entry.uncompressedSize
        if (left < 0) throw new Error(`it unpacks to more than the ${maxBytes} bytes allowed`)
        const part = new Uint8Array(entry.uncompressedSize)
        let at = 0
        for await (const piece of await archive.openReadStreamPromise(entry)) {
          part.set(piece, at)
          at += piece.length
        }
        if (at !== part.length || crc32(part) !== entry.crc32 >>> 0) {
          throw new Error(`${JSON.stringify(fileName)} is damaged: its checksum is not the one recorded`)
        }
        parts.set(fileName, part)
      }
      return parts
    },
    catch: (cause) => new ZipError({ reason: cause instanceof Error ? cause.message : String(cause) })
  })
