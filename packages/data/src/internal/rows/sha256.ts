/**
 * SHA-256 of many short messages of one length, four at a time: a WebAssembly program with a message in each lane of its
 * 128-bit numbers (FIPS 180-4). Node's own function takes longer to call than to hash a row of a table. The program is
 * written out here operation by operation; the compression's 64 rounds are unrolled, so that nothing is moved between them.
 */

/** Bytes of a row's first part of the digest that are kept: 4 words. */
const words = 4

/** The first 32 bits of the fractional parts of roots of the first primes: FIPS 180-4, 4.2.2 and 5.3.3. */
const fractions = (count: number, root: (prime: number) => number): ReadonlyArray<number> =>
  primes(count).map((prime) => Math.floor((root(prime) % 1) * 2 ** 32))

const primes = (count: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let number = 2; found.length < count; number++)
    if (found.every((prime) => number % prime > 0)) found.push(number)
  return found
}

const constants = fractions(64, Math.cbrt)
const initial = fractions(8, Math.sqrt)

type Code = ReadonlyArray<number>

const unsigned = (value: number): Code => {
  const rest = Math.floor(value / 128)
  return rest === 0 ? [value] : [(value % 128) + 128, ...unsigned(rest)]
}

const signed = (value: number): Code => {
  const low = value & 127
  const rest = value >> 7
  return (rest === 0 && low < 64) || (rest === -1 && low >= 64) ? [low] : [low + 128, ...signed(rest)]
}

const vector = (operation: number): Code => [0xfd, ...unsigned(operation)]
const get = (local: number): Code => [0x20, ...unsigned(local)]
const set = (local: number): Code => [0x21, ...unsigned(local)]
const integer = (value: number): Code => [0x41, ...signed(value)]
const splat = (value: number): Code => [...integer(value | 0), ...vector(0x11)]

const or = vector(0x50)
const xor = vector(0x51)
const select = vector(0x52)
const shiftLeft = vector(0xab)
const shiftRight = vector(0xad)
const add = vector(0xae)

const rotated = (local: number, by: number): Code => [
  ...get(local),
  ...integer(by),
  ...shiftRight,
  ...get(local),
  ...integer(32 - by),
  ...shiftLeft,
  ...or
]

const shifted = (local: number, by: number): Code => [...get(local), ...integer(by), ...shiftRight]

/** The sigmas of FIPS 180-4, 4.1.2: rotations, of which the small ones shift in zeros last. */
const sigma = (local: number, [a, b, c]: readonly [number, number, number], isSmall: boolean): Code => [
  ...rotated(local, a),
  ...rotated(local, b),
  ...xor,
  ...(isSmall ? shifted(local, c) : rotated(local, c)),
  ...xor
]

/** Parameters: where groups of four messages start, where their digests go, how many groups, how many blocks in each. */
const local = {
  input: 0,
  output: 1,
  groups: 2,
  blocks: 3,
  block: 4,
  state: 5,
  work: 13,
  schedule: 21,
  sum: 37
} as const

/** Reverses the bytes of every lane's word: files hold numbers low byte first, the hash takes words high byte first. */
const reverseBytes: Code = [0xfd, 0x0d, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]

const load = (offset: number): Code => [...vector(0), 4, ...unsigned(offset)]
const store = (offset: number): Code => [...vector(0x0b), 4, ...unsigned(offset)]

const range = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, index) => index)

const round = (number: number): Code => {
  const at = (place: number) => local.work + ((place - number + 128) % 8)
  const [a, b, c, d, e, f, g, h] = range(8).map(at)
  const word = (back: number) => local.schedule + ((number - back + 64) % 16)
  const next: Code = [
    ...get(word(16)),
    ...sigma(word(15), [7, 18, 3], true),
    ...add,
    ...get(word(7)),
    ...add,
    ...sigma(word(2), [17, 19, 10], true),
    ...add,
    ...set(word(16))
  ]
  return [
    ...(number < 16 ? [] : next),
    ...get(h),
    ...sigma(e, [6, 11, 25], false),
    ...add,
    ...get(f),
    ...get(g),
    ...get(e),
    ...select,
    ...add,
    ...splat(constants[number]),
    ...add,
    ...get(word(16)),
    ...add,
    ...set(local.sum),
    ...get(d),
    ...get(local.sum),
    ...add,
    ...set(d),
    ...get(local.sum),
    ...sigma(a, [2, 13, 22], false),
    ...add,
    ...get(c),
    ...get(a),
    ...get(a),
    ...get(b),
    ...xor,
    ...select,
    ...add,
    ...set(h)
  ]
}

