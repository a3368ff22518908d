/** What the tests of the filling, spreading and encoding steps share: scikit-learn's values, and a way through a recipe. */
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { Column, type Columns, Recipe, Table } from "../../src/index.ts"
import { fit, type Numbers } from "./fixtures.ts"

/** JSON has no NaN: null is missing. */
type Gaps = ReadonlyArray<number | null>
interface Both {
  readonly train: Numbers
  readonly other: Numbers
}
interface Fixtures {
  /** Of Python's datetime. */
  readonly calendar: {
    readonly instants: Numbers
    readonly parts: Readonly<Record<string, Numbers>>
    readonly sin: Readonly<Record<string, Numbers>>
    readonly cos: Readonly<Record<string, Numbers>>
  }
  readonly impute: ReadonlyArray<
    { readonly name: string; readonly train: Gaps; readonly other: Gaps } & Readonly<
      Record<"mean" | "median" | "mode" | "constant" | "indicator", Both>
    >
  >
  readonly scale: ReadonlyArray<
    Both & { readonly name: string; readonly bounds: Numbers; readonly lambda: Numbers } & Readonly<
        Record<"robust" | "robust10" | "clipped" | "yeoJohnson" | "uniform" | "normalQuantile", Both>
      >
  >
  readonly bins: ReadonlyArray<Both & { readonly name: string; readonly uniform: Both; readonly quantile: Both }>
  readonly category: Both & {
    readonly levels: ReadonlyArray<string>
    readonly order: ReadonlyArray<string>
    readonly target: Numbers
    readonly ordinal: Both
    readonly rare: Both
    readonly targetEncoding: Numbers
  }
  readonly tensor: Both & {
    readonly width: number
    readonly pca: Both
    readonly explained: Numbers
    readonly flat: Both
    readonly selected: Both
    readonly polynomial: ReadonlyArray<{
      readonly degree: number
      readonly interactionsOnly: boolean
      readonly train: Numbers
    }>
  }
}

export const recipes: Fixtures = JSON.parse(
  readFileSync(new URL("../fixtures/recipe_fixtures.json", import.meta.url), "utf8")
)

/** Missing numbers as a column holds them. */
export const withNaN = (values: Gaps): Float64Array => Float64Array.from(values, (value) => value ?? NaN)

/** Fits on the first values of columns, and returns what was learned with the tables of train and other rows. */
export const both = Effect.fnUntraced(function* <C extends Columns.Columns, Out extends Columns.Columns>(
  recipe: Recipe.Recipe<C, Out>,
  columns: C,
  train: Table.Table<C>["values"],
  other: Table.Table<C>["values"]
) {
  const length = (values: Table.Table<C>["values"]) => {
    const [name] = Object.keys(columns)
    return values[name].length / Column.width(columns[name])
  }
  const [first, second] = [
    yield* Table.make(columns, train, { length: length(train) }),
    yield* Table.make(columns, other, { length: length(other) })
  ]
  const fitted = yield* fit(recipe, first)
  return {
    learned: fitted.steps.map((step) => step.learned),
    train: yield* Recipe.applyTable(fitted, first),
    other: yield* Recipe.applyTable(fitted, second)
  }
})
