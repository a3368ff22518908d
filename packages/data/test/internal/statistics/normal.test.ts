import { assert, describe, it } from "@effect/vitest"
import * as Normal from "../../../src/internal/statistics/normal.ts"

describe("normal.quantile", () => {
  it("is that of scipy 1.17's norm.ppf", () => {
    for (const [share, expected] of [
      [1e-10, -6.361340902404056],
      [1e-7, -5.1993375821928165],
      [0.001, -3.090232306167813],
      [0.02425, -1.972961051311885],
      [0.075, -1.4395314709384563],
      [0.0749, -1.4402382675279635],
      [0.3, -0.5244005127080409],
      [0.5, 0.0],
      [0.925, 1.4395314709384563],
      [0.9251, 1.4402382675279635],
      [0.999, 3.090232306167813],
      [0.9999999, 5.199337582290661]
    ]) {
      assert.closeTo(Normal.quantile(share), expected, 1e-14 * Math.max(1, Math.abs(expected)), `${share}`)
    }
  })
})
