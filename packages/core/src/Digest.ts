/**
 * SHA-256 fingerprints of values. Every value is first written as type-tagged canonical bytes, so two values have one
 * digest exactly when they are the same value: `1` is not `"1"`, `-0` is not `0`, every NaN is one NaN, the order in
 * which an object's keys were added does not matter, and typed arrays count by their type and bytes.
 */
import { Schema } from "effect"
import { createHash, hash } from "node:crypto"

/** The lower-case hexadecimal SHA-256 of something: 64 characters. */
export const Digest = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)).pipe(Schema.brand("Digest"))

/** The lower-case hexadecimal SHA-256 of something: 64 characters. */
export type Digest = typeof Digest.Type

/** The typed arrays a digest can cover. */
export type TypedArray =
  | Uint8Array
  | Uint8ClampedArray
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array

/** What can be fingerprinted. Functions, promises, maps and class instances cannot: that is a type error. */
export type Digestible =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | TypedArray
  | ReadonlyArray<Digestible>
  | InBlocks
  | { readonly [key: string]: Digestible }

const blocksOf = Symbol("@watertight/core/Digest/blocksOf")

/** An array that is fingerprinted as a whole without ever being one. */
export interface InBlocks {
  readonly [blocksOf]: Blocks
}

/** An array block by block: what makes arrays of its kind, and how many elements all blocks have together. */
export interface Blocks {
  readonly Values: { readonly name: string; readonly BYTES_PER_ELEMENT?: number }
  readonly length: number
  readonly blocks: () => Iterable<TypedArray | ReadonlyArray<Digestible>>
}

/** Returns the SHA-256 of raw bytes. */
export const fromBytes = (bytes: Uint8Array): Digest => hash("sha256", bytes, "hex") as Digest // sha-256 in hex is the brand

/** Returns the first eight characters: enough to tell artifacts apart on a screen. */
export const short = (digest: Digest): string => digest.slice(0, 8)

/**
 * Returns the digest of a value.
 *
 * @example
 * import { Digest } from "@watertight/core"
 * Digest.of({ a: 1, b: 2 }) === Digest.of({ b: 2, a: 1 }) // => true
 * Digest.of(0) === Digest.of(-0) // => false
 */
export const of = (value: Digestible): Digest => {
  const hasher = createHash("sha256")
  write(hasher, value)
  return hasher.digest("hex") as Digest // sha-256 in hex is the brand
}

/**
 * Makes an array that comes block by block digestible: its digest is that of one array of all elements.
 *
 * @example
 * import { Digest } from "@watertight/core"
 * const blocks = () => [Int32Array.of(1, 2), Int32Array.of(3)]
 * const joined = Digest.inBlocks({ Values: Int32Array, length: 3, blocks })
 * Digest.of([joined]) === Digest.of([Int32Array.of(1, 2, 3)]) // => true
 */
export const inBlocks = (blocks: Blocks): InBlocks => ({ [blocksOf]: blocks })

interface Sink {
  update(data: string | Uint8Array): unknown
}

/** Hashers take no array of 2 GiB. */
const mostAtOnce = 2 ** 30

const sized = (sink: Sink, tag: string, bytes: Uint8Array): void => {
  sink.update(`${tag}${bytes.byteLength}:`)
  for (let at = 0; at < bytes.length; at += mostAtOnce) sink.update(bytes.subarray(at, at + mostAtOnce))
}

const bytesOf = ({ buffer, byteLength, byteOffset }: TypedArray): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

const writeBlocks = (sink: Sink, { Values, blocks, length }: Blocks): void => {
  const { BYTES_PER_ELEMENT: size, name } = Values
  sink.update(size === undefined ? `a${length}:` : `${name}${length * size}:`)
  for (const block of blocks()) {
    if (ArrayBuffer.isView(block)) sink.update(bytesOf(block))
    else for (const item of block) write(sink, item)
  }
}

const number = (value: number): string => {
  if (Number.isNaN(value)) return "n:NaN;"
  return Object.is(value, -0) ? "n:-0;" : `n:${value};`
}

const write = (sink: Sink, value: Digestible): void => {
  if (value === null) return void sink.update("0;")
  switch (typeof value) {
    case "undefined":
      return void sink.update("u;")
    case "boolean":
      return void sink.update(value ? "t;" : "f;")
    case "number":
      return void sink.update(number(value))
    case "bigint":
      return void sink.update(`i:${value};`)
    case "string":
      return sized(sink, "s", utf16(value))
    case "object":
      return writeObject(sink, value)
    default:
      throw new TypeError(`Digest.of: a ${typeof value} has no fingerprint`)
  }
}

const writeObject = (sink: Sink, value: Exclude<Digestible, null | undefined | boolean | number | bigint | string>) => {
  if (ArrayBuffer.isView(value)) {
    return sized(sink, value[Symbol.toStringTag], bytesOf(value))
  }
  if (isInBlocks(value)) return writeBlocks(sink, value[blocksOf])
  if (isArray(value)) {
    sink.update(`a${value.length}:`)
    for (let index = 0; index < value.length; index++) write(sink, value[index])
    return
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`Digest.of: a ${value.constructor.name} has no fingerprint; convert it to plain data first`)
  }
  const keys = Object.keys(value).sort()
  sink.update(`o${keys.length}:`)
  for (const key of keys) {
    write(sink, key)
    write(sink, value[key])
  }
}

const isInBlocks = (value: object): value is InBlocks => blocksOf in value

const isArray = (value: object): value is ReadonlyArray<Digestible> => Array.isArray(value)

/** UTF-16 code units keep lone surrogates apart, which UTF-8 would fold into one replacement character. */
const utf16 = (text: string): Uint8Array => Buffer.from(text, "utf16le")
