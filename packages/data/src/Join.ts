/**
 * Joining tables in time: for each row of one table, the last row that another one had before it, so that a feature holds
 * what was known then and nothing later. It learns nothing and never looks forward, so it stands before the split.
 */
import { Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import * as Column from "./Column.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import type * as RowId from "./RowId.ts"
import type { Length } from "./Split.ts"
import * as Table from "./Table.ts"
import * as Series from "./window/Series.ts"

export { WindowError } from "./window/Series.ts"

/** The kinds of columns that can be joined: those whose values may be missing. */
export type Joinable = Exclude<Column.Kind, "tensor" | "text">

/** A column as it is after a join: it may be missing. */
export type MaybeMissing<C extends Column.Column> = C extends Column.Optional ? C : Column.OptionalOf<C>

/** `Left` with columns of `Right`, which may be missing now. */
export type Joined<Left extends Columns, Right extends Columns, Name extends string> = {
  readonly [K in keyof Left | Name]: K extends keyof Left
    ? Left[K]
    : K extends keyof Right
      ? MaybeMissing<Right[K]>
      : never
}

/** The name of a column of instants that both tables have, or a sentence where there is none. */
export type TimeOf<Left extends Columns, Right extends Columns> = [
  KeysOf<Left, "timestamp"> & KeysOf<Right, "timestamp">
] extends [never]
  ? "the tables have no timestamp column of one name to join on"
  : KeysOf<Left, "timestamp"> & KeysOf<Right, "timestamp">

/** The name of a column that both tables have and whose values say which rows belong together. */
export type ByOf<Left extends Columns, Right extends Columns> =
  | (KeysOf<Left, "category"> & KeysOf<Right, "category">)
  | (KeysOf<Left, "float"> & KeysOf<Right, "float">)

/** How two tables are joined. */
export interface Options<Left extends Columns, Right extends Columns, Name extends string> {
  /** The column of instants, of the same name in both tables. */
  readonly on: TimeOf<Left, Right>
  /** A column of the same name in both tables: only rows of equal values meet. */
  readonly by?: ByOf<Left, Right>
  /** The columns to bring over. */
  readonly columns: ReadonlyArray<Name>
  /** How old a row may be; of any age unless given. */
  readonly within?: Length
  /** Whether a row of the very same instant counts as known. Off unless given: it has to be strictly earlier. */
  readonly exact?: boolean
}

const join = "Join.asOf"

/** Series numbers that are equal in both tables where the values of `by` are; levels count by their text. */
const groupsOf = (left: Table.Table, right: Table.Table, by: string) => {
  const known = new Map<string | number, number>()
  const numbers = (table: Table.Table): Float64Array => {
    const column = table.columns[by]
    const nameOf = (value: number) => (column.kind === "category" ? column.levels[value] : value)
    return Float64Array.from(Table.numbers(table, by), (value) => {
      const name = nameOf(value)
      const number = known.get(name) ?? known.size
      known.set(name, number)
      return number
    })
  }
  return { left: numbers(left), right: numbers(right) }
}

/** For each row of the left table the place of its row in the right one, or -1. */
const matches = Effect.fnUntraced(function* (
  left: Table.Table,
  right: Table.Table,
  options: { readonly on: string; readonly by?: string; readonly within?: Length; readonly exact?: boolean }
): Effect.fn.Return<Int32Array, Series.WindowError> {
  const { by, exact = false, on, within } = options
  const oldest = within === undefined ? Infinity : yield* Series.millis(join, "within", within)
  const series = Series.make(right, { on, by })
  const hint = "Which of them is the last is anyone's guess: aggregate the right table's rows first."
  yield* Series.refuseTies(`${join}, right table`, series, { on, by }, hint)
  const groups =
    by === undefined
      ? { left: new Float64Array(left.length), right: new Float64Array(right.length) }
      : groupsOf(left, right, by)
  const begins = new Map<number, number>()
  series.sorted.forEach((row, place) => {
    if (series.first[place] === place) begins.set(groups.right[row], place)
  })
  const ends = new Map<number, number>()
  series.sorted.forEach((row, place) => ends.set(groups.right[row], place + 1))
  const times = Table.numbers(left, on)
  const found = new Int32Array(left.length).fill(-1)
  for (let row = 0; row < found.length; row++) {
    const time = times[row]
    let low = begins.get(groups.left[row]) ?? 0
    let high = ends.get(groups.left[row]) ?? 0
    const start = low
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = series.times[series.sorted[middle]]
      if (other < time || (exact && other === time)) low = middle + 1
      else high = middle
    }
    if (low === start) continue
    const last = series.sorted[low - 1]
    if (time - series.times[last] <= oldest) found[row] = last
  }
  return found
})

