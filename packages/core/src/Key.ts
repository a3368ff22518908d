/**
 * Randomness as data: a key names a stream of random bits, and new keys are derived from it by name or number. Keys are
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011), and `split`, `foldIn`, `bits`, `uniform` and `permutation` draw
 * what `jax.random` draws with `jax_threefry_partitionable`, its default.
 *
 * A key is derived from where a thing stands (stage, epoch, row), never from when it ran, so no scheduling can change a
 * draw. Nothing here has state: the same key always gives the same bits.
 */
import { hash } from "node:crypto"

/** A key: two unsigned 32-bit words. */
export interface Key {
  readonly hi: number
  readonly lo: number
}

const make = (hi: number, lo: number): Key => ({ hi: hi >>> 0, lo: lo >>> 0 })

/**
 * Makes the root key of a seed, an integer in [0, 2^53). Seed 0 is a seed like any other.
 *
 * @example
 * import { Key } from "@watertight/core"
 * Key.fromSeed(42) // => { hi: 0, lo: 42 }
 */
export const fromSeed = (seed: number): Key => {
  if (!Number.isSafeInteger(seed) || seed < 0) throw new RangeError(`Key.fromSeed: ${seed} is no integer in [0, 2^53)`)
  return make(Math.floor(seed / 2 ** 32), seed % 2 ** 32)
}

const rotl = (x: number, r: number): number => (x << r) | (x >>> (32 - r))

/** Encrypts the counter blocks `(high, low), (high, low + 1), …`: two words of output each. */
const encrypt = (key: Key, high: number, low: number, count: number): Uint32Array<ArrayBuffer> => {
  const out = new Uint32Array(2 * count)
  const k0 = key.hi | 0
  const k1 = key.lo | 0
  const k2 = k0 ^ k1 ^ 0x1bd11bda
  for (let index = 0; index < count; index++) {
    let a = (high + k0) | 0
    let b = (low + index + k1) | 0
    b = rotl(b, 13) ^ (a = (a + b) | 0)
    b = rotl(b, 15) ^ (a = (a + b) | 0)
    b = rotl(b, 26) ^ (a = (a + b) | 0)
    b = rotl(b, 6) ^ (a = (a + b) | 0)
    a = (a + k1) | 0
    b = (b + k2 + 1) | 0
    b = rotl(b, 17) ^ (a = (a + b) | 0)
    b = rotl(b, 29) ^ (a = (a + b) | 0)
    b = rotl(b, 16) ^ (a = (a + b) | 0)
    b = rotl(b, 24) ^ (a = (a + b) | 0)
    a = (a + k2) | 0
    b = (b + k0 + 2) | 0
    b = rotl(b, 13) ^ (a = (a + b) | 0)
    b = rotl(b, 15) ^ (a = (a + b) | 0)
    b = rotl(b, 26) ^ (a = (a + b) | 0)
    b = rotl(b, 6) ^ (a = (a + b) | 0)
    a = (a + k0) | 0
    b = (b + k1 + 3) | 0
    b = rotl(b, 17) ^ (a = (a + b) | 0)
    b = rotl(b, 29) ^ (a = (a + b) | 0)
    b = rotl(b, 16) ^ (a = (a + b) | 0)
    b = rotl(b, 24) ^ (a = (a + b) | 0)
    a = (a + k1) | 0
    b = (b + k2 + 4) | 0
    b = rotl(b, 13) ^ (a = (a + b) | 0)
    b = rotl(b, 15) ^ (a = (a + b) | 0)
    b = rotl(b, 26) ^ (a = (a + b) | 0)
    b = rotl(b, 6) ^ (a = (a + b) | 0)
    out[2 * index] = a + k2
    out[2 * index + 1] = b + k0 + 5
  }
  return out
}

/** Encrypts one block `(high, low)`. */
const block = (key: Key, high: number, low: number): Key => {
  const [hi, lo] = encrypt(key, high, low, 1)
  return { hi, lo }
}

/**
 * Derives a key by a name or by an integer in [0, 2^32). Numbers are `jax.random.fold_in`; names fold the first 64 bits
 * of the SHA-256 of their UTF-16 code units.
 *
 * @example
 * import { Key } from "@watertight/core"
 * const key = Key.fromSeed(7)
 * Key.foldIn(key, "augment").lo === Key.foldIn(key, "split").lo // => false
 */
export const foldIn = (key: Key, data: string | number): Key => {
  if (typeof data === "number") {
    if (!Number.isInteger(data) || data < 0 || data >= 2 ** 32) {
      throw new RangeError(`Key.foldIn: ${data} is no integer in [0, 2^32)`)
    }
    return block(key, 0, data)
  }
  const digest = hash("sha256", Buffer.from(data, "utf16le"), "buffer")
  return block(key, digest.readUInt32BE(0), digest.readUInt32BE(4))
}

