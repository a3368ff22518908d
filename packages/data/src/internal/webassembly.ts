/**
 * Small WebAssembly programs, written as expressions: each function here gives the bytes of an operation (WebAssembly core
 * specification 2.0, chapter 5). A program keeps its blocks of numbers in one linear memory. JavaScript
 * calculates one number at a time; these calculate two of float64 or four of 32 bits.
 */

/** The bytes of operations, in parts. An expression leaves its value, a statement leaves nothing. */
export type Code = ReadonlyArray<number | Code>

/** Types of parameters, locals and results. */
export const i32 = 0x7f
export const f64 = 0x7c
export const v128 = 0x7b

const unsigned = (value: number): ReadonlyArray<number> => {
  const rest = Math.floor(value / 128)
  return rest === 0 ? [value] : [(value % 128) + 128, ...unsigned(rest)]
}

const signed = (value: number): ReadonlyArray<number> => {
  const low = value & 127
  const rest = value >> 7
  return (rest === 0 && low < 64) || (rest === -1 && low >= 64) ? [low] : [low + 128, ...signed(rest)]
}

/** Parts of a program, one after the other. */
export const all = (...parts: ReadonlyArray<Code>): Code => parts

/** Makes parts of a program for 0, 1, … up to `count`. */
export const each = (count: number, part: (index: number) => Code): Code =>
  Array.from({ length: count }, (_, index) => part(index))

export const get = (local: number): Code => [0x20, ...unsigned(local)]
export const set = (local: number, value: Code): Code => [value, 0x21, ...unsigned(local)]
export const integer = (value: number): Code => [0x41, ...signed(value)]
export const float = (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)]

/** An operation on numbers, after its operands. */
export const operation =
  (code: number) =>
  (...operands: ReadonlyArray<Code>): Code => [operands, code]

/** An operation on lanes, after its operands. */
export const lanes =
  (code: number) =>
  (...operands: ReadonlyArray<Code>): Code => [operands, 0xfd, ...unsigned(code)]

/** An access to memory at an address and an offset known beforehand, to one lane only where it is given. */
const access =
  (code: Code, lane: Code = []) =>
  (offset: number, ...operands: ReadonlyArray<Code>): Code => [operands, code, 0, ...unsigned(offset), lane]

export const load = access([0xfd, 0x00])
export const loadTwice = access([0xfd, 0x0a])
export const store = access([0xfd, 0x0b])
export const loadFirst = access([0xfd, 0x5c])
export const loadSecond = access([0xfd, 0x56], [1])
export const storeFirst = access([0xfd, 0x5a], [0])
export const storeSecond = access([0xfd, 0x5a], [1])
export const loadPair = access([0xfd, 0x5d])
export const storeLane = (lane: 0 | 1) => access([0xfd, 0x5b], [lane])
export const loadNumber = access([0x2b])
export const storeNumber = access([0x39])
export const loadInteger = access([0x28])
export const loadWord = access([0x2f])
export const storeInteger = access([0x36])

/** One of two float64 lanes. */
export const lane = (value: Code, index: number): Code => [value, 0xfd, 0x21, index]

/** Puts lanes of so many bytes together, numbered through two vectors. */
export const shuffle =
  (size: number, ...chosen: ReadonlyArray<number>) =>
  (first: Code, second: Code): Code => {
    const bytesOf = (lane: number) => Array.from({ length: size }, (_, byte) => size * lane + byte)
    return [first, second, 0xfd, 0x0d, ...chosen.flatMap(bytesOf)]
  }

/** Locals of 128 bits, one after the other. */
export const vectors = <Name extends string>(...names: ReadonlyArray<Name>): Readonly<Record<Name, number>> =>
  Object.fromEntries(names.map((name) => [name, v128])) as Record<Name, number> // one of each

/** Adds a number of bytes to an address. */
export const advance = (local: number, by: number): Code => set(local, plus(get(local), integer(by)))

export const plus = operation(0x6a)
export const minus = operation(0x6b)
const isBelow = operation(0x49)

/** Does something, once at least, while a number is below another. */
export const repeat = (number: Code, end: Code, body: Code): Code =>
  all([0x03, 0x40], body, isBelow(number, end), [0x0d, 0, 0x0b])

/** Names and types, in their order. */
type Locals = Readonly<Record<string, number>>

/** A function of a program. */
export interface Procedure {
  readonly name: string
  readonly type: ReadonlyArray<number>
  readonly body: ReadonlyArray<number>
}

/** Puts the parts together; `flat` takes ten times as long. */
const joined = (code: Code, into: Array<number> = []): ReadonlyArray<number> => {
  for (const part of code) {
    if (typeof part === "number") into.push(part)
    else joined(part, into)
  }
  return into
}

const sized = (code: Code): ReadonlyArray<number> => {
  const body = joined(code)
  return [...unsigned(body.length), ...body]
}
const list = (parts: Code): ReadonlyArray<number> => [...unsigned(parts.length), ...joined(parts)]
const text = (name: string): ReadonlyArray<number> => sized([...Buffer.from(name)])

/** Writes a function: its parameters and locals by name and type, what it gives, and its body by the locals' numbers. */
export const procedure = <P extends Locals, L extends Locals>(
  name: string,
  parameters: P,
  locals: L,
  result: number | undefined,
  body: (local: Readonly<Record<keyof P | keyof L, number>>) => Code
): Procedure => {
  const names = [...Object.keys(parameters), ...Object.keys(locals)]
  const numbered = Object.fromEntries(names.map((local, index) => [local, index]))
  return {
    name,
    type: [0x60, ...list(Object.values(parameters)), ...list(result === undefined ? [] : [result])],
    body: sized([
      list(Object.values(locals).map((type) => [1, type])),
      body(numbered as Record<keyof P | keyof L, number>), // as just numbered
      0x0b
    ])
  }
}

const section = (id: number, body: Code): ReadonlyArray<number> => [id, ...sized(body)]

/** What is used of it: its types come with those of browsers. */
declare const WebAssembly: {
  readonly Module: new (program: Uint8Array<ArrayBuffer>) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** The memory of a program beside its functions. */
export interface Memory {
  readonly memory: { readonly buffer: ArrayBuffer; readonly grow: (pages: number) => number }
}

/** Compiles a program with so many pages of 64 KiB of memory. Its functions are those of the type. */
export const compiled = <Functions>(pages: number, procedures: ReadonlyArray<Procedure>): Functions & Memory => {
  const exported = procedures.map(({ name }, index): Code => [...text(name), 0, ...unsigned(index)])
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
  const program = Uint8Array.from([
    ...magic,
    ...section(1, list(procedures.map(({ type }) => type))),
    ...section(3, list(procedures.map((_, index) => unsigned(index)))),
    ...section(5, list([[0, ...unsigned(pages)]])),
    ...section(7, list([[...text("memory"), 2, 0], ...exported])),
    ...section(10, list(procedures.map(({ body }) => body)))
  ])
  return new WebAssembly.Instance(new WebAssembly.Module(program)).exports as Functions & Memory // what was just written
}
