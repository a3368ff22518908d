/** NumPy's `.npy` format: what an array is by its file's header, and its elements' bytes. */
import { Effect } from "effect"
import { SourceError } from "../../sources/SourceError.ts"

/** An array as its file holds it. */
export interface Npy {
  /** NumPy's name of the element type, without the byte order: `f8`, `M8[us]`, `U12`. */
  readonly type: string
  readonly shape: ReadonlyArray<number>
  /** The elements, in this machine's byte order, aligned. */
  readonly data: ArrayBuffer
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** Reads the header of a `.npy` file, and where its elements lie. */
export const parse = Effect.fnUntraced(function* (
  file: string,
  column: string,
  bytes: Uint8Array
): Effect.fn.Return<Npy, SourceError> {
  const refuse = (problem: SourceError["problem"], detail: string, hint: string) =>
    new SourceError({ file, problem, detail, hint, column })
  const again = "Write it again with numpy.save."
  if (bytes.length === 0) return yield* refuse("empty file", "is empty", again)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = bytes[6]
  if (bytes.length < 12 || magic.some((byte, index) => bytes[index] !== byte) || version < 1 || version > 3) {
    return yield* refuse("wrong format", "is no .npy file of version 1, 2 or 3", again)
  }
  const start = version === 1 ? 10 : 12
  const end = start + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true))
  if (bytes.length < end) return yield* refuse("truncated", "ends inside its header", again)
  const header = new TextDecoder().decode(bytes.subarray(start, end))
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
  const expected = shape.reduce((product, each) => product * each, size.bytes)
  if (bytes.length - end !== expected) {
    const detail = `has ${bytes.length - end} bytes after its header, which asks for ${expected}`
    return yield* refuse(bytes.length - end < expected ? "truncated" : "too long", detail, again)
  }
  const data = bytes.slice(end)
  if (byteOrder === ">") swap(data, size.unit)
  return { type, shape, data: data.buffer }
})

/** The bytes of an element, and of the numbers in it that have an order of bytes. */
const sizeOf = (type: string): { readonly bytes: number; readonly unit: number } | undefined => {
  const [, kind, digits, rest] = /^([a-zA-Z])(\d+)(.*)$/.exec(type) ?? []
  const size = Number(digits)
  if (rest !== "" && !(kind === "M" && /^\[(D|h|m|s|ms|us|ns)\]$/.test(rest))) return undefined
  if (kind === "U" && size > 0) return { bytes: 4 * size, unit: 4 }
  if (kind === "S" && size > 0) return { bytes: size, unit: 1 }
  const sizes: Readonly<Record<string, ReadonlyArray<number>>> = { b: [1], i: [1, 2, 4, 8], u: [1, 2, 4, 8], f: [4, 8] }
  const isKnown = kind === "M" ? size === 8 && rest !== "" : (sizes[kind] ?? []).includes(size)
  return isKnown ? { bytes: size, unit: size } : undefined
}

const swap = (bytes: Uint8Array, unit: number): void => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (unit === 2) buffer.swap16()
  if (unit === 4) buffer.swap32()
  if (unit === 8) buffer.swap64()
}
