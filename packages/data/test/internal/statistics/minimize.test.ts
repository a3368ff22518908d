import { assert, describe, it } from "@effect/vitest"
import { minimize } from "../../../src/internal/statistics/minimize.ts"

describe("minimize", () => {
  it("finds smooth, sharp and one-sided minima", () => {
    assert.closeTo(
      minimize((x) => (x - 2) ** 2, -10, 10, 1e-9),
      2,
      1e-7
    )
    assert.closeTo(
      minimize((x) => Math.abs(x + 3), -10, 10, 1e-9),
      -3,
      1e-7
    )
    assert.closeTo(
      minimize((x) => x, -1, 4, 1e-9),
      -1,
      1e-7
    )
    assert.closeTo(
      minimize((x) => x ** 4 - x, -5, 5, 1e-9),
      0.25 ** (1 / 3),
      1e-6
    )
  })
})
