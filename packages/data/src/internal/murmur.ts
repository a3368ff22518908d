/** MurmurHash3 x86 32-bit (Appleby 2011, public domain) of a text's UTF-8 bytes, as a signed number. */

const encoder = new TextEncoder()

const mixed = (block: number): number => {
  const first = Math.imul(block, 0xcc9e2d51)
  return Math.imul((first << 15) | (first >>> 17), 0x1b873593)
}

export const murmur3 = (text: string, seed = 0): number => {
  const bytes = encoder.encode(text)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const whole = bytes.length & ~3
  let hash = seed | 0
  for (let at = 0; at < whole; at += 4) {
    hash ^= mixed(view.getUint32(at, true))
    hash = (hash << 13) | (hash >>> 19)
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let at = bytes.length - 1; at >= whole; at--) rest = (rest << 8) | bytes[at]
  if (bytes.length > whole) hash ^= mixed(rest)
  hash ^= bytes.length
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
