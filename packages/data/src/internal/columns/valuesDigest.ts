/** Digests of a column's numbers: the SHA-256 of their bytes, or of those of some rows in some order, as hexadecimal digits. */
import { createHash } from "node:crypto"
import type { Numbers } from "../../RowId.ts"
import * as Columnar from "./columnar.ts"

/** Rows in memory are gathered and hashed in blocks of about this many numbers, which stay in the processor's cache. */
const blockSize = 32_768

/** Hashers take no array of 2 GiB. */
const mostAtOnce = 2 ** 30

function* picked(all: Columnar.Entry<Numbers>, width: number, rows: Uint32Array | undefined): Generator<Numbers> {
  if (rows === undefined) return yield* Columnar.blocks(all, width)
  if (Columnar.isLazy(all)) return yield* Columnar.gathered(all, width, rows).blocks()
  const step = Math.max(1, Math.floor(blockSize / width))
  for (let start = 0; start < rows.length; start += step) {
    yield Columnar.gather(all, width, rows.subarray(start, start + step))
  }
}

/** Computes the digest. */
export const ofNumbers = (all: Columnar.Entry<Numbers>, width: number, rows?: Uint32Array): string => {
  const hasher = createHash("sha256")
  const isWhole = !Columnar.isLazy(all) && rows === undefined && all.byteLength <= mostAtOnce
  if (isWhole) return hasher.update(all).digest("hex")
  for (const block of picked(all, width, rows)) hasher.update(block)
  return hasher.digest("hex")
}
