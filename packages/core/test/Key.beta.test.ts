import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import { Key } from "../src/index.ts"

interface Fixtures {
  readonly shares: ReadonlyArray<number>
  readonly gamma: ReadonlyArray<{ readonly shape: number; readonly quantiles: ReadonlyArray<number> }>
  readonly beta: ReadonlyArray<{
    readonly a: number
    readonly b: number
    readonly quantiles: ReadonlyArray<number>
  }>
  readonly names: {
    readonly key: readonly [number, number]
    readonly cases: ReadonlyArray<{ readonly name: ReadonlyArray<number>; readonly words: ReadonlyArray<number> }>
  }
}

const fixtures: Fixtures = JSON.parse(readFileSync(new URL("./fixtures/beta_fixtures.json", import.meta.url), "utf8"))

/** The largest distance of the drawn shares below SciPy's quantiles from theirs: Kolmogorov and Smirnov's statistic there. */
const distance = (drawn: Float64Array, quantiles: ReadonlyArray<number>): number => {
  const sorted = drawn.slice().sort()
  let below = 0
  return quantiles.reduce((most, quantile, index) => {
    while (below < sorted.length && sorted[below] <= quantile) below++
    return Math.max(most, Math.abs(below / sorted.length - fixtures.shares[index]))
  }, 0)
}

const count = 20_000
/** Exceeded once in a thousand samples of the true distribution. */
const critical = 1.95 / Math.sqrt(count)

describe("Key.gamma and Key.beta", () => {
  for (const { quantiles, shape } of fixtures.gamma) {
    it(`gamma of shape ${shape} is distributed as SciPy's`, () => {
      assert.isBelow(distance(Key.gamma(Key.fromSeed(11), shape, count), quantiles), critical)
      assert.isAbove(distance(Key.gamma(Key.fromSeed(11), shape * 1.1, count), quantiles), critical)
    })
  }

  for (const { a, b, quantiles } of fixtures.beta) {
    it(`beta of shapes ${a} and ${b} is distributed as SciPy's`, () => {
      assert.isBelow(distance(Key.beta(Key.fromSeed(5), a, b, count), quantiles), critical)
      assert.isAbove(distance(Key.beta(Key.fromSeed(5), a * 1.2, b, count), quantiles), critical)
    })
  }

  it("beta of tiny shapes is 0 or 1, half of the time each, and never NaN", () => {
    const drawn = Key.beta(Key.fromSeed(1), 0.001, 0.001, 2000)
    assert.isTrue(drawn.every((value) => value >= 0 && value <= 1))
    assert.closeTo(drawn.filter((value) => value > 0.5).length, 1000, 100)
  })

  it("the draws of a key are its own, a longer draw starting with the shorter one", () => {
    const [short, long] = [Key.beta(Key.fromSeed(3), 0.2, 0.2, 3), Key.beta(Key.fromSeed(3), 0.2, 0.2, 9)]
    assert.deepStrictEqual(long.subarray(0, 3), short)
    assert.notDeepEqual([...Key.beta(Key.fromSeed(4), 0.2, 0.2, 3)], [...short])
  })

  it("refuses shapes that are no positive numbers", () => {
    for (const shape of [0, -1, NaN, Infinity]) {
      assert.throws(() => Key.gamma(Key.fromSeed(0), shape, 1), /no positive number/)
      assert.throws(() => Key.beta(Key.fromSeed(0), 1, shape, 1), /no positive number/)
    }
  })
})

describe("Key.bitsOfNames", () => {
  const { cases, key } = fixtures.names
  const root = { hi: key[0], lo: key[1] }
  const names = Uint32Array.from(cases.flatMap(({ name }) => name))

  it("draws jax's Threefry-2x32 words for each name, at any places", () => {
    const places = Uint32Array.of(5, 0, 3, 3)
    const drawn = Key.bitsOfNames(root, names, places, 3, new Uint32Array(12))
    assert.deepStrictEqual(
      [...drawn],
      [...places].flatMap((place) => [...cases[place].words])
    )
  })

  it("draws nothing for no words", () => {
    assert.deepStrictEqual([...Key.bitsOfNames(root, names, Uint32Array.of(0, 1), 0, new Uint32Array(2))], [0, 0])
  })
})
