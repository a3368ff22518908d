/**
 * Partitions that are given, each a table of its own; validation may be carved out of train.
 */
import type { Node } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import type { Columns, GroupsOf, KeysOf } from "../Columns.ts"
import type * as Near from "../Near.ts"
import type { Partitions } from "../Partitions.ts"
import type { Table } from "../Table.ts"
import type { ClassOf, Nearness } from "./Accepted.ts"
import * as Blocks from "./Blocks.ts"
import * as Grouped from "./Grouped.ts"
import * as Nodes from "./Nodes.ts"
import * as Random from "./Random.ts"
import * as Share from "./Share.ts"
import type { SplitError } from "./SplitError.ts"
import * as Stratified from "./Stratified.ts"
import * as StratifiedGrouped from "./StratifiedGrouped.ts"

/** How validation is carved out of the given train rows. */
export type Carve<C extends Columns> = [KeysOf<C, "timestamp" | "optional timestamp">] extends [never]
  ? [GroupsOf<C>] extends [never]
    ? { readonly validation: number; readonly stratify?: ClassOf<C> }
    : "split by group: give a validation table, or use Split.grouped on the whole"
  : "split by time: give a validation table, or use Split.temporal on the whole"

/** Why nothing is carved where a validation table is given. */
export type NotCarved =
  "a validation table is given, so none is carved: near has no rows to part; find near ones with Audit, drop them with Clean"

/**
 * Takes partitions as they are given, each a table of its own. Without a validation table, a share of train is carved
 * out of it, at random or stratified, with near rows on one side if `near` says what those are. Test rows are not looked
 * at to do so: train and validation do not depend on them. So `near` cannot part train from test rows that are given, nor
 * from a validation table: it would have to leave rows out that somebody put there. `Audit` finds them.
 *
 * @example
 * import { Column, Source, Split } from "@watertight/data"
 * const label = Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
 * const train = Source.idx({ label: { path: "train-labels-idx1-ubyte", column: label } })
 * const test = Source.idx({ label: { path: "t10k-labels-idx1-ubyte", column: label } })
 * Split.given({ train, test }, { validation: 0.1, stratify: "label" }).validation.stage.name // => "validation"
 */
export function given<C extends Columns, E, R, E2, R2, const N extends Near.Near = never>(
  tables: {
    readonly train: Node.Node<Table<C>, E, R>
    readonly validation?: NotCarved
    readonly test: Node.Node<Table<NoInfer<C>>, E2, R2>
  },
  options: Carve<NoInfer<C>> & Nearness<NoInfer<C>, N>
): Partitions<C, E | E2 | SplitError, R | R2>
export function given<C extends Columns, E, R, E2, R2, E3, R3>(tables: {
  readonly train: Node.Node<Table<C>, E, R>
  readonly validation: Node.Node<Table<NoInfer<C>>, E3, R3>
  readonly test: Node.Node<Table<NoInfer<C>>, E2, R2>
}): Partitions<C, E | E2 | E3 | SplitError, R | R2 | R3>
export function given<C extends Columns, E, R>(
  tables: {
    readonly train: Node.Node<Table<C>, E, R>
    readonly validation?: Node.Node<Table<C>, E, R> | NotCarved
    readonly test: Node.Node<Table<C>, E, R>
  },
  options?: unknown
): Partitions<C, E | SplitError, R> {
  const { train, validation } = tables
  const test = Nodes.whole(tables.test, "test", train)
  if (typeof validation === "object") {
    if (options !== undefined) {
      throw new TypeError("Split.given: a validation table is given, so none is carved; leave the options out")
    }
    return { train: Nodes.whole(train, "train"), validation: Nodes.whole(validation, "validation", train), test }
  }
  const { near, stratify, validation: share } = options as Carving // by the first signature
  const assignment = Nodes.assignmentOf(
    train,
    {
      name: "given-split",
      version: 1,
      code: "versioned",
      draws: true,
      params: { validation: share, stratify: stratify ?? null, ...Blocks.toJson(near) },
      assign: carve(share, stratify, near)
    },
    ["train", "validation"]
  )
  return {
    train: Nodes.some(train, assignment, "train"),
    validation: Nodes.some(train, assignment, "validation"),
    test
  }
}

interface Carving {
  readonly validation: number
  readonly stratify?: string
  readonly near?: Near.Near
}

const carve = (share: number, stratify: string | undefined, near: Near.Near | undefined): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    yield* Share.refuseTimestamps("Split.given", table)
    yield* Share.refuseGroups("Split.given", table)
    const fractions = [1 - share, yield* Share.fraction("Split.given", "validation", share), 0] as const
    const firsts = yield* Blocks.near("Split.given", table, near)
    const blocks = firsts === undefined ? undefined : Blocks.make([Blocks.equalRows(table)], key, firsts)
    if (stratify === undefined) {
      if (blocks === undefined) return Random.deal(table.length, fractions, key)
      return Grouped.toRows(blocks.of, Grouped.deal(blocks.sizes, fractions))
    }
    const { codes, levels } = yield* Stratified.classes("Split.given", table, stratify)
    if (blocks !== undefined) {
      return Grouped.toRows(blocks.of, StratifiedGrouped.deal(blocks, codes, levels.length, fractions))
    }
    return Stratified.deal(levels, codes, fractions, key)
  })
