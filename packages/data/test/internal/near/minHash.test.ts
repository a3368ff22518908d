import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import fixtures from "../../fixtures/near_fixtures.json" with { type: "json" }
import * as Components from "../../../src/internal/near/components.ts"
import * as MinHash from "../../../src/internal/near/minHash.ts"
import * as Shingles from "../../../src/internal/near/shingles.ts"
import { mails } from "../../mails.ts"

const setsOf = (all: ReadonlyArray<ReadonlyArray<number>>): MinHash.Sets => {
  const sorted = all.map((set) => [...new Set(set)].sort((a, b) => a - b))
  let end = 0
  const starts = Uint32Array.from([0, ...sorted.map(({ length }) => (end += length))])
  return { starts, values: Uint32Array.from(sorted.flat()) }
}

const pairsOf = (sets: MinHash.Sets, threshold: number) => {
  const found: Array<string> = []
  MinHash.pairs(sets, threshold, (first, second) => found.push(`${first} ${second}`))
  return found.sort()
}

/** All pairs of all, the slow way. */
const bruteForce = (all: ReadonlyArray<ReadonlyArray<number>>, threshold: number) => {
  const sets = all.map((set) => new Set(set))
  const found: Array<string> = []
  sets.forEach((a, first) =>
    sets.forEach((b, second) => {
      const shared = [...a].filter((value) => b.has(value)).length
      const total = a.size + b.size - shared
      if (first < second && (total === 0 || shared / total >= threshold)) found.push(`${first} ${second}`)
    })
  )
  return found.sort()
}

const connected = (length: number, pairs: ReadonlyArray<string>) => {
  const joined = Components.make(length)
  pairs.forEach((pair) => {
    const [first, second] = pair.split(" ").map(Number)
    Components.join(joined, first, second)
  })
  return Components.firsts(joined)
}

/** Families of sets: few ancestors, each member with a few elements changed. */
const families = fc
  .array(fc.array(fc.nat({ max: 4_000_000_000 }), { minLength: 0, maxLength: 40 }), { minLength: 1, maxLength: 5 })
  .chain((ancestors) =>
    fc
      .array(
        fc.record({
          of: fc.nat({ max: ancestors.length - 1 }),
          without: fc.nat({ max: 12 }),
          extra: fc.nat({ max: 5 })
        }),
        { maxLength: 40 }
      )
      .map((members) =>
        members.map(({ extra, of, without }, member) => [
          ...ancestors[of].slice(without),
          ...Array.from({ length: extra }, (_, index) => 1000 * member + index)
        ])
      )
  )

