import { assert, describe, it } from "@effect/vitest"
import * as Symmetric from "../../../src/internal/statistics/symmetric.ts"

describe("symmetric.eigen", () => {
  it("solves matrices whose eigenvectors are known, with the sign fixed", () => {
    const [first, second] = Symmetric.eigen(Float64Array.of(2, 1, 1, 2), 2)
    assert.closeTo(first.value, 3, 1e-15)
    assert.closeTo(second.value, 1, 1e-15)
    for (const entry of first.vector) assert.closeTo(entry, Math.SQRT1_2, 1e-15)
    assert.closeTo(second.vector[0] + second.vector[1], 0, 1e-15)
    const diagonal = Symmetric.eigen(Float64Array.of(1, 0, 0, 0, 5, 0, 0, 0, 3), 3)
    assert.deepStrictEqual(
      diagonal.map(({ value }) => value),
      [5, 3, 1]
    )
    assert.deepStrictEqual([...diagonal[0].vector], [0, 1, 0])
  })

  it("gives back the matrix, also one of rank one", () => {
    const width = 5
    const row = [1, -2, 3, 0.5, 4]
    const matrix = Float64Array.from({ length: 25 }, (_, place) => row[Math.floor(place / width)] * row[place % width])
    const found = Symmetric.eigen(matrix, width)
    matrix.forEach((entry, place) => {
      const [i, j] = [Math.floor(place / width), place % width]
      assert.closeTo(
        found.reduce((sum, { value, vector }) => sum + value * vector[i] * vector[j], 0),
        entry,
        1e-12
      )
    })
    assert.isTrue(found[0].vector[4] > 0)
  })
})
