/**
 * The bytes of an artifact: an array where they are few, and else pieces that are made or read one after the other, so
 * that writing a table of gigabytes, hashing it and reading a column of it takes the memory of a piece.
 */
export { DamagedFile } from "./internal/checkedFile.ts"

/** Bytes that are not in memory all at once. */
export interface Pieces {
  readonly byteLength: number
  /** Gives all bytes in order; a piece is the reader's until the next one. Each call begins anew. */
  readonly pieces: () => Iterable<Uint8Array>
}

/** Bytes that lie in a file whose blocks are compared with their checksums when they are read. */
export interface Stored extends Pieces {
  /** Where they lie, for people. */
  readonly path: string
  /** Copies the bytes from `start` on into an array. Throws a `DamagedFile` when the file is no longer what it was. */
  readonly read: (start: number, into: Uint8Array) => void
}

/** The bytes of an artifact. */
export type Blob = Uint8Array | Pieces | Stored

/** Tells whether bytes can be read from anywhere without holding them all. */
export const isStored = (blob: Blob): blob is Stored => "read" in blob

/** Gives the bytes piece by piece. */
export const pieces = (blob: Blob): Iterable<Uint8Array> => (blob instanceof Uint8Array ? [blob] : blob.pieces())

/**
 * Returns all bytes in one array; none for a blob that is not there.
 *
 * @example
 * import { Blob } from "@watertight/core"
 * const halves = { byteLength: 4, pieces: () => [Uint8Array.of(1, 2), Uint8Array.of(3, 4)] }
 * Blob.bytes(halves) // => Uint8Array.of(1, 2, 3, 4)
 */
export const bytes = (blob: Blob | undefined): Uint8Array => {
  if (blob === undefined) return new Uint8Array(0)
  if (blob instanceof Uint8Array) return blob
  const all = new Uint8Array(blob.byteLength)
  let at = 0
  for (const piece of blob.pieces()) {
    all.set(piece, at)
    at += piece.byteLength
  }
  return all
}

/** Where two blobs of one length differ first, and the bytes there; undefined where they do not. */
export interface Difference {
  readonly byte: number
  readonly left: number
  readonly right: number
}

/** Finds the first byte in which two blobs of one length differ. */
export const firstDifference = (left: Blob, right: Blob): Difference | undefined => {
  const others = pieces(right)[Symbol.iterator]()
  let rest = new Uint8Array(0)
  let byte = 0
  for (const piece of pieces(left)) {
    for (let at = 0; at < piece.length;) {
      if (rest.length === 0) rest = Uint8Array.from(others.next().value ?? piece)
      const count = Math.min(rest.length, piece.length - at)
      for (let index = 0; index < count; index++) {
        if (piece[at + index] !== rest[index])
          return { byte: byte + index, left: piece[at + index], right: rest[index] }
      }
      rest = rest.subarray(count)
      at += count
      byte += count
    }
  }
  return undefined
}
