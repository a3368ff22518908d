import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"

interface Fixtures {
  readonly cases: ReadonlyArray<{
    readonly key: readonly [number, number]
    readonly probability: number
    readonly decisions: ReadonlyArray<number>
  }>
}

const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL("./fixtures/bernoulli_fixtures.json", import.meta.url), "utf8")
)
const numRuns = Number(process.env.WATERTIGHT_RUNS ?? 50)

describe("Key.bernoulli", () => {
  it("decides by jax's own Threefry-2x32", () => {
    for (const { decisions, key, probability } of fixtures.cases) {
      const drawn = Key.bernoulli({ hi: key[0], lo: key[1] }, probability, new Float32Array(decisions.length))
      assert.deepStrictEqual([...drawn], [...decisions])
    }
  })

  it("a longer draw starts with the shorter one, and more probable means a superset", () => {
    const probability = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.nat(), fc.nat(100), fc.nat(100), probability, probability, (seed, length, more, p, q) => {
        const key = Key.fromSeed(seed)
        const short = Key.bernoulli(key, p, new Float32Array(length))
        const long = Key.bernoulli(key, Math.max(p, q), new Float32Array(length + more))
        short.forEach((decision, index) => assert.isTrue(decision <= long[index]))
        assert.deepStrictEqual(Key.bernoulli(key, p, new Float32Array(length + more)).subarray(0, length), short)
      }),
      { numRuns }
    )
  })

  it("many decisions and many bits at a time are those of the blocks one by one", () => {
    const lengths = [16_383, 16_384, 16_385, 65_536, 65_537, 70_003]
    for (const [index, probability] of [0, 2 ** -16, 0.3, 0.8, 1 - 2 ** -16, 1].entries()) {
      const key = { hi: 0xffffffff - index, lo: 0x80000001 + index }
      const length = lengths[index]
      const blocks = Key.split(key, Math.ceil(length / 4)) // encrypts a block for each
      const halves = blocks.flatMap(({ hi, lo }) => [hi & 0xffff, hi >>> 16, lo & 0xffff, lo >>> 16])
      const expected = halves.slice(0, length).map((half) => (half < Math.round(probability * 2 ** 16) ? 1.7 : 0))
      const drawn = Key.bernoulli(key, probability, new Float32Array(new SharedArrayBuffer(4 * length)), 1.7)
      assert.deepStrictEqual(new Float32Array(drawn), Float32Array.from(expected))
      const bits = Key.bits(key, blocks.length)
      assert.isTrue(blocks.every(({ hi, lo }, place) => bits[place] === (hi ^ lo) >>> 0))
    }
  })

  it("keeps the given share, with the given value", () => {
    for (const [probability, value] of [
      [0.8, 1.25],
      [0.5, 2],
      [2 ** -16, 1]
    ] as const) {
      const count = 400_000
      const drawn = Key.bernoulli(Key.fromSeed(1), probability, new Float32Array(count), value)
      const kept = drawn.filter((decision) => decision !== 0)
      assert.isTrue(kept.every((decision) => decision === Math.fround(value)))
      const deviations = (kept.length - probability * count) / Math.sqrt(count * probability * (1 - probability))
      assert.isBelow(Math.abs(deviations), 4)
    }
  })

  it("knows certainty, the empty draw, and refuses what is no probability", () => {
    const key = Key.fromSeed(0)
    assert.isTrue(Key.bernoulli(key, 1, new Float32Array(999)).every((decision) => decision === 1))
    assert.isTrue(Key.bernoulli(key, 0, new Float32Array(999)).every((decision) => Object.is(decision, 0)))
    assert.strictEqual(Key.bernoulli(key, 0.5, new Float32Array(0)).length, 0)
    for (const probability of [-0.1, 1.1, NaN, Infinity]) {
      assert.throws(() => Key.bernoulli(key, probability, new Float32Array(1)), RangeError)
    }
  })

  it("needs well under a millisecond for 100,000 decisions", () => {
    const out = new Float32Array(100_000)
    const key = Key.fromSeed(3)
    const times = Array.from({ length: 40 }, () => {
      const started = performance.now()
      Key.bernoulli(key, 0.8, out, 1.25)
      return performance.now() - started
    })
    assert.isBelow(Math.min(...times), 1)
  })
})
