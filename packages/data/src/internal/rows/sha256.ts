/**
 * SHA-256 of many short messages of one length, four at a time: a WebAssembly program with a message in each lane of its
 * 128-bit numbers (FIPS 180-4). Node's own function takes longer to call than to hash a row of a table. The program is
 * written out here operation by operation; the compression's 64 rounds are unrolled, so that nothing is moved between them.
 */

import * as Web from "../webassembly.ts"
import * as Spreading from "./spreading.ts"

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

type Code = Web.Code
const { advance, all, each, get, i32, integer, lanes, load, minus, procedure, repeat, set, store, v128 } = Web

const [or, xor, select, sum] = [lanes(0x50), lanes(0x51), lanes(0x52), lanes(0xae)]
const [shiftLeft, shiftRight] = [lanes(0xab), lanes(0xad)]
const splat = (value: number): Code => lanes(0x11)(integer(value | 0))

const shifted = (local: number, by: number): Code => shiftRight(get(local), integer(by))
const rotated = (local: number, by: number): Code => or(shifted(local, by), shiftLeft(get(local), integer(32 - by)))

/** The sigmas of FIPS 180-4, 4.1.2: rotations, of which the small ones shift in zeros last. */
const sigma = (local: number, [a, b, c]: readonly [number, number, number], isSmall: boolean): Code =>
  xor(xor(rotated(local, a), rotated(local, b)), isSmall ? shifted(local, c) : rotated(local, c))

/**
 * Parameters: where groups of four messages start, where their digests go, how many groups, how many blocks in each that
 * hold some of a message, and whether another one holds none of it.
 */
const parameters = { input: i32, output: i32, groups: i32, blocks: i32, isPadded: i32 } as const

const local = {
  input: 0,
  output: 1,
  groups: 2,
  blocks: 3,
  isPadded: 4,
  block: 5,
  state: 6,
  work: 14,
  schedule: 22
} as const

/** Where in memory the words of a block lie that holds none of a message, each with its round's constant added. */
const paddingAt = 0
const paddingWords = 64

/** Where the rounds' constants lie: read from memory they take one operation to spread over the lanes. */
const constantsAt = 256

const loadSplat = (place: number): Code => [lanes(0x09)(integer(place)), 2, 0]

/** Reverses the bytes of every lane's word: files hold numbers low byte first, the hash takes words high byte first. */
const reversed = (value: Code): Code =>
  Web.shuffle(1, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12)(value, value)

/** Adds a block's word, made of earlier ones, and the round's constant. */
const scheduled = (number: number): Code => {
  const word = (back: number) => local.schedule + ((number - back + 64) % 16)
  const next = sum(
    sum(sum(get(word(16)), sigma(word(15), [7, 18, 3], true)), get(word(7))),
    sigma(word(2), [17, 19, 10], true)
  )
  const added = (value: Code): Code => sum(sum(value, loadSplat(constantsAt + 4 * number)), get(word(16)))
  return all(number < 16 ? [] : set(word(16), next), round(number, added))
}

const round = (number: number, added: (value: Code) => Code): Code => {
  const at = (place: number) => local.work + ((place - number + 128) % 8)
  const [a, b, c, d, e, f, g, h] = [0, 1, 2, 3, 4, 5, 6, 7].map(at)
  const majority = select(get(c), get(a), xor(get(a), get(b)))
  return all(
    set(h, sum(added(get(h)), select(get(f), get(g), get(e)))),
    set(h, sum(get(h), sigma(e, [6, 11, 25], false))),
    set(d, sum(get(d), get(h))),
    set(h, sum(sum(get(h), majority), sigma(a, [2, 13, 22], false)))
  )
}

/** Does something as often as a counter says, once at least. */
const loop = (counter: number, body: Code): Code =>
  repeat(integer(0), get(counter), all(body, set(counter, minus(get(counter), integer(1)))))

const rounds = (one: (number: number) => Code): Code =>
  all(
    each(8, (place) => set(local.work + place, get(local.state + place))),
    each(64, one),
    each(8, (place) => set(local.state + place, sum(get(local.state + place), get(local.work + place))))
  )

const compression = (): Code =>
  all(
    each(16, (word) => set(local.schedule + word, reversed(load(16 * word, get(local.input))))),
    rounds(scheduled),
    advance(local.input, 256)
  )

/** Messages that fill their blocks are followed by one that is the same for all of them: nothing is made of its words. */
const padding = (): Code => rounds((number) => round(number, (value) => sum(value, loadSplat(paddingAt + 4 * number))))

const group = (): Code =>
  all(
    each(8, (place) => set(local.state + place, splat(initial[place]))),
    set(local.block, get(local.blocks)),
    loop(local.block, compression()),
    [get(local.isPadded), 0x04, 0x40, padding(), 0x0b],
    each(words, (word) => set(local.state + word, reversed(get(local.state + word)))),
    Spreading.transposed([local.state, local.state + 1, local.state + 2, local.state + 3]).map((digest, message) =>
      store(16 * message, get(local.output), digest)
    ),
    advance(local.output, 16 * words)
  )

interface Exports extends Web.Memory {
  readonly digests: (input: number, output: number, groups: number, blocks: number, isPadded: number) => void
  readonly pairs: (from: number, to: number, end: number, stride: number) => void
  readonly coded: (from: number, to: number, end: number, stride: number, table: number) => void
  readonly blocks: (from: number, to: number, end: number, stride: number) => void
}

