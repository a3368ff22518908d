import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Digest } from "../src/index.ts"
import { DigestLaws } from "../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

describe("Digest.fromBytes", () => {
  it("is SHA-256: the examples of FIPS 180-4", () => {
    const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert.strictEqual(Digest.fromBytes(new TextEncoder().encode("abc")), abc)
    const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert.strictEqual(Digest.fromBytes(new Uint8Array()), empty)
  })
})

describe("Digest.of", () => {
  it("gives the same digests as ever", () => {
    const golden: ReadonlyArray<readonly [Digest.Digestible, string]> = [
      [null, "f1ab6b1f"],
      [-0, "784d67da"],
      ["größe 🎲", "6efaae4d"],
      [[1, 2n, true, undefined, NaN], "5ef6ac5d"],
      [{ b: new Float32Array([1, -0]), a: { nested: [] } }, "c49c6b47"]
    ]
    assert.deepStrictEqual(
      golden.map(([value]) => Digest.short(Digest.of(value))),
      golden.map(([, digest]) => digest)
    )
  })

  it("tells apart what looks alike", () => {
    const different: ReadonlyArray<Digest.Digestible> = [
      null,
      undefined,
      false,
      0,
      -0,
      NaN,
      0n,
      "",
      "0",
      "null",
      [],
      [0],
      [[]],
      [undefined],
      {},
      { a: undefined },
      { "": 0 },
      { a: 0 },
      { 0: 0 },
      ["a", 0],
      ["ab"],
      ["a", "b"],
      [["a"], "b"],
      new Uint8Array(),
      new Uint8Array([0]),
      new Int8Array([0]),
      new Uint8ClampedArray([0]),
      new Float32Array([0]),
      new Float32Array([-0]),
      new Int32Array([0]),
      new Uint32Array([0]),
      "\ud800",
      "\ud801",
      "\ufffd",
      "e\u0301",
      "\u00e9"
    ]
    assert.strictEqual(new Set(different.map(Digest.of)).size, different.length)
  })

  it("takes a view for its own bytes, and a Buffer for the bytes it holds", () => {
    const whole = new Uint8Array([9, 1, 2, 9])
    assert.strictEqual(Digest.of(whole.subarray(1, 3)), Digest.of(new Uint8Array([1, 2])))
    assert.strictEqual(Digest.of(Buffer.from([1, 2])), Digest.of(new Uint8Array([1, 2])))
    const shared = new Uint8Array(new SharedArrayBuffer(2))
    shared.set([1, 2])
    assert.strictEqual(Digest.of(shared), Digest.of(new Uint8Array([1, 2])))
  })

  it("takes an array in blocks for the array", () => {
    const arrays: ReadonlyArray<Float64Array | Int32Array | ReadonlyArray<string>> = [
      Float64Array.of(1, -0, NaN, 4, 5),
      Int32Array.of(1, 2, 3),
      ["größe 🎲", "", "a", "\uD800"],
      new Float64Array(),
      []
    ]
    for (const all of arrays) {
      for (const size of [1, 2, 7]) {
        const starts = Array.from({ length: Math.ceil(all.length / size) }, (_, block) => block * size)
        const blocks = () => starts.map((start) => all.slice(start, start + size))
        const Values = all.constructor as Float64ArrayConstructor
        const inBlocks = Digest.inBlocks({ Values, length: all.length, blocks })
        assert.strictEqual(Digest.of({ a: [inBlocks, 1] }), Digest.of({ a: [all, 1] }))
      }
    }
  })

  it("takes no difference between an object with and without a prototype", () => {
    assert.strictEqual(Digest.of(Object.assign(Object.create(null), { a: 1 })), Digest.of({ a: 1 }))
  })

  it("refuses what has no fingerprint", () => {
    const unfit: ReadonlyArray<unknown> = [() => 1, Symbol("a"), new Map(), new Date(0), /a/, new (class Point {})()]
    for (const value of unfit) {
      assert.throws(() => Digest.of([value] as never), /has no fingerprint/) // what the types refuse
    }
  })
})

describe("the laws of Digest", () => {
  for (const law of DigestLaws.all(Digest.of)) it.effect(law.name, () => law.check({ runs }))

  /** A digest that takes every node of a value for another one. */
  const mistaking = (change: (value: Digest.Digestible) => Digest.Digestible): DigestLaws.Of => {
    const everywhere = (value: Digest.Digestible): Digest.Digestible => {
      const changed = change(value)
      if (Array.isArray(changed)) return changed.map(everywhere)
      if (!DigestLaws.isRecord(changed)) return changed
      return Object.fromEntries(Object.entries(changed).map(([name, item]) => [name, everywhere(item)]))
    }
    return (value) => Digest.of(everywhere(value))
  }
  const onText = (change: (text: string) => string) =>
    mistaking((value) => (typeof value === "string" ? change(value) : value))
  const broken: Readonly<Record<string, DigestLaws.Of>> = {
    "JSON.stringify": (value) =>
      String(JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}` : item))),
    "one digest for all": () => "",
    "the order of keys counts": (value) =>
      Digest.of([value, DigestLaws.isRecord(value) ? Object.keys(value).join() : ""]),
    "-0 is 0": mistaking((value) => (value === 0 ? 0 : value)),
    "float32 precision": mistaking((value) => (typeof value === "number" ? Math.fround(value) : value)),
    "bigints are numbers": mistaking((value) => (typeof value === "bigint" ? Number(value) : value)),
    "only the first characters of text count": onText((text) => text.slice(0, 2)),
    "texts in UTF-8": onText((text) => text.toWellFormed()),
    "texts in one normal form": onText((text) => text.normalize()),
    "texts without spaces around": onText((text) => text.trim()),
    "nested arrays are flat": mistaking((value) => (Array.isArray(value) ? value.flat() : value)),
    "arrays are records": mistaking((value) => (Array.isArray(value) ? { ...value } : value)),
    "undefined is null": mistaking((value) => value ?? null),
    "undefined is absent": mistaking((value) =>
      DigestLaws.isRecord(value)
        ? Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))
        : value
    ),
    "typed arrays by their bytes alone": mistaking((value) =>
      ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value
    ),
    "typed arrays by their values alone": mistaking((value) => (ArrayBuffer.isView(value) ? [...value] : value))
  }
  for (const [name, of] of Object.entries(broken)) {
    it.effect(`a broken one fails: ${name}`, () => Effect.flip(DigestLaws.equality(of).check({ runs: 2000 })))
  }

  it("tries equal pairs as well as different ones", () => {
    const pairs = fc.sample(DigestLaws.pair, { numRuns: 1000, seed: 1 })
    const equal = pairs.filter(([a, b]) => DigestLaws.equal(a, b)).length
    assert.isAbove(equal, 100)
    assert.isAbove(pairs.length - equal, 100)
  })
})
