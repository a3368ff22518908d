/**
 * Files that are read part by part. Every block of such a file has a checksum, taken when it was written or when the
 * whole file was compared with its digest, and is compared with it whenever it is read: a file that changes while it is
 * in use gives an error and never a wrong number. The file is closed when nobody can read it any more.
 */
import { Schema } from "effect"
import { createHash } from "node:crypto"
import { closeSync, fstatSync, openSync, readSync } from "node:fs"
import { crc32 } from "node:zlib"

/** A file that columns are read from is no longer what it was. */
export class DamagedFile extends Schema.TaggedError<DamagedFile>()("DamagedFile", {
  path: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.path} changed while it was in use: ${this.reason}. Nothing was computed from it; run again.`
  }
}

export interface CheckedFile {
  readonly path: string
  readonly fd: number
  /** Where each block starts, and its CRC-32; a block ends where the next one starts. */
  readonly starts: Array<number>
  readonly sums: Array<number>
  byteLength: number
}

const unreachable = new FinalizationRegistry<number>((fd) => closeSync(fd))

/** Opens a file that `flags` make, without blocks. */
export const open = (path: string, flags: string): CheckedFile => {
  const file: CheckedFile = { path, fd: openSync(path, flags), starts: [], sums: [], byteLength: 0 }
  unreachable.register(file, file.fd)
  return file
}

/** Says that a block was written to the end of the file. */
export const append = (file: CheckedFile, bytes: Uint8Array): void => {
  file.starts.push(file.byteLength)
  file.sums.push(crc32(bytes))
  file.byteLength += bytes.byteLength
}

const blockBytes = 1 << 20

/** Reads a whole file once, and returns its digest with its blocks. */
export const verify = (path: string): { readonly file: CheckedFile; readonly digest: string } => {
  const file = open(path, "r")
  const size = fstatSync(file.fd).size
  const hasher = createHash("sha256")
  const block = new Uint8Array(Math.min(size, blockBytes))
  while (file.byteLength < size) {
    const bytes = block.subarray(0, Math.min(blockBytes, size - file.byteLength))
    fill(file, file.byteLength, bytes)
    hasher.update(bytes)
    append(file, bytes)
  }
  return { file, digest: hasher.digest("hex") }
}

const fill = (file: CheckedFile, start: number, into: Uint8Array): void => {
  for (let done = 0; done < into.byteLength;) {
    const count = readSync(file.fd, into, done, into.byteLength - done, start + done)
    if (count === 0) throw new DamagedFile({ path: file.path, reason: `it ends at byte ${start + done}` })
    done += count
  }
}

/** The last block that starts at a byte or before. */
const blockAt = ({ starts }: CheckedFile, byte: number): number => {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle] <= byte) low = middle
    else high = middle
  }
  return low
}

/** Copies the bytes from `start` on into an array; throws a `DamagedFile`. */
export const read = (file: CheckedFile, start: number, into: Uint8Array): void => {
  const end = start + into.byteLength
  if (end > file.byteLength) throw new RangeError(`${file.path} has ${file.byteLength} bytes, not ${end}`)
  let block = blockAt(file, start)
  for (let at = start; at < end; block++) {
    const first = file.starts[block]
    const next = file.starts[block + 1] ?? file.byteLength
    const isWhole = first >= start && next <= end
    const bytes = isWhole ? into.subarray(first - start, next - start) : new Uint8Array(next - first)
    fill(file, first, bytes)
    if (crc32(bytes) !== file.sums[block]) {
      throw new DamagedFile({ path: file.path, reason: `bytes ${first} to ${next} are others than before` })
    }
    if (!isWhole) into.set(bytes.subarray(at - first, Math.min(end, next) - first), at - start)
    at = Math.min(end, next)
  }
}

/** Gives the file's blocks in order. */
export function* pieces(file: CheckedFile): Generator<Uint8Array> {
  for (const [block, start] of file.starts.entries()) {
    const bytes = new Uint8Array((file.starts[block + 1] ?? file.byteLength) - start)
    read(file, start, bytes)
    yield bytes
  }
}