let exported: Exports | undefined

/** The program, compiled when it is first needed. */
const instance = (): Exports => {
  if (exported !== undefined) return exported
  const lanesOfWords = Array.from({ length: 32 }, (_, index) => [`word${index}`, v128])
  const locals: Readonly<Record<string, number>> = { block: i32, ...Object.fromEntries(lanesOfWords) }
  const digests = procedure("digests", parameters, locals, undefined, () => loop(local.groups, group()))
  exported = Web.compiled<Exports>(16, [digests, Spreading.pairs, Spreading.coded, Spreading.blocks])
  new Uint32Array(exported.memory.buffer, constantsAt, constants.length).set(constants)
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
  /** Puts a number of eight bytes into each of the first messages, from a word on. */
  readonly pairs: (content: Uint8Array, word: number) => void
  /** Puts four words out of a table into each of the first messages: those behind its code, from -1 on. */
  readonly coded: (codes: Int32Array, table: Uint8Array, word: number) => void
  /** Hashes the first messages of the batch and writes the first 16 bytes of their digests, one after the other. */
  readonly digests: (messages: number, into: Uint32Array, at: number) => void
}

/** Bytes of memory for messages. */
const inputBytes = 2 ** 19

/** A batch has at most so many groups of four messages. */
const mostGroups = 256

/** A table of words may have so many bytes. */
export const mostTable = 2 ** 14

/** Messages begin behind the constants; then come digests, a column's numbers, and a table. */
const inputAt = constantsAt + 4 * constants.length
const outputAt = inputAt + inputBytes
const columnAt = outputAt + mostGroups * 16 * words
const tableAt = columnAt + mostGroups * 32
const blocksAt = tableAt + mostTable

/** The words of a block that holds the length of a message of so many bits and nothing else, with the constants added. */
const paddingOf = (bits: number, first: number): Uint32Array => {
  const block = new Uint32Array(paddingWords)
  block[0] = first
  block[15] = bits
  const turned = (word: number, by: number) => (word >>> by) | (word << (32 - by))
  for (let place = 16; place < paddingWords; place++) {
    const [early, late] = [block[place - 15], block[place - 2]]
    const small = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)
    const large = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10)
    block[place] = block[place - 16] + small + block[place - 7] + large
  }
  return block.map((word, place) => word + constants[place])
}

/** Makes a hasher of messages of so many whole words, one at least; at most one may be in use. */
export const hasher = (length: number): Hasher => {
  const { coded, digests, memory, pairs } = instance()
  const all = Math.ceil((4 * length + 9) / 64)
  const blocks = Math.ceil(length / 16)
  const stride = 64 * blocks
  const groups = Math.max(1, Math.min(mostGroups, Math.floor(inputBytes / (4 * stride))))
  const input = new Uint32Array(memory.buffer, inputAt, groups * stride)
  const output = new Uint32Array(memory.buffer, outputAt, groups * 4 * words)
  const bytes = new Uint8Array(memory.buffer)
  const column = new Int32Array(memory.buffer, columnAt, 4 * groups + 4)
  const isEndInside = length % 16 > 0
  if (all > blocks)
    new Uint32Array(memory.buffer, paddingAt, paddingWords).set(paddingOf(32 * length, isEndInside ? 0 : 2 ** 31))
  input.fill(0)
  const bits = Buffer.alloc(4)
  bits.writeUInt32BE(32 * length)
  for (let start = 0; start < input.length; start += stride) {
    if (isEndInside) input.fill(0x80, start + 4 * length, start + 4 * length + 4)
    if (all === blocks) input.fill(bits.readUInt32LE(), start + stride - 4, start + stride)
  }
  return {
    capacity: 4 * groups,
    input,
    stride,
    pairs: (content, word) => {
      bytes.set(content, columnAt)
      pairs(columnAt, inputAt + 16 * word, columnAt + content.length, 4 * stride)
    },
    coded: (codes, table, word) => {
      column.fill(-1, codes.length, codes.length + 4)
      column.set(codes)
      bytes.set(table, tableAt)
      coded(columnAt, inputAt + 16 * word, columnAt + 4 * codes.length, 4 * stride, tableAt)
    },
    digests: (messages, into, at) => {
      digests(inputAt, outputAt, Math.ceil(messages / 4), blocks, all - blocks)
      into.set(output.subarray(0, messages * words), at)
    }
  }
}

/** Messages of one block each, which whoever fills them in pads. */
export interface Blocks {
  /** So many at a time. */
  readonly capacity: number
  /** The blocks, one after the other. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Hashes the first blocks and writes the first 16 bytes of their digests, one after the other. */
  readonly digests: (messages: number, into: Uint32Array, at: number) => void
}

/** Makes room for blocks; it is a hasher's, of which at most one may be in use. */
export const blocks = (): Blocks => {
  const { blocks, digests, memory } = instance()
  return {
    capacity: 4 * mostGroups,
    bytes: new Uint8Array(memory.buffer, blocksAt, 256 * mostGroups),
    digests: (messages, into, at) => {
      const groups = Math.ceil(messages / 4)
      blocks(blocksAt, inputAt, blocksAt + 256 * groups, 256)
      digests(inputAt, outputAt, groups, 1, 0)
      into.set(new Uint32Array(memory.buffer, outputAt, messages * words), at)
    }
  }
}
