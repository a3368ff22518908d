/** Weights of classes, as given or learned from how often they occur. */
import type * as Column from "../../Column.ts"
import * as Table from "../../Table.ts"
import { LoaderError } from "./pack.ts"
import * as Shared from "./shared.ts"
import { counts } from "./strata.ts"

/** `rows / (classes · rows of the class)` for the classes that have rows: scikit-learn's `compute_class_weight("balanced")`. */
const balanced = (codes: ArrayLike<number>, levels: number): ReadonlyArray<number> => {
  const sizes = [...counts(codes, levels)]
  const present = sizes.filter((size) => size > 0).length
  return sizes.map((size) => (size === 0 ? 1 : codes.length / (present * size)))
}

const given = (
  target: string,
  levels: ReadonlyArray<string>,
  weights: Readonly<Record<string, number | undefined>>
): ReadonlyArray<number> | LoaderError => {
  for (const [name, weight] of Object.entries(weights)) {
    if (!levels.includes(name)) {
      const reason = `has no level "${name}" to weigh; there are ${levels.join(", ")}`
      return new LoaderError({ column: target, reason })
    }
    if (weight !== undefined && !(weight > 0 && Math.fround(weight) < Infinity && Math.fround(weight) > 0)) {
      const reason = `gives the level "${name}" the weight ${weight}; a class weight is a positive float32`
      return new LoaderError({ column: target, reason })
    }
  }
  return levels.map((level) => weights[level] ?? 1)
}

/** Returns the weight of each class of the target. */
export const classWeightsOf = (
  table: Table.Table,
  target: string,
  weights: "balanced" | Readonly<Record<string, number | undefined>>
): Float32Array | LoaderError => {
  const column: Column.Column = table.columns[target]
  if (column.kind !== "category") {
    return new LoaderError({ column: target, reason: `is a ${column.kind}; class weights are for a category target` })
  }
  const { levels } = column
  const found =
    weights === "balanced" ? balanced(Table.numbers(table, target), levels.length) : given(target, levels, weights)
  if (found instanceof LoaderError) return found
  const shared = Shared.float32(levels.length)
  shared.set(found)
  return shared
}
