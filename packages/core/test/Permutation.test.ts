import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Key, Permutation } from "../src/index.ts"
import { PermutationLaws } from "../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

/** Chi-square of counts against equal shares, in standard deviations from what is expected. */
const deviation = (counts: ReadonlyArray<number>) => {
  const share = counts.reduce((sum, count) => sum + count, 0) / counts.length
  const chiSquare = counts.reduce((sum, count) => sum + (count - share) ** 2 / share, 0)
  return (chiSquare - (counts.length - 1)) / Math.sqrt(2 * (counts.length - 1))
}

const orders = (size: number, keys: number): ReadonlyArray<number> => {
  const counts = new Map<string, number>()
  const order = new Uint32Array(size)
  for (let seed = 0; seed < keys; seed++) {
    Permutation.make(Key.fromSeed(seed), size).fill(order, 0)
    counts.set(order.join(), (counts.get(order.join()) ?? 0) + 1)
  }
  return [...counts.values()]
}

describe("Permutation", () => {
  it("is a bijection for every size up to 4,096, and inverse undoes it", () => {
    const out = new Uint32Array(4096)
    for (let size = 1; size <= 4096; size++) {
      for (const seed of [0, size]) {
        const permutation = Permutation.make(Key.fromSeed(seed), size)
        const order = out.subarray(0, size)
        permutation.fill(order, 0)
        const seen = new Uint8Array(size)
        for (let index = 0; index < size; index++) seen[order[index]] = 1
        if (seen.includes(0)) assert.fail(`${size} elements, seed ${seed}: ${seen.indexOf(0)} has no place`)
        const index = 7919 % size
        assert.strictEqual(permutation.inverse(order[index]), index)
      }
    }
  })

  it("gives the same order as ever", () => {
    const read = (seed: number, size: number, ...places: ReadonlyArray<number>) =>
      places.map(Permutation.make(Key.fromSeed(seed), size).at)
    assert.deepStrictEqual(read(0, 10, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), [1, 5, 3, 4, 0, 6, 8, 2, 7, 9])
    assert.deepStrictEqual(read(7, 60_000, 0, 1, 2, 59_999), [34938, 44630, 21728, 20222])
    assert.deepStrictEqual(read(7, 2 ** 32 + 1, 0, 1, 2, 2 ** 32), [1338331082, 1971672219, 2240312535, 1527295635])
    assert.deepStrictEqual(
      read(7, 2 ** 48, 0, 1, 2, 2 ** 48 - 1),
      [194754637178400, 79730485756305, 97165747402610, 199335533920865]
    )
  })

  it("gives each of the orders of few elements equally often", () => {
    for (const [size, count, keys] of [
      [2, 2, 5000],
      [3, 6, 10_000],
      [4, 24, 40_000],
      [5, 120, 40_000]
    ]) {
      const counts = orders(size, keys)
      assert.strictEqual(counts.length, count)
      assert.isBelow(deviation(counts), 4, `${size} elements`)
    }
  })

  it("puts each element at each place equally often, odd orders as often as even ones", () => {
    const size = 16
    const places = new Array<number>(size * size).fill(0)
    const parities = [0, 0]
    for (let seed = 0; seed < 10_000; seed++) {
      const order = Array.from({ length: size }, (_, index) => index).map(Permutation.make(Key.fromSeed(seed), size).at)
      order.forEach((element, place) => places[element * size + place]++)
      let swaps = 0
      for (let one = 0; one < size; one++)
        for (let two = one + 1; two < size; two++) swaps += +(order[one] > order[two])
      parities[swaps % 2]++
    }
    assert.isBelow(deviation(places), 4)
    assert.isBelow(deviation(parities), 4)
  })

  it("scatters neighbours: pairs of successive elements fall evenly on a grid", () => {
    const size = 60_000
    const cells = 20
    const order = new Uint32Array(size)
    Permutation.make(Key.fromSeed(3), size).fill(order, 0)
    const counts = new Array<number>(cells * cells).fill(0)
    const cell = (element: number) => Math.floor((element * cells) / size)
    for (let index = 0; index < size; index += 2) counts[cell(order[index]) * cells + cell(order[index + 1])]++
    assert.isBelow(Math.abs(deviation(counts)), 4)
  })

  it("gives unrelated orders to sizes that differ by one", () => {
    const places = Array.from({ length: 1000 }, (_, index) => index)
    const one = places.map(Permutation.make(Key.fromSeed(1), 1000).at)
    const other = places.map(Permutation.make(Key.fromSeed(1), 1001).at)
    assert.isBelow(one.filter((element, index) => element === other[index]).length, 10)
  })

  it("refuses sizes and places that do not exist", () => {
    const key = Key.fromSeed(1)
    for (const size of [-1, 0.5, NaN, 2 ** 48 + 1, Infinity]) {
      assert.throws(() => Permutation.make(key, size), /Permutation\.make: .* is no integer in \[0, 2\^48\]/)
    }
    const permutation = Permutation.make(key, 10)
    for (const place of [-1, 10, 0.5, NaN]) {
      assert.throws(() => permutation.at(place), /no integer in \[0, 10\)/)
      assert.throws(() => permutation.inverse(place), /no integer in \[0, 10\)/)
    }
    assert.throws(() => permutation.fill(new Uint32Array(5), 6), /10 is no integer in \[0, 10\)/)
    assert.throws(() => Permutation.make(key, 0).at(0), /no integer in \[0, 0\)/)
    assert.throws(() => Permutation.make(key, 2 ** 32 + 1).fill(new Uint32Array(1), 0), /give a Float64Array/)
    Permutation.make(key, 0).fill(new Uint32Array(0), 0)
  })
})

