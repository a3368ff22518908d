/**
 * The one file that knows `yauzl`: named parts of a ZIP archive, read where they lie. A part with a path that leaves the
 * archive, twice the same name, a wrong checksum, or more bytes than allowed is refused; nothing is written anywhere.
 */
import { Context, Effect, type Scope, Stream } from "effect"
import { crc32, createInflateRaw } from "node:zlib"
import { type Entry, RandomAccessReader, fromRandomAccessReaderPromise } from "yauzl"
import { SourceError } from "../../sources/SourceError.ts"
import * as Content from "./content.ts"

/** Says why an archive cannot be read. */
export type Refuse = (reason: string) => SourceError

/** A part of an archive. */
export interface Part extends Content.Place {
  readonly name: string
  readonly isPacked: boolean
  /** The bytes it unpacks to. */
  readonly bytes: number
  readonly sum: number
}

/** The list of parts is read in small steps out of so many bytes. */
const windowSize = 1 << 16

/** Reads through a window. */
class Reader extends RandomAccessReader {
  private window = new Uint8Array(0)
  private start = 0
  private readonly handle: Content.Handle

  constructor(handle: Content.Handle) {
    super()
    this.handle = handle
  }

  override read(...[buffer, offset, length, position, callback]: Parameters<RandomAccessReader["read"]>) {
    this.bytes(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset)
        callback(bytes.length < length ? new Error("unexpected EOF") : null)
      },
      (cause) => callback(cause)
    )
  }

  private async bytes(position: number, length: number): Promise<Uint8Array> {
    const isThere = position >= this.start && position + length <= this.start + this.window.length
    if (!isThere) {
      const window = new Uint8Array(Math.max(windowSize, length))
      const reading = Stream.fromEffect(this.handle.read(window, position))
      for await (const count of Stream.toAsyncIterableWith(reading, Context.empty())) {
        this.window = window.subarray(0, count)
      }
      this.start = position
    }
    return this.window.subarray(position - this.start, position - this.start + length)
  }
}

/** Finds the parts with the given names; those that are not there are left out. */
export const parts = (
  handle: Content.Handle,
  names: Pick<ReadonlySet<string>, "has">,
  maxBytes: number,
  refuse: Refuse
): Effect.Effect<ReadonlyMap<string, Part>, SourceError> =>
  Effect.tryPromise({
    try: async () => {
      const archive = await fromRandomAccessReaderPromise(new Reader(handle), handle.size, { strictFileNames: true })
      const wanted: Array<Entry> = []
      const seen = new Set<string>()
      let left = maxBytes
      for await (const entry of archive.eachEntry()) {
        const { compressionMethod, fileName, uncompressedSize } = entry
        if (seen.has(fileName)) throw new Error(`it holds ${JSON.stringify(fileName)} twice`)
        seen.add(fileName)
        if (!names.has(fileName)) continue
        if (entry.isEncrypted()) throw new Error(`${JSON.stringify(fileName)} is encrypted`)
        left -= uncompressedSize
        if (left < 0) throw new Error(`it unpacks to more than the ${maxBytes} bytes allowed`)
        if (!entry.canDecodeFileData()) throw new Error(`unsupported compression method: ${compressionMethod}`)
        wanted.push(entry)
      }
      const found = new Map<string, Part>()
      for (const entry of wanted) {
        const { compressedSize: size, compressionMethod, crc32, fileName: name, uncompressedSize: bytes } = entry
        const { fileDataStart: start } = await archive.readLocalFileHeaderPromise(entry, { minimal: true })
        found.set(name, { name, start, size, isPacked: compressionMethod === 8, bytes, sum: crc32 >>> 0 })
      }
      return found
    },
    catch: (cause) =>
      cause instanceof SourceError ? cause : refuse(cause instanceof Error ? cause.message : String(cause))
  })

/** Gives the bytes of one of some parts; they are whole when its end is reached. */
export const content = Effect.fnUntraced(function* (
  handle: Content.Handle,
  part: Part,
  parts: number,
  refuse: Refuse
): Effect.fn.Return<Content.Content, never, Scope.Scope> {
  const name = JSON.stringify(part.name)
  const broken = (cause: unknown) => refuse(cause instanceof Error ? cause.message : String(cause))
  const own = part.isPacked
    ? yield* Content.unpacked(handle, part, createInflateRaw, Content.pieceSize(parts), broken)
    : Content.plain(handle, part)
  let [sum, total] = [0, 0]
  const read = Effect.fnUntraced(function* (into: Uint8Array) {
    const count = yield* own.read(into)
    total += count
    sum = crc32(into.subarray(0, count), sum)
    if (total > part.bytes) return yield* refuse(`${name} unpacks to more than the ${part.bytes} bytes recorded`)
    return count
  })
  const { end } = Content.counted(read)
  const isWhole = Effect.suspend(() =>
    total === part.bytes && sum === part.sum
      ? Effect.succeed(total)
      : Effect.fail(refuse(`${name} is damaged: its checksum is not the one recorded`))
  )
  return { size: part.bytes, read, end: Effect.andThen(end, isWhole) }
})
