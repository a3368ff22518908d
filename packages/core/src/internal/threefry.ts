/**
 * Threefry-2x32 in bulk, four blocks at a time: a WebAssembly program with a block in each lane of its 128-bit numbers, written
 * out here operation by operation. Blocks are encrypted at the counters `(0, 0), (0, 1), …`, in the bits that `Key` gives
 * one by one.
 */

/** Bytes of a program, in any nesting. */
type Code = ReadonlyArray<number | Code>

const flat = (code: Code, into: Array<number> = []): Array<number> => {
  for (const each of code) {
    if (typeof each === "number") into.push(each)
    else flat(each, into)
  }
  return into
}

const unsigned = (value: number): ReadonlyArray<number> =>
  value < 128 ? [value] : [(value % 128) + 128, ...unsigned(value >> 7)]
const signed = (value: number): ReadonlyArray<number> =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) + 128, ...signed(value >> 7)]
const integer = (value: number): Code => [0x41, signed(value)]
const vector = (operation: number): Code => [0xfd, unsigned(operation)]
const get = (place: number): Code => [0x20, place]
const set = (place: number): Code => [0x21, place]

const store = (offset: number): Code => [vector(0x0b), 4, unsigned(offset)]
const constant = vector(0x0c)
const shuffle = vector(0x0d)
const splat = vector(0x11)
const splatFloat = vector(0x13)
const isLess = vector(0x3a)
const or = vector(0x50)
const xor = vector(0x51)
const widenLow = vector(0xa9)
const widenHigh = vector(0xaa)
const shiftLeft = vector(0xab)
const shiftRight = vector(0xad)
const add = vector(0xae)
const multiplyFloats = vector(0xe6)
const toFloats = vector(0xfb)

/** Parameters, then the next place to write to. */
const local = { k0: 0, k1: 1, first: 2, turns: 3, threshold: 4, value: 5, output: 6 } as const
const lanes = { k0: 7, k1: 8, k2: 9, counter: 10, threshold: 11, value: 12, pair: 13 } as const

/** The words of groups of four blocks. Each operation waits for the one before, so four groups take turns. */
const groups = [0, 1, 2, 3].map((group) => ({ a: 14 + 2 * group, b: 15 + 2 * group }))

/** What the words of a key and a third one xor to. */
const parity = 0x1bd11bda

const rotations: ReadonlyArray<ReadonlyArray<number>> = [
  [13, 15, 26, 6],
  [17, 29, 16, 24]
]

const addTo = (place: number, value: Code): Code => [get(place), value, add, set(place)]

/** Salmon et al. (2011): the words of the key are added after every four rounds, and with them the number of times. */
const rounds = (): Code => {
  const keys = [lanes.k0, lanes.k1, lanes.k2]
  const round = (by: number): Code => [
    groups.map(({ a, b }) => addTo(a, get(b))),
    groups.map(({ a, b }) => [
      [get(b), integer(by), shiftLeft, get(b), integer(32 - by), shiftRight, or],
      [get(a), xor, set(b)]
    ])
  ]
  const inject = (time: number): Code =>
    groups.map(({ a, b }) => [
      addTo(a, get(keys[time % 3])),
      addTo(b, [get(keys[(time + 1) % 3]), integer(time), splat, add])
    ])
  return [1, 2, 3, 4, 5].map((time) => [rotations[(time + 1) % 2].map(round), inject(time)])
}

/** Writes a word for each block, the two of the cipher in one. */
const writeBits = (): Code =>
  groups.map(({ a, b }, group) => [get(local.output), get(a), get(b), xor, store(16 * group)])

/** Writes four decisions for each block: of each of its two words first the low half decides, then the high one. */
const writeDecisions = (): Code => {
  const bytes = (word: number): Code => [0, 1, 2, 3].map((byte) => 4 * word + byte)
  const decide = (widen: Code, offset: number): Code => [
    [get(local.output), get(lanes.pair), widen, get(lanes.threshold), isLess],
    [integer(31), shiftRight, toFloats, get(lanes.value), multiplyFloats, store(offset)]
  ]
  return groups.map(({ a, b }, group) =>
    [0, 2].map((block) => [
      [get(a), get(b), shuffle, [block, block + 4, block + 1, block + 5].map(bytes), set(lanes.pair)],
      [decide(widenLow, 64 * group + 16 * block), decide(widenHigh, 64 * group + 16 * block + 16)]
    ])
  )
}

