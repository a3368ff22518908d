import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { Key } from "../src/index.ts"
import { KeyLaws } from "../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

interface Case {
  readonly seed: number
  readonly key: Array<number>
  readonly split: Array<Array<number>>
  readonly foldIn: ReadonlyArray<{ readonly data: number; readonly key: Array<number> }>
  readonly foldInName: ReadonlyArray<{ readonly data: string; readonly key: Array<number> }>
  readonly bits: ReadonlyArray<ReadonlyArray<number>>
  readonly uniform: ReadonlyArray<number>
  readonly normal: ReadonlyArray<number>
  readonly permutation: ReadonlyArray<ReadonlyArray<number>>
}

const fixtures: { readonly cases: ReadonlyArray<Case> } = JSON.parse(
  readFileSync(new URL("fixtures/key_fixtures.json", import.meta.url), "utf8")
)

const pair = (key: Key.Key) => [key.hi, key.lo]

const floats = (words: ReadonlyArray<number>) => new Float32Array(Uint32Array.from(words).buffer)

/** Places of float32 values on the line of all float32 values, so that neighbours differ by one. */
const places = (values: Float32Array) =>
  Array.from(new Int32Array(values.slice().buffer), (bits) => (bits < 0 ? -(2 ** 31) - bits : bits))

describe("Key draws what jax.random draws", () => {
  for (const expected of fixtures.cases) {
    describe(`seed ${expected.seed}`, () => {
      const key = Key.fromSeed(expected.seed)

      it("fromSeed", () => assert.deepStrictEqual(pair(key), expected.key))

      it("split", () => assert.deepStrictEqual(Key.split(key, 5).map(pair), expected.split))

      it("foldIn by number, and by name", () => {
        const folded = [...expected.foldIn, ...expected.foldInName]
        for (const { data, key: child } of folded) assert.deepStrictEqual(pair(Key.foldIn(key, data)), child)
      })

      it("bits", () => {
        for (const words of expected.bits) assert.deepStrictEqual([...Key.bits(key, words.length)], words)
      })

      it("uniform", () => {
        const drawn = Key.uniform(key, expected.uniform.length)
        assert.deepStrictEqual([...new Uint32Array(drawn.buffer)], expected.uniform)
      })

      it("normal, to two units in the last place", () => {
        const theirs = places(floats(expected.normal))
        places(Key.normal(key, theirs.length)).forEach((place, index) =>
          assert.isAtMost(Math.abs(place - theirs[index]), 2, `value ${index}`)
        )
      })

      it("permutation", () => {
        for (const order of expected.permutation) {
          assert.deepStrictEqual([...Key.permutation(key, order.length)], order)
        }
      })
    })
  }
})

describe("Key", () => {
  it("folds in names as it always did", () => {
    assert.deepStrictEqual(Key.foldIn(Key.fromSeed(7), "augment"), { hi: 3257580277, lo: 4204592555 })
    assert.deepStrictEqual(Key.foldIn(Key.fromSeed(0), "augment"), { hi: 3280175988, lo: 3996686947 })
  })

  it("refuses seeds and numbers that are no keys", () => {
    for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) assert.throws(() => Key.fromSeed(seed), /Key\.fromSeed/)
    const words = Uint32Array.of(0, 7, 2 ** 32 - 1, 256)
    const bytes = new DataView(new ArrayBuffer(20))
    words.forEach((word, place) => bytes.setUint32(4 + 4 * place, word))
    const folded = words.reduce((key, word) => Key.foldIn(key, word), Key.fromSeed(3))
    assert.deepStrictEqual(Key.foldInWords(Key.fromSeed(3), bytes, 4, 4), folded)
    for (const data of [-1, 0.5, NaN, 2 ** 32]) assert.throws(() => Key.foldIn(Key.fromSeed(1), data), /Key\.foldIn/)
  })

  it("splits into two unless told otherwise", () => {
    assert.strictEqual(Key.split(Key.fromSeed(1)).length, 2)
    assert.deepStrictEqual(Key.split(Key.fromSeed(1), 0), [])
  })

  it("draws uniform numbers in [0, 1) of mean 1/2, and normal ones of mean 0 and variance 1", () => {
    const count = 200_000
    const uniform = Key.uniform(Key.fromSeed(11), count)
    assert.isTrue(uniform.every((x) => x >= 0 && x < 1))
    assert.closeTo(uniform.reduce((sum, x) => sum + x, 0) / count, 0.5, 5 * Math.sqrt(1 / 12 / count))
    const normal = Key.normal(Key.fromSeed(11), count)
    const mean = normal.reduce((sum, x) => sum + x, 0) / count
    const variance = normal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count
    assert.closeTo(mean, 0, 5 / Math.sqrt(count))
    assert.closeTo(variance, 1, 5 * Math.sqrt(2 / count))
  })
})

describe("the laws of Key", () => {
  for (const law of KeyLaws.all(Key.foldIn)) it.effect(law.name, () => law.check({ runs }))

  let calls = 0
  const broken = {
    "numbers count as their text": KeyLaws.differentNames((key, name) => Key.foldIn(key, String(name))),
    "names are in UTF-8": KeyLaws.differentNames((key, name) =>
      Key.foldIn(key, typeof name === "string" ? name.toWellFormed() : name)
    ),
    "names count by their length": KeyLaws.differentNames((key, name) => Key.foldIn(key, String(name).length)),
    "keys are of twelve bits": KeyLaws.differentNames((key, name) => ({ hi: 0, lo: Key.foldIn(key, name).lo & 0xfff })),
    "the time of the call counts": KeyLaws.sameName((key, name) => Key.foldIn(Key.foldIn(key, name), calls++)),
    "half of the parent is lost": KeyLaws.differentKeys((key, name) => Key.foldIn({ hi: 0, lo: key.lo }, name))
  }
  for (const [name, law] of Object.entries(broken)) {
    it.effect(`a broken one fails: ${name}`, () => Effect.flip(law.check({ runs: 2000 })))
  }
})
