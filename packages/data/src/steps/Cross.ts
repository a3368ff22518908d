/**
 * Crossing categories: one level for each combination of levels, so that a linear model or an embedding can tell, say,
 * Monday in one zone from Monday in another. Combinations that hardly occur are merged afterwards, by `embeddingIndex`,
 * `oneHot` with `minimumShare`, or `hash`. Nothing is learned.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options<As extends string = string> {
  /** The name of the category column that is added. */
  readonly as: As
  /** What stands between the levels in a combination's name; ` × ` unless given. */
  readonly separator?: string
}

/** More combinations than this are better hashed. */
const most = 2 ** 20

/** Makes the step. Fails on more than 2^20 combinations and where two would have one name. Throws a RangeError for one column. */
export const make = (columns: ReadonlyArray<string>, { as, separator = " × " }: Options) => {
  if (columns.length < 2) throw new RangeError("Recipe.cross: give at least two columns")
  const combine = (read: ReadonlyArray<Column.Category>): ReadonlyArray<string> | undefined => {
    const size = read.reduce((product, { levels }) => product * levels.length, 1)
    if (size > most) return undefined
    const names = read.reduce<ReadonlyArray<string>>(
      (before, { levels }, index) =>
        index === 0 ? levels : before.flatMap((first) => levels.map((level) => `${first}${separator}${level}`)),
      []
    )
    return new Set(names).size === names.length ? names : undefined
  }
  const check = Effect.fnUntraced(function* (cells: ReadonlyArray<Step.Cells<Column.Category>>) {
    if (combine(cells.map(({ column }) => column)) !== undefined) return
    const [{ refuse }] = cells
    return yield* refuse(
      `crossed with ${columns.slice(1).join(", ")} it has more than ${most} combinations, or two of one name; ` +
        "use Recipe.hash, or another separator"
    )
  })
  return Step.added({
    name: "cross",
    version: 1,
    code: "versioned",
    config: { as, separator },
    columns,
    takes: ["category"],
    adds: (read) => ({ [as]: Column.category(combine(read) ?? []) }),
    state: Schema.Null,
    fit: (cells: ReadonlyArray<Step.Cells<Column.Category>>) => Effect.as(check(cells), null),
    apply: (cells) =>
      Effect.map(check(cells), () => {
        const out = new Int32Array(cells[0].length)
        for (const { column, values } of cells) {
          for (let row = 0; row < out.length; row++) out[row] = out[row] * column.levels.length + values[row]
        }
        return { [as]: out }
      })
  })
}
