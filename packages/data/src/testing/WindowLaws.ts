/**
 * The law of what looks back in time, this package's windows and joins or one's own: cut the future off, and no row that is
 * left changes. It is what makes it safe to compute such features before a split by time.
 */
import type { Node } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import type { Columns } from "../Columns.ts"
import * as Source from "../Source.ts"
import * as Table from "../Table.ts"
import { WindowError } from "../window/Series.ts"
import { compute } from "./internal/compute.ts"
import { anywhere } from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** A function of tables over time, and tables to try it on. */
export interface Subject<C extends Columns, D extends Columns, E> {
  /** The column of instants, which the function must keep. */
  readonly on: string
  /** For a join, give the same table to both sides: the future of both is cut off then. */
  readonly window: (table: Node.Node<Table.Table<C>>) => Node.Node<Table.Table<D>, E>
  readonly tables: fc.Arbitrary<Table.Table<C>>
}

const passing = <A, E>(node: Node.Node<A, E>) =>
  Effect.catchIf(
    compute(node, 0),
    (error) => error instanceof WindowError,
    () => Effect.sync(() => fc.pre(false) as never) // fc.pre(false) throws
  )

const upTo = <C extends Columns>(table: Table.Table<C>, on: string, time: number): Table.Table<C> => {
  const times = Table.numbers(table, on)
  return Table.take(
    table,
    Uint32Array.from(times.keys()).filter((row) => times[row] <= time)
  )
}

/**
 * What is computed of the rows up to an instant is what is computed of all rows, up to that instant. Tables that the
 * function refuses with a `WindowError`, whole or cut, are passed over.
 */
export const truncates = <C extends Columns, D extends Columns, E>(subject: Subject<C, D, E>): Law.Law =>
  TableLaw.make(
    "truncate the future: f(data ≤ t) = f(data)[≤ t]",
    anywhere(subject.tables.filter((table) => table.length >= 2)).chain((table) =>
      fc.tuple(fc.constant(table), fc.nat(table.length - 1))
    ),
    Effect.fnUntraced(function* ([table, row]) {
      const { on, window } = subject
      const time = Table.numbers(table, on)[row]
      const whole = upTo(yield* passing(window(Source.fromTable(table))), on, time)
      const cut = yield* passing(window(Source.fromTable(upTo(table, on, time))))
      Law.ensure(
        Table.digest(whole) === Table.digest(cut),
        () => `cut off after ${time}, ${cut.length} rows are not the ${whole.length} of the whole up to there`
      )
    })
  )