const increase = (name: number, by: number): Code => [...get(name), ...integer(by), 0x6a, ...set(name)]
const loop = (body: Code, counter: number): Code => [
  0x03,
  0x40,
  ...body,
  ...get(counter),
  ...integer(1),
  0x6b,
  0x22,
  ...unsigned(counter),
  0x0d,
  0,
  0x0b
]

const compression = (): Code => [
  ...range(16).flatMap((word) => [
    ...get(local.input),
    ...load(16 * word),
    ...get(local.input), // the operand twice: shuffle takes two
    ...load(16 * word),
    ...reverseBytes,
    ...set(local.schedule + word)
  ]),
  ...range(8).flatMap((place) => [...get(local.state + place), ...set(local.work + place)]),
  ...range(64).flatMap(round),
  ...range(8).flatMap((place) => [
    ...get(local.state + place),
    ...get(local.work + place),
    ...add,
    ...set(local.state + place)
  ]),
  ...increase(local.input, 256)
]

const group = (): Code => [
  ...range(8).flatMap((place) => [...splat(initial[place]), ...set(local.state + place)]),
  ...get(local.blocks),
  ...set(local.block),
  ...loop(compression(), local.block),
  ...range(words).flatMap((word) => [
    ...get(local.output),
    ...get(local.state + word),
    ...get(local.state + word),
    ...reverseBytes,
    ...store(16 * word)
  ]),
  ...increase(local.output, 16 * words)
]

const section = (id: number, body: Code): Code => [id, ...unsigned(body.length), ...body]
const name = (text: string): Code => [text.length, ...Buffer.from(text)]

const program = (): Uint8Array<ArrayBuffer> => {
  const i32 = 0x7f
  const body: Code = [2, 1, i32, 33, 0x7b, ...loop(group(), local.groups), 0x0b]
  return Uint8Array.from([
    0,
    0x61,
    0x73,
    0x6d,
    1,
    0,
    0,
    0,
    ...section(1, [1, 0x60, 4, i32, i32, i32, i32, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 16]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("digests"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body])
  ])
}

/** What is used of it: its types come with those of browsers. */
declare const WebAssembly: {
  readonly Module: new (program: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly digests: (input: number, output: number, groups: number, blocks: number) => void
}

let exported: Exports | undefined

/** The program, compiled when it is first needed. */
const instance = (): Exports => {
  exported ??= new WebAssembly.Instance(new WebAssembly.Module(program())).exports as Exports // as written above
  return exported
}

/** Longer messages are hashed faster one by one, by the processor's own instructions. */
export const longestWords = 128

/** Hashes messages in batches. */
export interface Hasher {
  /** How many messages a batch has. */
  readonly capacity: number
  /** Where word `w` of message `m` goes: `(m >> 2) * stride + 4 * w + (m & 3)`. */
  readonly input: Uint32Array
  readonly stride: number
  /** Hashes the first messages of the batch and writes the first 16 bytes of their digests, one after the other. */
  readonly digests: (messages: number, into: Uint32Array, at: number) => void
}

/** Bytes of memory for messages and for digests. */
const inputBytes = 2 ** 19

/** Makes a hasher of messages of so many whole words; at most one may be in use. */
export const hasher = (length: number): Hasher => {
  const { digests, memory } = instance()
  const blocks = Math.ceil((4 * length + 9) / 64)
  const stride = 64 * blocks
  const groups = Math.max(1, Math.min(1024, Math.floor(inputBytes / (4 * stride))))
  const input = new Uint32Array(memory.buffer, 0, groups * stride)
  const output = new Uint32Array(memory.buffer, inputBytes, groups * 4 * words)
  input.fill(0)
  const bits = Buffer.alloc(4)
  bits.writeUInt32BE(32 * length)
  for (let start = 0; start < input.length; start += stride) {
    input.fill(0x80, start + 4 * length, start + 4 * length + 4)
    input.fill(bits.readUInt32LE(), start + stride - 4, start + stride)
  }
  return {
    capacity: 4 * groups,
    input,
    stride,
    digests: (messages, into, at) => {
      digests(0, inputBytes, Math.ceil(messages / 4), blocks)
      for (let message = 0; message < messages; message++) {
        const from = (message >> 2) * 4 * words + (message & 3)
        for (let word = 0; word < words; word++) into[at + message * words + word] = output[from + 4 * word]
      }
    }
  }
}
