/** What the tests of steps share: scikit-learn's values, and ways of fitting and applying. */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { Column, Columns, Dataset, Recipe, Table } from "../../src/index.ts"

export type Numbers = ReadonlyArray<number>
interface Scaled {
  readonly train: Numbers
  readonly other: Numbers
}
interface Case {
  readonly mean: Numbers
  readonly variance: Numbers
  readonly min: Numbers
  readonly max: Numbers
  readonly standardize: Scaled
  readonly minMax: Scaled
  readonly clipped: Scaled
}
interface Fixtures {
  readonly columns: ReadonlyArray<Case & { readonly name: string } & Scaled>
  readonly image: Scaled & {
    readonly shape: Numbers
    readonly cases: ReadonlyArray<Case & { readonly per: "tensor" | "channel" | "element" }>
  }
  readonly category: { readonly levels: ReadonlyArray<string>; readonly codes: Numbers; readonly oneHot: Numbers }
}

export const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL("../fixtures/step_fixtures.json", import.meta.url), "utf8")
)

/** Checks to 1e-6 (unless given) of the larger of the two, or of 1. */
export const close = (actual: ArrayLike<number>, expected: Numbers, what: string, to = 1e-6): void => {
  assert.strictEqual(actual.length, expected.length, what)
  expected.forEach((value, index) => {
    const tolerance = to * Math.max(1, Math.abs(value))
    assert.isAtMost(Math.abs(actual[index] - value), tolerance, `${what}, number ${index}`)
  })
}

const X = Columns.make({ x: Column.float })
export const floats = (x: Numbers) => Table.make(X, { x: Float64Array.from(x) }, { length: x.length })
const image = (pixels: Numbers) => {
  const columns = { image: Column.tensor(fixtures.image.shape, "uint8") }
  const length = pixels.length / fixtures.image.shape.reduce((product, size) => product * size, 1)
  return Table.make(columns, { image: Uint8Array.from(pixels) }, { length })
}

export const fit = <C extends Columns.Columns, Out extends Columns.Columns>(
  recipe: Recipe.Recipe<C, Out>,
  table: Table.Table<C>
) => Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train"))

export const describeX = Recipe.forColumns(X)

/** Fits on `train`, and returns what was learned with the outputs for train and other rows. */
export const through = Effect.fnUntraced(function* (
  recipe: Recipe.Recipe<typeof X, { readonly x: Column.Float }>,
  train: Numbers,
  other: Numbers = []
) {
  const fitted = yield* fit(recipe, yield* floats(train))
  const apply = (x: Numbers) => Effect.flatMap(floats(x), (table) => Recipe.applyTable(fitted, table))
  return {
    learned: fitted.steps.map((step) => step.learned),
    train: (yield* apply(train)).values.x,
    other: (yield* apply(other)).values.x
  }
})

export const throughImage = Effect.fnUntraced(function* (
  recipe: Recipe.Recipe<{ readonly image: Column.Tensor }, { readonly image: Column.Tensor }>
) {
  const fitted = yield* fit(recipe, yield* image(fixtures.image.train))
  const apply = (pixels: Numbers) => Effect.flatMap(image(pixels), (table) => Recipe.applyTable(fitted, table))
  const train = yield* apply(fixtures.image.train)
  assert.deepStrictEqual(train.columns.image, { kind: "tensor", shape: fixtures.image.shape, dtype: "float32" })
  assert.instanceOf(train.values.image, Float32Array)
  return {
    learned: fitted.steps.map((step) => step.learned),
    train: train.values.image,
    other: (yield* apply(fixtures.image.other)).values.image
  }
})

export const Image = Recipe.forColumns({ image: Column.tensor(fixtures.image.shape, "uint8") })
