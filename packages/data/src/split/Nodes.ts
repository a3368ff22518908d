/**
 * The nodes of a split: an assignment, which is an artifact of its own, and three data sets that are read off it.
 */
import { type Key, Node, Stage } from "@watertight/core"
import { Effect, type Schema } from "effect"
import * as Assignment from "../Assignment.ts"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import * as Contents from "../internal/columns/contents.ts"
import type { Partitions } from "../Partitions.ts"
import type { Table } from "../Table.ts"
import * as Share from "./Share.ts"
import * as Size from "./Size.ts"
import { SplitError } from "./SplitError.ts"

/** A way of splitting: `assign` decides, from the table and a key, where each row goes. */
export interface Definition<in C extends Columns> {
  readonly name: string
  readonly version: number
  /** What `assign` was made from, as data: part of the cache key. */
  readonly params: Schema.Json
  /** Whether `assign` uses its key. */
  readonly draws: boolean
  /** `"sources"` unless given: an edit of any file of yours splits anew. */
  readonly code?: Stage.Code
  readonly assign: Assignment.Assign<C>
}

/**
 * Splits a table in a way of one's own. `SplitLaws` in `@watertight/data/testing` check an `assign`. Fails with a
 * `SplitError` when `assign` does, when it does not give every row one of the places, and when a partition is empty.
 */
export const make = <C extends Columns, E, R>(
  table: Node.Node<Table<C>, E, R>,
  definition: Definition<NoInfer<C>>
): Partitions<C, E | SplitError, R> => {
  const assignment = assignmentOf(table, definition, ["train", "validation", "test"])
  return {
    train: some(table, assignment, "train"),
    validation: some(table, assignment, "validation"),
    test: some(table, assignment, "test")
  }
}

/** Makes the node that assigns the rows of a table; fails when one of the partitions is empty. */
export const assignmentOf = <C extends Columns, E, R>(
  table: Node.Node<Table<C>, E, R>,
  { assign, code, draws, name, params, version }: Definition<C>,
  partitions: ReadonlyArray<Dataset.Partition>
): Node.Node<Assignment.Assignment, E | SplitError, R> =>
  Node.make(
    Stage.make({
      name,
      version,
      params,
      draws,
      code: code ?? "sources",
      codec: Assignment.codec,
      run: ({ table }: { readonly table: Table<C> }, { key }: { readonly key: Key.Key }) =>
        assign(table, key).pipe(
          Effect.flatMap((assignment) => checkPlaces(name, table, assignment)),
          Effect.flatMap((assignment) => Share.refuseEmpty(name, assignment, partitions))
        )
    }),
    { table }
  )

const checkPlaces = (
  split: string,
  table: Table,
  assignment: Assignment.Assignment
): Effect.Effect<Assignment.Assignment, SplitError> => {
  const { places } = assignment
  const hint = "An assignment has one of the places 0 to 3 for every row."
  if (places.length !== table.length) {
    const reason = `${places.length} places were assigned to ${table.length} rows`
    return Effect.fail(new SplitError({ split, reason, hint }))
  }
  const bad = places.findIndex((place) => place >= Assignment.places.length)
  return bad < 0
    ? Effect.succeed(assignment)
    : Effect.fail(new SplitError({ split, reason: `row ${bad + 1} was assigned the place ${places[bad]}`, hint }))
}

/** The stage that makes a partition of its inputs; it notes how much chance there is in figures of so many rows. */
const partitionStage = <C extends Columns, P extends Dataset.Partition, In>(
  partition: P,
  run: (inputs: In) => Effect.Effect<Dataset.Dataset<C, P>, SplitError>
) =>
  Stage.make({
    name: partition,
    version: 1,
    code: "versioned",
    origin: partition,
    codec: Dataset.codec<C, P>(),
    run: (inputs: In, { node }: Stage.Context) => Effect.tap(run(inputs), Size.noteNoise(node))
  })

/** Makes the rows of a table that an assignment puts in a partition. */
export const some = <C extends Columns, E, R, P extends Dataset.Partition>(
  table: Node.Node<Table<C>, E, R>,
  assignment: Node.Node<Assignment.Assignment, E | SplitError, R>,
  partition: P
): Node.Node<Dataset.Dataset<C, P>, E | SplitError, R> =>
  Node.make(
    partitionStage(partition, (inputs: { readonly table: Table<C>; readonly assignment: Assignment.Assignment }) =>
      Effect.suspend(() =>
        Contents.making(inputs.table, Assignment.rows(inputs.assignment, partition), partition, false)
      )
    ),
    { table, assignment }
  )

/** Makes all rows of a table a partition; `like` is the table whose columns it must have. */
export const whole = <C extends Columns, E, R, P extends Dataset.Partition>(
  table: Node.Node<Table<C>, E, R>,
  partition: P,
  like: Node.Node<Table<C>, E, R> = table
): Node.Node<Dataset.Dataset<C, P>, E | SplitError, R> =>
  Node.make(
    partitionStage(partition, (inputs: { readonly table: Table<C>; readonly like: Table<C> }) =>
      Effect.flatMap(sameColumns(partition, inputs.table, inputs.like), (table) =>
        Contents.making(table, undefined, partition, false)
      )
    ),
    { table, like }
  )

const sameColumns = <C extends Columns>(
  partition: Dataset.Partition,
  table: Table<C>,
  like: Table<C>
): Effect.Effect<Table<C>, SplitError> => {
  const split = "Split.given"
  if (table.length === 0) {
    return Effect.fail(new SplitError({ split, partition, reason: `${partition} has no rows`, hint: "Give it some." }))
  }
  const names = [...new Set([...Object.keys(table.columns), ...Object.keys(like.columns)])]
  const differs = names.find((name) => JSON.stringify(table.columns[name]) !== JSON.stringify(like.columns[name]))
  if (differs === undefined) return Effect.succeed(table)
  const reason = `the column "${differs}" of ${partition} is not declared as that of train`
  return Effect.fail(
    new SplitError({ split, partition, reason, hint: "Declare the columns once and use them for both." })
  )
}
