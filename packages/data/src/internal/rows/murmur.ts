/** MurmurHash3 for 32 bits (Appleby 2011), as scikit-learn's hashing vectorizer uses it. */

const mix = (block: number): number => {
  const product = Math.imul(block, 0xcc9e2d51)
  return Math.imul((product << 15) | (product >>> 17), 0x1b873593)
}

/** Hashes bytes to a signed 32-bit integer, from seed 0. */
export const hash = (bytes: Uint8Array): number => {
  const blocks = bytes.length >> 2
  let state = 0
  for (let block = 0; block < blocks; block++) {
    const at = 4 * block
    state ^= mix(bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24))
    state = (Math.imul((state << 13) | (state >>> 19), 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let at = bytes.length - 1; at >= 4 * blocks; at--) rest = (rest << 8) | bytes[at]
  state ^= mix(rest) ^ bytes.length
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35)
  return (state ^ (state >>> 16)) | 0
}
