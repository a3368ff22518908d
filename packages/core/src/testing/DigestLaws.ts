/**
 * What any fingerprint of values must do, as laws: two values have one digest exactly when they are the same value. What
 * "the same" means is decided here by a structural comparison that shares no code with `Digest`.
 */
import * as fc from "fast-check"
import type { Digestible, TypedArray } from "../Digest.ts"
import * as Law from "./Law.ts"

/** An implementation of `Digest.of`. */
export type Of = (value: Digestible) => string

const typedArrays = [
  Uint8Array,
  Uint8ClampedArray,
  Int8Array,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array
]

const viewed = (bytes: Uint8Array, which: number): TypedArray => {
  const Type = typedArrays[which % typedArrays.length]
  return new Type(bytes.slice(0, bytes.length - (bytes.length % Type.BYTES_PER_ELEMENT)).buffer)
}

const leaf: fc.Arbitrary<Digestible> = fc.oneof(
  fc.constantFrom<Digestible>(null, undefined, true, false, 0, -0, 1, NaN, Infinity, -Infinity, 0n, 1n),
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.string({ maxLength: 5 }),
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.tuple(fc.uint8Array({ maxLength: 16 }), fc.nat({ max: 10 })).map(([bytes, which]) => viewed(bytes, which))
)

/** Generates nested plain values: numbers with their edges, bigints, any text, typed arrays, arrays, objects. */
export const value: fc.Arbitrary<Digestible> = fc.letrec<{ value: Digestible }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string({ maxLength: 3 }), fc.constantFrom("__proto__", "length", "0")), tie("value"), {
      maxKeys: 4
    })
  )
})).value

const isList = (a: Digestible): a is ReadonlyArray<Digestible> => Array.isArray(a)

/** Tells records from lists, typed arrays and leaves. */
export const isRecord = (a: Digestible): a is { readonly [key: string]: Digestible } =>
  typeof a === "object" && a !== null && !isList(a) && !ArrayBuffer.isView(a)

const sameBytes = (a: TypedArray, b: TypedArray): boolean => {
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false
  const one = new Uint8Array(a.buffer, a.byteOffset, a.byteLength)
  const other = new Uint8Array(b.buffer, b.byteOffset, b.byteLength)
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}

/** Compares two values: the meaning of "equal" in this law. `Object.is` on leaves; keys in any order; arrays by place. */
export const equal = (a: Digestible, b: Digestible): boolean => {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return sameBytes(a, b)
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, index) => equal(item, b[index]))
  if (isRecord(a) && isRecord(b)) {
    const names = Object.keys(a)
    return (
      names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]))
    )
  }
  return Object.is(a, b)
}

/** Copies deeply, with the keys of objects added in reverse. */
const copy = (a: Digestible): Digestible => {
  if (ArrayBuffer.isView(a)) return a.slice()
  if (isList(a)) return a.map(copy)
  return isRecord(a)
    ? Object.fromEntries(
        Object.entries(a)
          .reverse()
          .map(([name, item]) => [name, copy(item)])
      )
    : a
}

/** Values that a careless fingerprint takes for `a`. */
const lookalikes = (a: Digestible): ReadonlyArray<Digestible> => {
  if (ArrayBuffer.isView(a)) {
    const bytes = new Uint8Array(a.buffer.slice(0))
    return [...typedArrays.map((_, which) => viewed(bytes, which)), [...a], { ...[...a] }, viewed(bytes, 0).slice(1)]
  }
  if (isList(a)) {
    const flat = a.flatMap((item) => (isList(item) ? item : [item]))
    return [[a], a.slice(1), [...a, undefined], flat, { ...a }, a.toReversed(), flat.map(() => null)]
  }
  if (isRecord(a)) {
    const entries = Object.entries(a)
    return [entries, Object.values(a), Object.keys(a), { ...a, "": undefined }, Object.fromEntries(entries.slice(1))]
  }
  if (typeof a === "string") return [a.slice(1), a.slice(0, -1), `${a} `, `${a}\0`, a.toUpperCase(), Number(a), [a]]
  if (typeof a === "number") return [-a, a + 1, a * (1 + Number.EPSILON), Math.fround(a), Math.trunc(a), `${a}`, [a]]
  return [String(a), Number(a), null, undefined, [a], { 0: a }, [], {}]
}

/** Pairs that careless fingerprints mistake for one another, and that chance would seldom put side by side. */
const confusable = fc.constantFrom<ReadonlyArray<Digestible>>(
  [0, -0],
  [null, undefined],
  [null, NaN],
  [NaN, Infinity],
  [1, 1n],
  [1, true],
  [1, "1"],
  ["", null],
  ["NaN", NaN],
  ["\ud800", "\ufffd"],
  ["\ud800", "\ud801"],
  ["e\u0301", "\u00e9"],
  ["a", "a "],
  ["a", "A"],
  ["[]", []],
  ["{}", {}],
  [[], {}],
  [
    [1, [2]],
    [[1], 2]
  ],
  [["a", "b"], ["ab"]],
  [["a", "b"], ["a,b"]],
  [
    { a: 1, b: 2 },
    { a: 2, b: 1 }
  ],
  [{ a: undefined }, {}],
  [{ a: 1 }, { A: 1 }],
  [2 ** 53 + 2, 2n ** 53n + 1n],
  [0.1 + 0.2, 0.3],
  [new Float32Array([0]), new Float32Array([-0])],
  [new Uint8Array([1, 0]), new Uint16Array([1])]
)

/** Replaces the node of `a` that `path` leads to. */
const replace = (a: Digestible, path: ReadonlyArray<number>, change: (node: Digestible) => Digestible): Digestible => {
  const [step, ...rest] = path
  if (step !== undefined && isList(a) && a.length > 0) {
    const index = step % a.length
    return a.with(index, replace(a[index], rest, change))
  }
  if (step !== undefined && isRecord(a) && Object.keys(a).length > 0) {
    const name = Object.keys(a)[step % Object.keys(a).length]
    return { ...a, [name]: replace(a[name], rest, change) }
  }
  return change(a)
}

const place = fc.array(fc.nat({ max: 5 }), { maxLength: 4 })

/** Generates pairs: unrelated values, equal copies, and values that differ in one place. */
export const pair: fc.Arbitrary<readonly [Digestible, Digestible]> = fc.oneof(
  fc.tuple(value, value),
  value.map((a) => [a, copy(a)] as const),
  fc
    .tuple(value, place, fc.nat({ max: 20 }))
    .map(([a, to, which]) => [a, replace(a, to, (node) => lookalikes(node)[which % lookalikes(node).length])] as const),
  {
    weight: 2,
    arbitrary: fc
      .tuple(value, place, confusable)
      .map(([a, to, [one, other]]) => [replace(a, to, () => one), replace(a, to, () => other)] as const)
  }
)

/** "digest: equal exactly when the values are", for an implementation of `Digest.of`. */
export const equality = (of: Of): Law.Law =>
  Law.make("digest: equal exactly when the values are", pair, ([a, b]) => {
    const expected = equal(a, b)
    Law.ensure((of(a) === of(b)) === expected, () =>
      expected ? "equal values have different digests" : "different values have one digest"
    )
  })

/** All laws of an implementation of `Digest.of`. */
export const all = (of: Of): ReadonlyArray<Law.Law> => [equality(of)]
