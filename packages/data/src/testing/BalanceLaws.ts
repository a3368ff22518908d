/**
 * The laws of what balances the classes of a train partition, this package's functions or one's own. Partitions that the
 * function refuses with a `BalanceError` are passed over.
 */
import type { Node } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { BalanceError } from "../Balance.ts"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import * as RowId from "../RowId.ts"
import * as Source from "../Source.ts"
import * as Split from "../Split.ts"
import * as Table from "../Table.ts"
import { compute } from "./internal/compute.ts"
import { anywhere } from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

type Train<C extends Columns, E> = Node.Node<Dataset.Dataset<C, "train">, E>

/** A function that balances, and tables to try it on. */
export interface Subject<C extends Columns, E> {
  readonly balance: (train: Train<C, Split.SplitError>) => Train<C, E>
  /** The column of classes. */
  readonly on: string
  readonly tables: fc.Arbitrary<Table.Table<C>>
}

const balanced = <C extends Columns, E>({ balance }: Subject<C, E>, table: Table.Table<C>) => {
  const source = Source.fromTable(table)
  const { train } = Split.given({ train: source, validation: source, test: source })
  return Effect.catchIf(
    Effect.flatMap(compute(balance(train), 7), Dataset.rows),
    (error) => error instanceof BalanceError,
    () => Effect.sync(() => fc.pre(false) as never) // fc.pre(false) throws
  )
}

const nonEmpty = <C extends Columns, E>({ tables }: Subject<C, E>) =>
  anywhere(tables.filter(({ length }) => length > 0))

const sizes = (table: Table.Table, on: string): ReadonlyArray<number> => {
  const counts = new Map<number, number>()
  for (const code of Table.numbers(table, on)) counts.set(code, (counts.get(code) ?? 0) + 1)
  return [...counts.values()]
}

/** No class has fewer rows than its share of the most frequent one's, give or take one. */
export const balances = <C extends Columns, E>(subject: Subject<C, E> & { readonly ratio: number }): Law.Law =>
  TableLaw.make(
    "balance: the rarest class has its ratio of the most frequent one's rows",
    nonEmpty(subject),
    Effect.fnUntraced(function* (table) {
      const after = sizes(yield* balanced(subject, table), subject.on)
      const [least, most] = [Math.min(...after), Math.max(...after)]
      Law.ensure(
        least >= subject.ratio * most - 1,
        () => `the rarest class has ${least} rows, the most frequent one ${most}`
      )
      Law.ensure(after.length === sizes(table, subject.on).length, () => "a class is gone")
    })
  )

const idsOf = (table: Table.Table): ReadonlyArray<string> =>
  Array.from({ length: table.length }, (_, row) =>
    Buffer.from(table.ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)).toString("hex")
  )

/** Which rows come out depends on who the rows are, not on where they stand. */
export const ignoresOrder = <C extends Columns, E>(subject: Subject<C, E>): Law.Law =>
  TableLaw.make(
    "balance: rows in another order come out as the same rows",
    nonEmpty(subject).chain((table) =>
      fc.tuple(
        fc.constant(table),
        fc.shuffledSubarray([...Array(table.length).keys()], { minLength: table.length, maxLength: table.length })
      )
    ),
    Effect.fnUntraced(function* ([table, order]) {
      const one = idsOf(yield* balanced(subject, table)).toSorted()
      const other = idsOf(yield* balanced(subject, Table.take(table, Uint32Array.from(order)))).toSorted()
      Law.ensure(one.join() === other.join(), () => `in the order ${order.join(", ")} other rows come out`)
    })
  )

/** The numbers of a float column stay within those that the row's class had. */
export const staysWithin = <C extends Columns, E>(
  subject: Subject<C, E> & { readonly columns: ReadonlyArray<string> }
): Law.Law =>
  TableLaw.make(
    "balance: new rows lie between rows of their class",
    nonEmpty(subject),
    Effect.fnUntraced(function* (table) {
      const after = yield* balanced(subject, table)
      const range = (rows: Table.Table, code: number, column: string): readonly [number, number] => {
        const classes = Table.numbers(rows, subject.on)
        const values = Array.from(Table.numbers(rows, column)).filter((_, row) => classes[row] === code)
        return [Math.min(...values), Math.max(...values)]
      }
      for (const column of subject.columns) {
        for (const code of new Set(Table.numbers(table, subject.on))) {
          const [before, now] = [range(table, code, column), range(after, code, column)]
          Law.ensure(
            now[0] >= before[0] && now[1] <= before[1],
            () => `column ${column} of class ${code} was in ${before.join(" to ")} and is in ${now.join(" to ")}`
          )
        }
      }
    })
  )