describe("the laws of Permutation", () => {
  for (const law of PermutationLaws.all(Permutation.make)) it.effect(law.name, () => law.check({ runs }))

  /** Sends two places to one element when there are many places. */
  const collapsing: PermutationLaws.Make = (key, size) => {
    const good = Permutation.make(key, size)
    return { ...good, at: (index) => good.at(size > 100 && index === 64 ? 0 : index) }
  }
  /** Loses precision: products of 2^53 and more are not exact. */
  const inexact: PermutationLaws.Make = (_, size) => {
    const at = (index: number) => (index * 5 + 3) % size
    return {
      size,
      at,
      inverse: at,
      fill: (out, start) => out.forEach((_, offset) => (out[offset] = at(start + offset)))
    }
  }
  const offByOne: PermutationLaws.Make = (key, size) => {
    const good = Permutation.make(key, size)
    return { ...good, fill: (out, start) => good.fill(out, Math.min(start + 1, size - out.length)) }
  }
  let calls = 0
  const stateful: PermutationLaws.Make = (key, size) => Permutation.make(Key.foldIn(key, calls++), size)
  const broken = [
    PermutationLaws.bijection(collapsing),
    PermutationLaws.inverse(inexact),
    PermutationLaws.fill(offByOne),
    PermutationLaws.deterministic(stateful)
  ]
  for (const law of broken) it.effect(`a broken one fails "${law.name}"`, () => Effect.flip(law.check()))

  it.effect("a network of 32-bit numbers fails beyond 2^32", () => {
    const truncating: PermutationLaws.Make = (key, size) => {
      const good = Permutation.make(key, size)
      return { ...good, at: (index) => good.at(index >>> 0) % size }
    }
    return Effect.flip(PermutationLaws.inverse(truncating).check())
  })

  it("tries sizes on both sides of powers of two", () => {
    const sizes = new Set(fc.sample(PermutationLaws.size(48), { numRuns: 3000, seed: 1 }))
    for (const size of [1, 2, 3, 2 ** 32 - 1, 2 ** 32 + 1, 2 ** 47 + 1, 2 ** 48])
      assert.isTrue(sizes.has(size), `${size}`)
  })
})
