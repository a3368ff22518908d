/** NumPy's `.npy` format: what an array is by its file's header, and its elements' bytes. */
import { Effect } from "effect"
import { SourceError } from "../../sources/SourceError.ts"
import type { Content } from "../sources/content.ts"

/** An array as its file holds it. */
export interface Npy {
  /** NumPy's name of the element type, without the byte order: `f8`, `M8[us]`, `U12`. */
  readonly type: string
  readonly shape: ReadonlyArray<number>
  /** The bytes of numbers that lie in the other order. */
  readonly swapped: 1 | 2 | 4 | 8
  readonly rowBytes: number
  /** The bytes of the header, and those of the whole file. */
  readonly headerBytes: number
  readonly bytes: number
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** A header has at most so many bytes; NumPy reads a hundredth of that. */
const longest = 1 << 20

const again = "Write it again with numpy.save."

type Refuse = (problem: SourceError["problem"], detail: string, hint: string) => SourceError

const refusing =
  (file: string, column: string): Refuse =>
  (problem, detail, hint) =>
    new SourceError({ file, problem, detail, hint, column })

/** Says that an array's file has another length than its header asks for. */
export const wrongLength = (file: string, column: string, npy: Npy, bytes: number): SourceError => {
  const [found, expected] = [bytes - npy.headerBytes, npy.bytes - npy.headerBytes]
  const detail = `has ${found} bytes after its header, which asks for ${expected}`
  return refusing(file, column)(found < expected ? "truncated" : "too long", detail, again)
}

/** Reads the header of a `.npy` file. */
export const header = Effect.fnUntraced(function* (
  file: string,
  column: string,
  content: Content
): Effect.fn.Return<Npy, SourceError> {
  const refuse = refusing(file, column)
  const first = new Uint8Array(12)
  const count = yield* content.read(first)
  if (count === 0) return yield* refuse("empty file", "is empty", again)
  const view = new DataView(first.buffer)
  const version = first[6]
  if (count < 12 || magic.some((byte, index) => first[index] !== byte) || version < 1 || version > 3) {
    return yield* refuse("wrong format", "is no .npy file of version 1, 2 or 3", again)
  }
  const start = version === 1 ? 10 : 12
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  const all = new Uint8Array(Math.min(longest, Math.max(12, end)))
  all.set(first)
  const isShort = content.size !== undefined && content.size < end
  if (isShort || (yield* content.read(all.subarray(12))) < all.length - 12) {
    return yield* refuse("truncated", "ends inside its header", again)
  }
  if (end > longest) return yield* refuse("wrong format", `has a header of ${end} bytes`, again)
  const npy = yield* parse(refuse, new TextDecoder().decode(all.subarray(start, end)), end)
  const isRight = content.size === undefined || content.size === npy.bytes
  return isRight ? npy : yield* wrongLength(file, column, npy, content.size)
})

/** Reads what a header says. */
const parse = Effect.fnUntraced(function* (
  refuse: Refuse,
  header: string,
  headerBytes: number
): Effect.fn.Return<Npy, SourceError> {
  const descr = /'descr':\s*'([<>|=])([^']+)'/.exec(header)
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1]
  const axes = /'shape':\s*\(\s*((?:\d+\s*,\s*)*\d*)\s*\)/.exec(header)?.[1]
  if (descr === null || order === undefined || axes === undefined) {
    const hint = "Save each field as an array of its own, of numbers, texts or datetime64."
    return yield* refuse("wrong format", `has a header that is not read: ${header.trim().slice(0, 200)}`, hint)
  }
  const shape = axes.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]))
  const [, byteOrder, type] = descr
  const size = sizeOf(type)
  if (size === undefined) {
    const isObject = type.startsWith("O")
    const detail = isObject ? "holds Python objects, which are never loaded" : `holds elements of the type ${type}`
    return yield* refuse("wrong type", detail, "Convert it with astype before it is saved.")
  }
  if (shape.length === 0)
    return yield* refuse("wrong shape", "holds one element without rows", "Save an array of rows.")
  if (order === "True" && shape.length > 1) {
    const hint = "Save numpy.ascontiguousarray of it."
    return yield* refuse("wrong shape", "is in Fortran order, column after column", hint)
  }
  const rowBytes = shape.slice(1).reduce((product, each) => product * each, size.bytes)
  const bytes = headerBytes + shape[0] * rowBytes
  return { type, shape, swapped: byteOrder === ">" ? size.unit : 1, rowBytes, headerBytes, bytes }
})

/** The bytes of an element, and of the numbers in it that have an order of bytes. */
const sizeOf = (type: string): { readonly bytes: number; readonly unit: Npy["swapped"] } | undefined => {
  const [, kind, digits, rest] = /^([a-zA-Z])(\d+)(.*)$/.exec(type) ?? []
  const size = Number(digits)
  if (rest !== "" && !(kind === "M" && /^\[(D|h|m|s|ms|us|ns)\]$/.test(rest))) return undefined
  if (kind === "U" && size > 0) return { bytes: 4 * size, unit: 4 }
  if (kind === "S" && size > 0) return { bytes: size, unit: 1 }
  const sizes: Readonly<Record<string, ReadonlyArray<number>>> = { b: [1], i: [1, 2, 4, 8], u: [1, 2, 4, 8], f: [4, 8] }
  const isKnown = kind === "M" ? size === 8 && rest !== "" : (sizes[kind] ?? []).includes(size)
  return isKnown ? { bytes: size, unit: size as Npy["swapped"] } : undefined // one of those listed
}

/** Turns the bytes of each number around. */
export const swap = (bytes: Uint8Array, unit: Npy["swapped"]): void => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (unit === 2) buffer.swap16()
  if (unit === 4) buffer.swap32()
  if (unit === 8) buffer.swap64()
}
