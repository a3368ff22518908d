/** Hashing of 32-bit words. The constants are those of MurmurHash3's finalizer (Appleby 2011). */

/** Spreads a word's bits: a bijection of 32-bit words. */
export const mix = (word: number): number => {
  let at = word ^ (word >>> 16)
  at = Math.imul(at, 0x85eb_ca6b)
  at ^= at >>> 13
  at = Math.imul(at, 0xc2b2_ae35)
  return (at ^ (at >>> 16)) >>> 0
}

/** Adds a word to the hash of those before it. */
export const add = (hash: number, word: number): number => mix((Math.imul(hash, 5) + 0xe654_6b64) ^ word)