const gathered = (column: Column.Column, values: RowId.Numbers, rows: Int32Array): RowId.Numbers =>
  column.kind === "category" || column.kind === "optional category"
    ? Int32Array.from(rows, (row) => (row < 0 ? -1 : values[row]))
    : Float64Array.from(rows, (row) => (row < 0 ? NaN : values[row]))

/**
 * Brings columns of another table to each row: those of its last row strictly before the row's instant (or at it, with
 * `exact`), of the same `by`, at most `within` old. Where there is none they are missing, so they may be missing by their
 * type too: impute them. Rows, their order and their ids stay. The same as pandas' `merge_asof`, whose default is `exact`.
 * Fails when two rows of the right table have one instant (and `by`).
 *
 * @example
 * import { Column, Columns, Join, Source } from "@watertight/data"
 * const Trade = Columns.make({ at: Column.timestamp, stock: Column.category(["A", "B"]), price: Column.float })
 * const Quote = Columns.make({ at: Column.timestamp, stock: Column.category(["A", "B"]), bid: Column.float })
 * const joined = Join.asOf(Source.csv("trades.csv", Trade), Source.csv("quotes.csv", Quote), {
 *   on: "at", by: "stock", columns: ["bid"], within: "1 minute"
 * })
 * joined.stage.name // => "as-of-join"
 */
export const asOf = <Left extends Columns, E, R, Right extends Columns, E2, R2, Name extends KeysOf<Right, Joinable>>(
  left: Node.Node<Table.Table<Left>, E, R>,
  right: Node.Node<Table.Table<Right>, E2, R2>,
  options: Options<NoInfer<Left>, NoInfer<Right>, Name>
): Node.Node<Table.Table<Joined<Left, Right, Name>>, E | E2 | Series.WindowError, R | R2> => {
  const { by, columns: names, exact = false, on, within } = options
  const plain = { on, ...(by === undefined ? {} : { by }), ...(within === undefined ? {} : { within }), exact }
  return Node.make(
    Stage.make({
      name: "as-of-join",
      version: 1,
      code: "versioned",
      params: { on, by: by ?? null, columns: names, within: within ?? null, exact },
      codec: Table.codec<Joined<Left, Right, Name>>(),
      run: (inputs: { readonly left: Table.Table<Left>; readonly right: Table.Table<Right> }) =>
        Effect.gen(function* () {
          yield* Series.refuseTaken(join, inputs.left.columns, names)
          const rows = yield* matches(inputs.left, inputs.right, plain)
          const from: Columns = inputs.right.columns
          const brought = names.map((name): [string, Column.Column, RowId.Values] => [
            name,
            optional(from[name]),
            gathered(from[name], Table.numbers(inputs.right, name), rows)
          ])
          return yield* Series.extend<Left, Joined<Left, Right, Name>>(join, inputs.left, brought)
        })
    }),
    { left, right }
  )
}

/** Optional columns declare no group. */
const optional = (column: Column.Column): Column.Column => {
  if (column.kind === "category") return Column.optional(Column.category(column.levels))
  if (column.kind === "float") return Column.optional(Column.float)
  return column.kind === "timestamp" ? Column.optional(column) : column
}
