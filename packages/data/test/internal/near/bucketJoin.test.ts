import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as BucketJoin from "../../../src/internal/near/bucketJoin.ts"
import * as Components from "../../../src/internal/near/components.ts"

/**
 * Places on a line, near when they are a step apart; the key, in each of two bands, is the place cut to tens, so ends of
 * tens are not seen.
 */
const line = (places: ReadonlyArray<number>, onCompare: () => void = () => {}): BucketJoin.Bands => ({
  length: places.length,
  bands: 2,
  fill: (_, keys) => keys.set(places.map((place) => Math.floor(place / 10) * 0x1000_0000)),
  isNear: (first, second) => {
    onCompare()
    return Math.abs(places[first] - places[second]) <= 1
  }
})
const sameTen = (a: number, b: number) => Math.floor(a / 10) === Math.floor(b / 10)

describe("bucketJoin", () => {
  it("compares all rows of a key, and no others: pairs and components are those of comparing all with all", () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 29 }), { maxLength: 30 }), (places) => {
        const expected = places.flatMap((b, second) =>
          places
            .slice(0, second)
            .flatMap((a, first) => (sameTen(a, b) && Math.abs(a - b) <= 1 ? [`${first} ${second}`] : []))
        )
        const pairs: Array<string> = []
        BucketJoin.pairs(line(places), (first, second) => pairs.push(`${first} ${second}`))
        assert.deepStrictEqual(pairs.sort(), expected.sort())
        const joined = Components.make(places.length)
        expected.forEach((pair) => {
          const [first, second] = pair.split(" ").map(Number)
          Components.join(joined, first, second)
        })
        assert.deepStrictEqual(Components.firsts(BucketJoin.components(line(places))), Components.firsts(joined))
      })
    )
  })

  it("compares each copy once, in whatever many bands it is found", () => {
    let compared = 0
    BucketJoin.components(line(Array<number>(5000).fill(3), () => compared++))
    assert.strictEqual(compared, 4999)
  })
})
