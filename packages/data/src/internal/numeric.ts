/** What the numeric steps share: which numbers of a row share statistics, and the refusal of NaN and infinity. */
import { Effect } from "effect"
import * as Column from "../Column.ts"
import type { Cells, RecipeError } from "../Step.ts"
import type { ValuesOf } from "../Table.ts"
import { ascending } from "./statistics/order.ts"
import { compute } from "./threads/compute.ts"
import * as Shared from "./threads/shared.ts"

export type Numeric = Column.Float | Column.Tensor

/**
 * Which numbers share one set of statistics: all of a tensor, each channel (the last axis) by itself, or each element.
 */
export type Per = "tensor" | "channel" | "element"

/** The option of steps that learn statistics of numbers. */
export interface Sharing {
  /**
   * Which numbers of a tensor share their statistics: all of it (`"tensor"`, the default), each channel, which is the last
   * axis (`"channel"`), or each element by itself (`"element"`).
   */
  readonly per?: Per
}

/** Counts the groups: number `i` of a row belongs to group `i % groups`. */
export const groupsOf = (column: Numeric, per: Per): number => {
  if (column.kind === "float" || per === "tensor") return 1
  return per === "element" ? Column.width(column) : (column.shape.at(-1) ?? 1)
}

/** Floats stay floats; tensors of any numbers become tensors of float32. */
export const becomes = (column: Numeric): Numeric =>
  column.kind === "float" ? column : { ...column, dtype: "float32" }

/** Makes room for the values of `becomes(column)`. */
export const output = ({ column, values }: Cells<Numeric>): Float64Array | Float32Array =>
  column.kind === "float" ? Shared.float64(values.length) : Shared.float32(values.length)

/** Fails at the first NaN or infinity. */
export const finite = (cells: Cells<Numeric>): Effect.Effect<void, RecipeError> =>
  Effect.flatMap(compute("firstNotFinite", cells.values), (place) =>
    place < 0
      ? Effect.void
      : Effect.fail(cells.refuse(`holds ${cells.values[place]}; drop or repair such rows at the source`, place))
  )

/** Puts a number in the place of each code. */
export const ofCodes = (codes: Int32Array, numbers: ReadonlyArray<number>): Effect.Effect<Float64Array> => {
  const out = Shared.float64(codes.length)
  return Effect.as(compute("numbersOf", codes, numbers, out), out)
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
): Effect.Effect<ReadonlyArray<ReadonlyArray<number>>> =>
  compute("quantilesOfGroups", cells.values, groupsOf(cells.column, per), shares)

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
  Effect.flatMap(compute("firstNotFinite", out), (place) =>
    place < 0
      ? Effect.succeed(out)
      : Effect.fail(cells.refuse(`${cells.values[place]} becomes ${out[place]}, which is no number to train on`, place))
  )

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
    return Effect.flatMap(compute("normalize", cells.values, center, scale, out), (isFinite) => {
      then?.(out)
      return isFinite ? Effect.succeed(out) : Effect.andThen(finite(cells), checked(cells, out))
    })
  })