/** Derives `count` independent keys (`jax.random.split`). */
export const split = (key: Key, count = 2): ReadonlyArray<Key> => {
  const blocks = encrypt(key, 0, 0, count)
  return Array.from({ length: count }, (_, index) => make(blocks[2 * index], blocks[2 * index + 1]))
}

/** Draws `count` uniform 32-bit words (`jax.random.bits`). */
export const bits = (key: Key, count: number): Uint32Array<ArrayBuffer> => {
  const blocks = encrypt(key, 0, 0, count)
  const out = new Uint32Array(count)
  for (let index = 0; index < count; index++) out[index] = blocks[2 * index] ^ blocks[2 * index + 1]
  return out
}

/**
 * Fills `out` with independent decisions, `value` with the given probability and else 0, and returns it. Each 32-bit
 * word of the cipher gives two decisions, low half first: the probability is rounded to a multiple of 2^-16.
 *
 * Throws a RangeError for a probability outside [0, 1].
 *
 * @example
 * import { Key } from "@watertight/core"
 * Key.bernoulli(Key.fromSeed(7), 0.5, new Float32Array(4), 2) // => new Float32Array([2, 0, 2, 2])
 */
export const bernoulli = <Out extends Float32Array>(key: Key, probability: number, out: Out, value = 1): Out => {
  if (!(probability >= 0 && probability <= 1)) {
    throw new RangeError(`Key.bernoulli: ${probability} is no probability in [0, 1]`)
  }
  const threshold = Math.round(probability * 2 ** 16)
  const words = encrypt(key, 0, 0, Math.ceil(out.length / 4))
  // Without a branch: random bits defeat branch prediction.
  for (let index = 0; index < words.length; index++) {
    out[2 * index] = (((words[index] & 0xffff) - threshold) >>> 31) * value
    out[2 * index + 1] = (((words[index] >>> 16) - threshold) >>> 31) * value
  }
  return out
}

/** Draws `count` float32 values uniform in [0, 1), in steps of 2^-23 (`jax.random.uniform`). */
export const uniform = (key: Key, count: number): Float32Array<ArrayBuffer> => {
  const out = new Float32Array(count)
  bits(key, count).forEach((word, index) => (out[index] = (word >>> 9) * 2 ** -23))
  return out
}

/**
 * Draws `count` float32 values from the standard normal distribution, by the inverse of the normal distribution
 * function at the bits `jax.random.normal` uses. Values agree with it to a few units in the last place: the polynomial
 * there is evaluated in float32, here in float64.
 */
export const normal = (key: Key, count: number): Float32Array<ArrayBuffer> => {
  const low = Math.fround(-1 + 2 ** -24)
  const out = uniform(key, count)
  for (let index = 0; index < count; index++) {
    const u = Math.max(low, Math.fround(Math.fround(out[index] * Math.fround(1 - low)) + low))
    out[index] = Math.SQRT2 * inverseErf(u)
  }
  return out
}

/** Giles (2010), "Approximating the erfinv function", the single-precision polynomials for w < 5 and beyond. */
const central = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941
]
const tail = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682
]

const inverseErf = (x: number): number => {
  const w = -Math.log1p(-Math.fround(x * x))
  const coefficients = w < 5 ? central : tail
  const t = w < 5 ? w - 2.5 : Math.sqrt(w) - 3
  let sum = 0
  for (const coefficient of coefficients) sum = sum * t + coefficient
  return sum * x
}

/**
 * Draws a permutation of `[0, count)` as an array (`jax.random.permutation`: stable sorts by random words). It needs
 * memory for all of it; `Permutation.make` gives single elements in constant memory.
 */
export const permutation = (key: Key, count: number): Uint32Array => {
  let order = new Uint32Array(count)
  for (let index = 0; index < count; index++) order[index] = index
  const rounds = Math.ceil((3 * Math.log(Math.max(1, count))) / Math.log(2 ** 32 - 1))
  let current = key
  for (let round = 0; round < rounds; round++) {
    const [next, drawing] = split(current)
    order = sortedBy(bits(drawing, count), order)
    current = next
  }
  return order
}

const digitBits = 11

/** Sorts values by words, equal ones in the order they had: a radix sort from the lowest digit on. Spends both arrays. */
const sortedBy = (words: Uint32Array<ArrayBuffer>, values: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
  let [fromWords, from, toWords, to] = [words, values, new Uint32Array(words.length), new Uint32Array(values.length)]
  for (let shift = 0; shift < 32; shift += digitBits) {
    const mask = 2 ** digitBits - 1
    const places = new Uint32Array(2 ** digitBits)
    for (const word of fromWords) places[(word >>> shift) & mask]++
    for (let digit = 0, before = 0; digit < places.length; digit++) {
      const count = places[digit]
      places[digit] = before
      before += count
    }
    for (let index = 0; index < from.length; index++) {
      const place = places[(fromWords[index] >>> shift) & mask]++
      toWords[place] = fromWords[index]
      to[place] = from[index]
    }
    ;[fromWords, from, toWords, to] = [toWords, to, fromWords, from]
  }
  return from
}
