/**
 * Randomness as data: a key names a stream of random bits, and new keys are derived from it by name or number. Keys are
 * Threefry-2x32 with 20 rounds (Salmon et al. 2011), and `split`, `foldIn`, `bits`, `uniform` and `permutation` draw
 * what `jax.random` draws with `jax_threefry_partitionable`, its default.
 *
 * A key is derived from where a thing stands (stage, epoch, row), never from when it ran, so no scheduling can change a
 * draw. Nothing here has state: the same key always gives the same bits.
 */
import { hash } from "node:crypto"
import * as Threefry from "./internal/threefry.ts"

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
  encryptInto(out, key.hi, key.lo, high, low, count)
  return out
}

const encryptInto = (out: Uint32Array, hi: number, lo: number, high: number, low: number, count: number): void => {
  const k0 = hi | 0
  const k1 = lo | 0
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

/** From this many blocks on, many at a time are faster. The program for them takes milliseconds to make, once. */
const manyBlocks = 4096

/** Draws `count` uniform 32-bit words (`jax.random.bits`). */
export const bits = (key: Key, count: number): Uint32Array<ArrayBuffer> => {
  const out = new Uint32Array(count)
  if (count >= manyBlocks) {
    Threefry.bits(key, out)
    return out
  }
  const blocks = encrypt(key, 0, 0, count)
  for (let index = 0; index < count; index++) out[index] = blocks[2 * index] ^ blocks[2 * index + 1]
  return out
}

/**
 * Fills `out` with `count` words for each of some 128-bit names, such as row ids, and returns it. Name `i` is the four
 * words of `names` from `4 * places[i]` on; its words are the `bits` of the key encrypted at the first two of them and
 * then at the last two, whatever other names there are.
 *
 * @example
 * import { Key } from "@watertight/core"
 * const names = Uint32Array.of(1, 2, 3, 4, 5, 6, 7, 8)
 * const [first, second] = Key.bitsOfNames(Key.fromSeed(7), names, Uint32Array.of(1, 0), 1, new Uint32Array(2))
 * const again = Key.bitsOfNames(Key.fromSeed(7), names, Uint32Array.of(0), 1, new Uint32Array(1))
 * again[0] === second && again[0] !== first // => true
 */
export const bitsOfNames = (
  key: Key,
  names: Uint32Array,
  places: ArrayLike<number>,
  count: number,
  out: Uint32Array
): Uint32Array => {
  const block = new Uint32Array(2 * Math.max(1, count))
  for (let index = 0; index < places.length; index++) {
    const at = 4 * places[index]
    encryptInto(block, key.hi, key.lo, names[at], names[at + 1], 1)
    encryptInto(block, block[0], block[1], names[at + 2], names[at + 3], 1)
    encryptInto(block, block[0], block[1], 0, 0, count)
    for (let word = 0; word < count; word++) out[index * count + word] = block[2 * word] ^ block[2 * word + 1]
  }
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
  if (out.length >= 4 * manyBlocks) {
    Threefry.decisions(key, threshold, out, value)
    return out
  }
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
  for (let index = 0; index < coefficients.length; index++) sum = sum * t + coefficients[index]
  return sum * x
}

/** A uniform number in (0, 1), the middle of one of 2^32 cells. */
const inside = (word: number): number => (word + 0.5) * 2 ** -32

/**
 * The logarithm of a gamma variate: Marsaglia and Tsang (2000), "A simple method for generating gamma variables", an exact
 * rejection; shapes below 1 by the power of a uniform number in their section 6, in logarithms, which cannot underflow.
 */
const logarithmOfGamma = (key: Key, shape: number): number => {
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (let attempt = 1; ; attempt++) {
    const [radius, angle, word, boost] = encrypt(key, attempt, 0, 2)
    const x = Math.sqrt(-2 * Math.log(inside(radius))) * Math.cos(2 * Math.PI * inside(angle))
    const v = (1 + c * x) ** 3
    if (v > 0 && Math.log(inside(word)) < (x * x) / 2 + d - d * v + d * Math.log(v)) {
      return Math.log(d * v) + (shape < 1 ? Math.log(inside(boost)) / shape : 0)
    }
  }
}

const checkShape = (name: string, shape: number): void => {
  if (!(shape > 0 && shape < Infinity)) throw new RangeError(`Key.${name}: ${shape} is no positive number`)
}

/**
 * Draws `count` values from the gamma distribution of a shape and scale 1. Other bits than `jax.random.gamma`. Throws a
 * RangeError for a shape that is no positive number.
 *
 * @example
 * import { Key } from "@watertight/core"
 * Key.gamma(Key.fromSeed(7), 2.5, 3).every((value) => value > 0) // => true
 */
export const gamma = (key: Key, shape: number, count: number): Float64Array<ArrayBuffer> => {
  checkShape("gamma", shape)
  return Float64Array.from({ length: count }, (_, index) => Math.exp(logarithmOfGamma(foldIn(key, index), shape)))
}

/**
 * Draws `count` values from the beta distribution with the shapes `a` and `b`: X / (X + Y) of two gamma variates, in
 * logarithms, so that small shapes work too. Throws a RangeError for a shape that is no positive number.
 *
 * @example
 * import { Key } from "@watertight/core"
 * Key.beta(Key.fromSeed(7), 0.2, 0.2, 3).every((value) => value >= 0 && value <= 1) // => true
 */
export const beta = (key: Key, a: number, b: number, count: number): Float64Array<ArrayBuffer> => {
  checkShape("beta", a)
  checkShape("beta", b)
  return Float64Array.from({ length: count }, (_, index) => {
    const [x, y] = [foldIn(key, 2 * index), foldIn(key, 2 * index + 1)]
    return 1 / (1 + Math.exp(logarithmOfGamma(y, b) - logarithmOfGamma(x, a)))
  })
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
