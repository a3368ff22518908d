/**
 * LZ4 frames (format 1.6.3), unpacked into exactly as many bytes as are expected: what would be more, refers to what is
 * not there or does not match its checksums throws. Hot loops over typed arrays.
 */

const prime1 = 0x9e3779b1
const prime2 = 0x85ebca77
const prime3 = 0xc2b2ae3d
const prime4 = 0x27d4eb2f
const prime5 = 0x165667b1

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by))

const mixed = (lane: number, word: number): number =>
  Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1)

/** Hashes bytes by xxHash-32 with the seed 0. */
export const xxHash32 = (bytes: Uint8Array): number => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  let hash = prime5
  if (bytes.length >= 16) {
    let [a, b, c, d] = [(prime1 + prime2) | 0, prime2 | 0, 0, -prime1 | 0]
    for (; at + 16 <= bytes.length; at += 16) {
      a = mixed(a, view.getUint32(at, true))
      b = mixed(b, view.getUint32(at + 4, true))
      c = mixed(c, view.getUint32(at + 8, true))
      d = mixed(d, view.getUint32(at + 12, true))
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
  }
  hash = (hash + bytes.length) | 0
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(view.getUint32(at, true), prime3)) | 0, 17), prime4)
  }
  for (; at < bytes.length; at++) {
    hash = Math.imul(rotate((hash + Math.imul(bytes[at], prime5)) | 0, 11), prime1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), prime2)
  hash = Math.imul(hash ^ (hash >>> 13), prime3)
  return (hash ^ (hash >>> 16)) >>> 0
}

const demand = (isRight: boolean, what: string): void => {
  if (!isRight) throw new Error(`an LZ4 frame is damaged: ${what}`)
}

/** The most that a byte of LZ4 can stand for. */
export const mostPerByte = 255

/** Unpacks one block to a place and returns where its bytes end. */
const unpackBlock = (block: Uint8Array, out: Uint8Array, start: number): number => {
  let from = 0
  let to = start
  const lengthOf = (short: number): number => {
    let length = short
    for (let byte = short === 15 ? 255 : 0; byte === 255; length += byte) {
      demand(from < block.length, "a length is cut off")
      byte = block[from++]
    }
    return length
  }
  while (from < block.length) {
    const token = block[from++]
    const literals = lengthOf(token >> 4)
    demand(from + literals <= block.length && to + literals <= out.length, "its bytes run over")
    out.set(block.subarray(from, from + literals), to)
    from += literals
    to += literals
    if (from === block.length) return to // the last sequence has no match
    demand(from + 2 <= block.length, "a match is cut off")
    const distance = block[from] | (block[from + 1] << 8)
    from += 2
    const length = lengthOf(token & 15) + 4
    demand(distance > 0 && distance <= to && to + length <= out.length, "a match lies outside")
    if (distance >= length) out.copyWithin(to, to - distance, to - distance + length)
    else for (let place = to; place < to + length; place++) out[place] = out[place - distance]
    to += length
  }
  return to
}

/** Unpacks a frame of exactly `length` bytes. */
export const unpack = (frame: Uint8Array, length: number): Uint8Array => {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  demand(frame.length >= 11 && view.getUint32(0, true) === 0x184d2204, "it has no LZ4 mark")
  demand(length <= mostPerByte * frame.length, "it claims to hold more than it can")
  const flags = frame[4]
  demand(flags >> 6 === 1 && (flags & 3) === 0, "it is of another version, or needs a dictionary")
  const head = flags & 8 ? 14 : 6
  demand(frame.length > head, "its header is cut off")
  demand(frame[head] === ((xxHash32(frame.subarray(4, head)) >>> 8) & 255), "its header's checksum differs")
  const out = new Uint8Array(length)
  let at = head + 1
  let to = 0
  for (;;) {
    demand(at + 4 <= frame.length, "it has no end")
    const mark = view.getUint32(at, true)
    at += 4
    if (mark === 0) break
    const size = mark & 0x7fff_ffff
    demand(at + size + (flags & 16 ? 4 : 0) <= frame.length, "a block is cut off")
    const block = frame.subarray(at, at + size)
    at += size
    if (flags & 16) {
      demand(view.getUint32(at, true) === xxHash32(block), "a block's checksum differs")
      at += 4
    }
    if (mark >>> 31 === 0) to = unpackBlock(block, out, to)
    else {
      demand(to + size <= length, "its bytes run over")
      out.set(block, to)
      to += size
    }
  }
  demand(to === length, `it holds ${to} bytes instead of ${length}`)
  demand(at + (flags & 4 ? 4 : 0) === frame.length, "it goes on behind its end")
  if (flags & 4) demand(view.getUint32(at, true) === xxHash32(out), "its checksum differs")
  return out
}
