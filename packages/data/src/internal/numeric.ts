/** What the numeric steps share: which numbers of a row share statistics, and the refusal of NaN and infinity. */
import { Effect } from "effect"
import * as Column from "../Column.ts"
import type { Cells, RecipeError } from "../Step.ts"
import type { ValuesOf } from "../Table.ts"
import { room } from "./statistics/float64.ts"
import { firstNotFinite, normalize } from "./statistics/lanes.ts"
import { ascending, present, quantiles } from "./statistics/order.ts"

export type Numeric = Column.Float | Column.Tensor

/**
 * Which numbers share one set of statistics: all of a tensor, each channel (the last axis) by itself, or each element.
 */
export type Per = "tensor" | "channel" | "element"

/** Counts the groups: number `i` of a row belongs to group `i % groups`. */
export const groupsOf = (column: Numeric, per: Per): number => {
  if (column.kind === "float" || per === "tensor") return 1
  return per === "element" ? Column.width(column) : (column.shape.at(-1) ?? 1)
}

/** Floats stay floats; tensors of any numbers become tensors of float32. */
export const becomes = (column: Numeric): Numeric =>
  column.kind === "float" ? column : { ...column, dtype: "float32" }

/** Makes room for the values of `becomes(column)`, all of which must be written. */
export const output = ({ column, values }: Cells<Numeric>): Float64Array | Float32Array =>
  column.kind === "float" ? room(values.length) : new Float32Array(values.length)

/** Fails at the first NaN or infinity. */
export const finite = (cells: Cells<Numeric>): Effect.Effect<void, RecipeError> =>
  Effect.suspend(() => {
    const place = firstNotFinite(cells.values)
    return place < 0
      ? Effect.void
      : Effect.fail(cells.refuse(`holds ${cells.values[place]}; drop or repair such rows at the source`, place))
  })

/** Puts a number in the place of each code. */
export const ofCodes = (codes: Int32Array, numbers: ReadonlyArray<number>): Float64Array => {
  const out = room(codes.length)
  for (let row = 0; row < out.length; row++) out[row] = numbers[codes[row]]
  return out
}

/** Sorts the numbers of each group by themselves. */
export const sortedGroups = (cells: Cells<Numeric>, per: Per): ReadonlyArray<Float64Array> => {
  const groups = groupsOf(cells.column, per)
  return Array.from({ length: groups }, (_, group) => ascending(cells.values, groups, group))
}

/** Returns quantiles of the numbers of each group by themselves, at a few shares. */
export const quantilesOf = (
  cells: Cells<Numeric>,
  per: Per,
  shares: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<number>> => {
  const { column, values } = cells
  const groups = groupsOf(column, per)
  if (groups === 1 && values instanceof Float64Array) return [quantiles(values, shares)]
  return Array.from({ length: groups }, (_, group) => quantiles(present(values, groups, group), shares))
}

/** Writes `f(value, group)` of each number into an array for `becomes(column)`. */
export const mapped = (
  cells: Cells<Numeric>,
  groups: number,
  f: (value: number, group: number) => number
): Float64Array | Float32Array => {
  const { values } = cells
  const out = output(cells)
  if (groups === 1) for (let place = 0; place < out.length; place++) out[place] = f(values[place], 0)
  else {
    for (let start = 0; start < out.length; start += groups) {
      for (let group = 0; group < groups; group++) out[start + group] = f(values[start + group], group)
    }
  }
  return out
}

/** Fails where finite numbers became too large for the column that `out` is for. */
export const checked = (
  cells: Cells<Numeric>,
  out: Float64Array | Float32Array
): Effect.Effect<ValuesOf<Numeric>, RecipeError> =>
  Effect.suspend(() => {
    const place = firstNotFinite(out)
    return place < 0
      ? Effect.succeed(out)
      : Effect.fail(cells.refuse(`${cells.values[place]} becomes ${out[place]}, which is no number to train on`, place))
  })

/**
 * Subtracts the center of its group from each number and divides by the scale. Fails as `finite` and `checked` do, after
 * `then` had its way with the results; looks at the numbers once while all is well.
 */
export const normalized = (
  cells: Cells<Numeric>,
  center: ReadonlyArray<number>,
  scale: ReadonlyArray<number>,
  then?: (out: Float64Array | Float32Array) => void
): Effect.Effect<ValuesOf<Numeric>, RecipeError> =>
  Effect.suspend(() => {
    const out = output(cells)
    const isFinite = normalize(cells.values, center, scale, out)
    then?.(out)
    return isFinite ? Effect.succeed(out) : Effect.andThen(finite(cells), checked(cells, out))
  })
