import { assert, it } from "@effect/vitest"
import * as text from "../../src/internal/text.ts"

const numbers: ReadonlyArray<readonly [number, string]> = [
  [0, "0"],
  [1, "1.000"],
  [-12.3456, "-12.35"],
  [98765.4, "98765"],
  [0.00123456, "0.001235"],
  [1e-7, "1.000e-7"],
  [-3e12, "-3.000e+12"]
]

for (const [value, expected] of numbers) {
  it(`${value} is written ${expected}`, () => assert.strictEqual(text.significant(value), expected))
}

it("tables align their columns", () => {
  assert.deepStrictEqual(
    text.table([
      ["a", "1", ""],
      ["bbb", "10", "x"]
    ]),
    ["a     1", "bbb  10  x"]
  )
  assert.deepStrictEqual(text.table([]), [])
})
