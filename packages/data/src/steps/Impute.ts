/**
 * Filling missing values: with the mean, the median or the most frequent value of the train rows, or with a constant. The
 * same as scikit-learn's SimpleImputer, except that of equally frequent levels the one declared first wins.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Float64 from "../internal/statistics/float64.ts"
import * as Order from "../internal/statistics/order.ts"
import * as Radix from "../internal/statistics/radix.ts"
import * as Step from "../Step.ts"

/** What is learned: the value that fills, a number, an instant in milliseconds or a level's text. */
const State = Schema.Struct({ value: Schema.Union([Schema.Finite, Schema.String]) })

type Value = number | string

const optional = ["optional float", "optional category", "optional timestamp"] as const

/** Fails at the first infinity, and when nothing is there to learn from. */
const present = Effect.fnUntraced(function* (cells: Step.Cells<Column.Optional>) {
  const { values } = cells
  const found =
    values instanceof Int32Array ? Float64Array.from(values.filter((code) => code >= 0)) : Float64.present(values)
  if (found.length > 0 && Float64.isFinite(found)) return found
  const place = values.findIndex((value) => Math.abs(value) === Infinity)
  if (place >= 0) {
    return yield* cells.refuse(`holds ${values[place]}; drop or repair such rows at the source`, place)
  }
  return yield* cells.refuse(
    "all of it is missing in the train rows; use Recipe.imputeConstant, or leave the column out"
  )
})

const filled = ({ values }: Step.Cells<Column.Optional>, value: number): Float64Array | Int32Array =>
  values instanceof Int32Array ? values.map((code) => (code < 0 ? value : code)) : Float64.fill(values, value)

/** The number that a learned value is in a column's array. */
const coded = (cells: Step.Cells<Column.Optional>, column: Column.Complete, value: Value) =>
  Effect.suspend(() => {
    if (column.kind !== "category") {
      return typeof value === "number" ? Effect.succeed(value) : Effect.fail(cells.refuse(`"${value}" is no number`))
    }
    const code = column.levels.indexOf(String(value))
    return code >= 0 ? Effect.succeed(code) : Effect.fail(cells.refuse(`${value} is none of its levels`))
  })

const learning = <const Name extends string>(
  name: string,
  column: Name,
  takes: ReadonlyArray<Column.Optional["kind"]>,
  statistic: (present: Float64Array) => number
) =>
  Step.column({
    name,
    version: 1,
    code: "versioned",
    column,
    takes,
    becomes: (declared: Column.Optional): Column.Complete => Column.complete(declared),
    state: State,
    fit: Effect.fnUntraced(function* (cells: Step.Cells<Column.Optional>) {
      const value = statistic(yield* present(cells))
      if (!Number.isFinite(value)) {
        return yield* cells.refuse("holds numbers too large for float64 to add; use Recipe.imputeMedian")
      }
      return { value: cells.column.kind === "optional category" ? cells.column.levels[value] : value + 0 } // JSON has no -0
    }),
    apply: (cells, { value }) =>
      Effect.map(coded(cells, Column.complete(cells.column), value), (number) => filled(cells, number))
  })

/** Makes the step that fills with the train rows' mean. */
export const mean = <const Name extends string>(column: Name) =>
  learning("imputeMean", column, ["optional float"], Float64.mean)

/** Makes the step that fills with the train rows' median. */
export const median = <const Name extends string>(column: Name) =>
  learning("imputeMedian", column, ["optional float"], (present) => Order.quantiles(present, [0.5])[0])

/** Makes the step that fills with the train rows' most frequent value. */
export const mode = <const Name extends string>(column: Name) =>
  learning("imputeMode", column, optional, (present) => Order.mode(Radix.sort(present)))

/** Makes the step that fills with a constant. Throws a RangeError for a number that is not finite. */
export const constant = <const Name extends string>(column: Name, value: Value) => {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError(`Recipe.imputeConstant: ${value} is not finite`)
  }
  const becomes = (declared: Column.Optional): Column.Complete => {
    const complete: Column.Complete = Column.complete(declared)
    if (complete.kind !== "category" || complete.levels.includes(String(value))) return complete
    return Column.category([...complete.levels, String(value)])
  }
  return Step.column({
    name: "imputeConstant",
    version: 1,
    code: "versioned",
    config: { value },
    column,
    takes: optional,
    becomes,
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: (cells: Step.Cells<Column.Optional>) =>
      Effect.map(coded(cells, becomes(cells.column), value), (number) => filled(cells, number))
  })
}