describe("minHash", () => {
  it("finds the pairs that comparing all with all finds, at any threshold", () => {
    fc.assert(
      fc.property(families, fc.constantFrom(0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 1), (all, threshold) => {
        const sets = setsOf(all)
        const expected = bruteForce(all, threshold)
        assert.deepStrictEqual(pairsOf(sets, threshold), expected)
        const joined = Components.firsts(MinHash.components(sets, threshold))
        assert.deepStrictEqual(joined, connected(all.length, expected))
      }),
      { numRuns: 60 }
    )
  })

  it("takes none and one set", () => {
    assert.deepStrictEqual(pairsOf(setsOf([]), 0.5), [])
    assert.deepStrictEqual([...Components.firsts(MinHash.components(setsOf([]), 0.5))], [])
    assert.deepStrictEqual([...Components.firsts(MinHash.components(setsOf([[7]]), 0.5))], [0])
  })

  it("cuts signatures so that fewer than one pair in a million is missed", () => {
    for (const threshold of [0.1, 0.3, 0.5, 0.8, 0.9, 0.99]) {
      const { bands, rows } = MinHash.plan(threshold)
      assert.isAtMost(bands * rows, MinHash.bins)
      assert.isAtMost((1 - threshold ** rows) ** bands, 1e-6)
    }
    assert.deepStrictEqual(MinHash.plan(1), { bands: 1, rows: 256, least: 1 })
    assert.deepStrictEqual(MinHash.plan(0.8), { bands: 51, rows: 5, least: 3 })
  })

  it("gives signatures that agree as often as sets do, small or large", () => {
    for (const [size, shared] of [
      [20, 16],
      [100, 50],
      [2000, 1800]
    ]) {
      const agreeing = Array.from({ length: 40 }, (_, trial) => {
        const element = (index: number) => trial * 1_000_003 + index * 7
        const sets = setsOf([
          Array.from({ length: size }, (_, index) => element(index)),
          Array.from({ length: size }, (_, index) => element(index < shared ? index : index + size))
        ])
        const [a, b] = [new Uint32Array(MinHash.bins), new Uint32Array(MinHash.bins)]
        MinHash.signature(sets, 0, a)
        MinHash.signature(sets, 1, b)
        return a.filter((value, bin) => value === b[bin]).length / MinHash.bins
      })
      const mean = agreeing.reduce((sum, each) => sum + each, 0) / agreeing.length
      assert.closeTo(mean, shared / (2 * size - shared), 0.03)
    }
  })

  it("finds the near mails that an exact comparison in Python finds, as near as datasketch takes them to be", () => {
    const { estimates, near, sizes } = fixtures.mails
    const sets = Shingles.ofTexts(mails("spam-1"), { words: 3 })
    assert.deepStrictEqual(
      sizes,
      Array.from({ length: sizes.length }, (_, row) => sets.starts[row + 1] - sets.starts[row])
    )
    for (const threshold of [0.5, 0.7, 0.9]) {
      const expected = near.filter(([, , similarity]) => similarity >= threshold)
      assert.deepStrictEqual(pairsOf(sets, threshold), expected.map(([a, b]) => `${a} ${b}`).sort())
    }
    const [a, b] = [new Uint32Array(MinHash.bins), new Uint32Array(MinHash.bins)]
    near.forEach(([first, second, similarity], pair) => {
      assert.closeTo(MinHash.jaccard(sets, first, second), similarity, 1e-9)
      MinHash.signature(sets, first, a)
      MinHash.signature(sets, second, b)
      const estimate = a.filter((value, bin) => value === b[bin]).length / MinHash.bins
      assert.closeTo(estimate, estimates[pair], 0.17) // both have a standard error of up to 0.03
    })
  })

  it("takes time in proportion to rows, also when most are copies of one", () => {
    let compared = 0
    const counting = (length: number) => {
      const sets = setsOf(
        Array.from({ length }, (_, row) =>
          Array.from({ length: 30 }, (_, index) => (row % 2 === 0 ? index * 977 : row * 31 + index * 65_537))
        )
      )
      compared = 0
      const values = new Proxy(sets.values, {
        get: (target, name) => {
          if (typeof name === "string" && /^\d+$/.test(name)) compared++
          return Reflect.get(target, name, target)
        }
      })
      MinHash.components({ starts: sets.starts, values }, 0.8)
      return compared / length
    }
    const [few, many] = [counting(200), counting(1600)]
    assert.isBelow(many, 1.2 * few)
  })
})

describe("shingles", () => {
  const of = (text: string, unit: Shingles.Unit) => [...Shingles.ofText(text, unit)]

  it("do not depend on case, on forms of characters, on white space, and between words on punctuation", () => {
    assert.deepStrictEqual(of("ﬁne  DAY,\n today", { words: 2 }), of("Fine day - today!", { words: 2 }))
    assert.deepStrictEqual(of("A\u00e9 b", { characters: 2 }), of("a\u0065\u0301\t B ", { characters: 2 }))
    assert.notDeepEqual(of("one two", { words: 2 }), of("two one", { words: 2 }))
    assert.lengthOf(of("İI", { characters: 1 }), 2) // i and the dot above it, in any locale
  })

  it("are as many as there are runs, one for a text that is shorter, none for an empty one", () => {
    assert.lengthOf(of("abcdef", { characters: 3 }), 4)
    assert.lengthOf(of("aaaaaa", { characters: 3 }), 1)
    assert.lengthOf(of("ab", { characters: 3 }), 1)
    assert.lengthOf(of(" \n", { characters: 3 }), 0)
    assert.lengthOf(of("...", { words: 3 }), 0)
    assert.lengthOf(of("😀😁", { characters: 1 }), 2)
  })

  it("of several texts lie one after the other", () => {
    const { starts, values } = Shingles.ofTexts(["abc", "", "abc".repeat(999)], { characters: 3 })
    assert.deepStrictEqual([...starts], [0, 1, 1, 4])
    assert.lengthOf(values, 4)
  })
})

describe("components", () => {
  it("are named by their first row, in whatever order rows are joined", () => {
    const pairs = fc.array(fc.tuple(fc.nat({ max: 19 }), fc.nat({ max: 19 })), { maxLength: 25 })
    fc.assert(
      fc.property(pairs, (all) => {
        const firsts = (of: typeof all) => {
          const joined = Components.make(20)
          of.forEach(([a, b]) => Components.join(joined, a, b))
          return Components.firsts(joined)
        }
        const found = firsts(all)
        assert.deepStrictEqual(firsts([...all].reverse().map(([a, b]) => [b, a])), found)
        all.forEach(([a, b]) => assert.strictEqual(found[a], found[b]))
        assert.isTrue(found.every((first, row) => first <= row && found[first] === first))
        const components = new Set(found).size
        assert.isAtLeast(components, 20 - all.length)
      })
    )
  })
})
