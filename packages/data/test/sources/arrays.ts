/** Arrays of numbers as NumPy and MNIST write them, for tests. */
import { crc32, deflateRawSync } from "node:zlib"

/** The bytes of an array's elements. */
export const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Writes an array as numpy.save does. */
export const npy = (descr: string, shape: ReadonlyArray<number>, elements: ArrayBufferView): Uint8Array => {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`.padEnd(117) + "\n"
  const head = Buffer.alloc(10)
  head.write("\x93NUMPY\x01\x00", "latin1")
  head.writeUInt16LE(header.length, 8)
  return Buffer.concat([head, Buffer.from(header), bytesOf(elements)])
}

/** Writes an array of unsigned bytes, or of labels, as MNIST has it. */
export const idx = (shape: ReadonlyArray<number>, elements: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(4 + 4 * shape.length)
  head.writeUInt16BE(0x0800 + shape.length, 2)
  shape.forEach((size, axis) => head.writeUInt32BE(size, 4 + 4 * axis))
  return Buffer.concat([head, elements])
}

/** How a part of an archive lies, if not as it should. */
export interface Lies {
  readonly packed?: boolean
  readonly zip64?: boolean
  /** What the archive says of the part's size. */
  readonly size?: number
}

const unknown = 0xffff_ffff

/** Writes an archive of parts, each in a way of its own. */
export const zip = (parts: Readonly<Record<string, readonly [bytes: Uint8Array, lies?: Lies]>>): Uint8Array => {
  const files: Array<Buffer> = []
  const list: Array<Buffer> = []
  let start = 0
  for (const [name, [bytes, { packed = false, size = bytes.length, zip64 = false } = {}]] of Object.entries(parts)) {
    const stored = packed ? deflateRawSync(bytes, { level: 1 }) : bytes
    const sizes = zip64 ? [unknown, unknown] : [stored.length, size]
    const common = Buffer.alloc(26)
    common.writeUInt16LE(45, 0)
    common.writeUInt16LE(packed ? 8 : 0, 4)
    ;[crc32(bytes), ...sizes].forEach((value, index) => common.writeUInt32LE(value, 10 + 4 * index))
    common.writeUInt16LE(name.length, 22)
    const extra = Buffer.alloc(zip64 ? 28 : 0)
    if (zip64) {
      extra.writeUInt32LE(0x0018_0001, 0)
      ;[size, stored.length, start].forEach((value, index) => extra.writeBigUInt64LE(BigInt(value), 4 + 8 * index))
    }
    files.push(Buffer.from("PK\x03\x04"), common, Buffer.from(name), Buffer.from(stored))
    common.writeUInt16LE(extra.length, 24)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(zip64 ? unknown : start, 10)
    list.push(Buffer.from("PK\x01\x02-\x00"), common, rest, Buffer.from(name), extra)
    start += 30 + name.length + stored.length
  }
  const [all, directory] = [Buffer.concat(files), Buffer.concat(list)]
  const end = Buffer.alloc(22)
  end.write("PK\x05\x06")
  end.writeUInt16LE(Object.keys(parts).length, 8)
  end.writeUInt16LE(Object.keys(parts).length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(all.length, 16)
  return Buffer.concat([all, directory, end])
}