/** A function that encrypts groups and writes so many bytes for each block. */
const body = (write: Code, bytes: number): ReadonlyArray<number> => {
  const fill = (from: number, operation: Code, to: number): Code => [get(from), operation, set(to)]
  return flat([
    [2, 1, 0x7f, 7 + 2 * groups.length, 0x7b], // locals: an i32, and vectors
    fill(local.k0, splat, lanes.k0),
    fill(local.k1, splat, lanes.k1),
    [get(local.k0), get(local.k1), 0x73, integer(parity), 0x73, splat, set(lanes.k2)],
    fill(local.threshold, splat, lanes.threshold),
    fill(local.value, splatFloat, lanes.value),
    [constant, [0, 1, 2, 3].map((lane) => [lane, 0, 0, 0]), get(local.first), splat, add, set(lanes.counter)],
    [0x03, 0x40], // loop
    groups.map(({ a, b }) => [
      [get(lanes.k0), set(a), get(lanes.counter), get(lanes.k1), add, set(b)],
      addTo(lanes.counter, [integer(4), splat])
    ]),
    [rounds(), write],
    [get(local.output), integer(4 * bytes * groups.length), 0x6a, set(local.output)],
    [get(local.turns), integer(1), 0x6b, 0x22, local.turns, 0x0d, 0, 0x0b, 0x0b] // again, if any are left
  ])
}

const program = (): Uint8Array<ArrayBuffer> => {
  const section = (id: number, code: Code): Code => [id, unsigned(flat(code).length), code]
  const name = (text: string): Code => [text.length, ...Buffer.from(text)]
  const functions = [body(writeBits(), 4), body(writeDecisions(), 16)]
  return Uint8Array.from(
    flat([
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, [1, 0x60, 6, 0x7f, 0x7f, 0x7f, 0x7f, 0x7f, 0x7d, 0]),
      section(3, [2, 0, 0]),
      section(5, [1, 0, 1]), // one page of memory
      section(7, [3, name("memory"), 2, 0, name("bits"), 0, 0, name("decisions"), 0, 1]),
      section(10, [2, functions.map((code) => [unsigned(code.length), code])])
    ])
  )
}

/** What is used of it: its types come with those of browsers. */
declare const WebAssembly: {
  readonly Module: new (program: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

type Encrypt = (k0: number, k1: number, first: number, turns: number, threshold: number, value: number) => void

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer }
  readonly bits: Encrypt
  readonly decisions: Encrypt
}

let exported: Exports | undefined

/** The program, compiled when it is first needed. */
const instance = (): Exports => {
  exported ??= new WebAssembly.Instance(new WebAssembly.Module(program())).exports as Exports // as written above
  return exported
}

/** Words in the program's memory: a page, which stays in the processor's nearest cache. */
const pageWords = 16_384

interface Key {
  readonly hi: number
  readonly lo: number
}

/** Fills `out` with the bits of a key. */
export const bits = ({ hi, lo }: Key, out: Uint32Array): void => {
  const { bits, memory } = instance()
  const page = new Uint32Array(memory.buffer)
  for (let start = 0; start < out.length; start += pageWords) {
    const count = Math.min(pageWords, out.length - start)
    bits(hi, lo, start, Math.ceil(count / 4 / groups.length), 0, 0)
    out.set(page.subarray(0, count), start)
  }
}

/** Fills `out` with decisions: `value` where a half word is less than the threshold, else `value` times 0. */
export const decisions = ({ hi, lo }: Key, threshold: number, out: Float32Array, value: number): void => {
  const { decisions, memory } = instance()
  const page = new Float32Array(memory.buffer)
  for (let start = 0; start < out.length; start += pageWords) {
    const count = Math.min(pageWords, out.length - start)
    decisions(hi, lo, start / 4, Math.ceil(count / 16 / groups.length), threshold, value)
    out.set(page.subarray(0, count), start)
  }
}
