/**
 * Splitting a table into train, validation and test. A split first assigns every row a place, which is an artifact of
 * its own, then reads three data sets off the assignment; what is computed from train rows does not depend on what the
 * other rows hold. Tables with instants are split by time, tables with declared groups by group; that is a matter of types
 * here, and checked again at run time.
 */
import { type Key, Node, Stage } from "@watertight/core"
import { Effect, type Schema } from "effect"
import * as Assignment from "./Assignment.ts"
import type { Columns, GroupsOf, KeysOf } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import * as Near from "./Near.ts"
import type { Partitions } from "./Partitions.ts"
import * as Contents from "./internal/columns/contents.ts"
import * as Blocks from "./split/Blocks.ts"
import * as Grouped from "./split/Grouped.ts"
import * as Hashed from "./split/Hashed.ts"
import * as Random from "./split/Random.ts"
import * as Share from "./split/Share.ts"
import * as Size from "./split/Size.ts"
import { SplitError } from "./split/SplitError.ts"
import * as Stratified from "./split/Stratified.ts"
import * as StratifiedGrouped from "./split/StratifiedGrouped.ts"
import * as Temporal from "./split/Temporal.ts"
import type { Table } from "./Table.ts"

export { type Measure, type Preset, presets, type Resolution, resolution, rowsFor, shares } from "./split/Size.ts"
export { type Errors, errorRepresentativeness, errorResolution, rowsForError } from "./split/Errors.ts"
export { type Rates, type Representativeness, representativeness } from "./split/Representative.ts"
export { SplitError } from "./split/SplitError.ts"

/** The fractions of rows for validation and test, each in (0, 1), together less than 1; train gets the rest. */
export type Shares = Share.Shares

/** A length of time, such as `"90 days"`. */
export type Length = Temporal.Length

/** A length of the calendar, such as `"3 months"` or `"1 year"`. */
export type Calendar = Temporal.Calendar

/** A number of rows, such as `{ rows: 1000 }`. */
export type Rows = Temporal.Rows

/** A node of a table without instants and declared groups, or a sentence. */
export type Untimed<C extends Columns, E, R> = [KeysOf<C, "timestamp" | "optional timestamp">] extends [never]
  ? [GroupsOf<C>] extends [never]
    ? Node.Node<Table<C>, E, R>
    : "split by group: use Split.grouped"
  : Timed<C, "split by time: use Split.temporal">

/** A node of a table without instants, or a sentence. */
export type Undated<C extends Columns, E, R> = [KeysOf<C, "timestamp" | "optional timestamp">] extends [never]
  ? Node.Node<Table<C>, E, R>
  : "split by group and time: use Split.groupedTemporal"

/** A node of a table without declared groups, or a sentence. */
export type Ungrouped<C extends Columns, E, R> = [GroupsOf<C>] extends [never]
  ? Node.Node<Table<C>, E, R>
  : "split by group and time: use Split.groupedTemporal"

type Timed<C extends Columns, Sentence extends string> = [GroupsOf<C>] extends [never]
  ? Sentence
  : "split by group and time: use Split.groupedTemporal"

/** The name of a column of instants, or a sentence where there is none. */
export type TimeOf<C extends Columns> = [KeysOf<C, "timestamp">] extends [never]
  ? "this table has no timestamp column: use Split.random or Split.stratified"
  : KeysOf<C, "timestamp">

/** The name of a column of categories, or a sentence where there is none. */
export type ClassOf<C extends Columns> = [KeysOf<C, "category">] extends [never]
  ? "this table has no category column to stratify on: use Split.random"
  : KeysOf<C, "category">

/**
 * The name of a column of groups: a declared one where there are any, else a column of categories or of numbers that are
 * ids; or a sentence where there is none.
 */
export type GroupOf<C extends Columns> = [GroupsOf<C>] extends [never]
  ? [KeysOf<C, "category" | "float">] extends [never]
    ? "this table has no category or float column to group by: use Split.random"
    : KeysOf<C, "category" | "float">
  : GroupsOf<C>

/** How equal rows are split: each by itself unless `"together"` keeps them on one side. */
export interface Duplicates {
  readonly duplicates?: "together" | "apart"
}

/** Which rows are near, so that they are kept on one side: nothing, or a sentence about the columns it takes. */
export interface Nearness<C extends Columns, N extends Near.Near> {
  readonly near?: N & ([Near.Refusal<C, N>] extends [never] ? unknown : Near.Refusal<C, N>)
}

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

/**
 * Splits at random. Sizes are exact: each is within one row of its share. With `duplicates: "together"`, rows with equal
 * ids are on one side, and sizes are within half of the largest number of equal rows; with `near` (see `Near`), rows that
 * are equal or near, directly or through others, are on one side.
 *
 * @example
 * import { Column, Source, Split } from "@watertight/data"
 * const digits = Source.idx({ image: { path: "images", column: Column.tensor([28, 28], "uint8") } })
 * Split.random(digits, { validation: 0.1, test: 0.1 }).test.stage.name // => "test"
 */
export const random = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Untimed<C, E, R>,
  options: Shares & Duplicates & Nearness<NoInfer<C>, N>
): Partitions<C, E | SplitError, R> =>
  make(untimed(table), {
    ...builtIn("random-split", options, together(options)),
    assign: isTogether(options) ? Grouped.assignTogether(options, options.near) : Random.assign(options)
  })

/**
 * Splits at random with the classes of a column in the same proportions everywhere: each class, and each partition as a
 * whole, is within one row of its share. With `duplicates: "together"`, rows with equal ids are on one side, and classes
 * are as near to their shares as that allows: no set of equal rows can be moved to bring them nearer. With `near`, near
 * rows (see `Near`) are on one side too.
 *
 * @example
 * import { Column, Columns, Near, Source, Split } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ body: Column.text, spam: Column.category(["no", "yes"]) }))
 * const near = Near.text("body", { words: 3, similarity: 0.7 })
 * Split.stratified(mails, { on: "spam", validation: 0.1, test: 0.1, near }).test.stage.name // => "test"
 */
export const stratified = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Untimed<C, E, R>,
  options: Shares & Duplicates & Nearness<NoInfer<C>, N> & { readonly on: ClassOf<NoInfer<C>> }
): Partitions<C, E | SplitError, R> =>
  make(untimed(table), {
    ...builtIn("stratified-split", options, { on: options.on, ...together(options) }),
    assign: isTogether(options)
      ? StratifiedGrouped.assignTogether(options.on, options, options.near)
      : Stratified.assign(options.on, options)
  })

/**
 * Splits at random by group: no group is on two sides. With several columns in `on`, rows that share a group in any of
 * them stay together; with `near` (see `Near`), so do groups that have near rows. Groups are drawn by their names, so
 * the order of rows does not count. Validation and test are each
 * within half of the largest group of their share, or are the smallest group left where even that is twice the share.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const Scan = Columns.make({ patient: Column.group(Column.float), tumour: Column.category(["no", "yes"]) })
 * const parts = Split.grouped(Source.csv("scans.csv", Scan), { on: "patient", validation: 0.1, test: 0.1 })
 * parts.test.inputs.assignment.stage.name // => "grouped-split"
 */
export const grouped = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Undated<C, E, R>,
  options: Shares & Nearness<NoInfer<C>, N> & { readonly on: Grouped.On<GroupOf<NoInfer<C>>> }
): Partitions<C, E | SplitError, R> =>
  make(undated(table), {
    ...builtIn("grouped-split", options, { on: options.on, ...nearness(options.near) }),
    assign: Grouped.assign(options.on, options, options.near)
  })

/**
 * Splits at random by group with the classes of a column as near to the same proportions everywhere as whole groups allow:
 * no single group can be moved to bring the class counts nearer to their shares (see `split/StratifiedGrouped`). With
 * `near` (see `Near`), groups that have near rows stay together.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const Scan = Columns.make({ patient: Column.group(Column.float), tumour: Column.category(["no", "yes"]) })
 * const scans = Source.csv("scans.csv", Scan)
 * const parts = Split.stratifiedGrouped(scans, { on: "patient", stratify: "tumour", validation: 0.1, test: 0.1 })
 * parts.test.inputs.assignment.stage.name // => "stratified-grouped-split"
 */
export const stratifiedGrouped = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Undated<C, E, R>,
  options: Shares &
    Nearness<NoInfer<C>, N> & { readonly on: Grouped.On<GroupOf<NoInfer<C>>>; readonly stratify: ClassOf<NoInfer<C>> }
): Partitions<C, E | SplitError, R> =>
  make(undated(table), {
    ...builtIn("stratified-grouped-split", options, {
      on: options.on,
      stratify: options.stratify,
      ...nearness(options.near)
    }),
    assign: StratifiedGrouped.assign(options.on, options.stratify, options, options.near)
  })

/**
 * Splits by a keyed hash of each row's id: a row stays on its side when others are appended or removed, and equal rows are
 * on one side. Sizes hold on average: of `n` rows, a share `p` gets `n p` give or take `sqrt(n p (1 - p))`. With `near`
 * (see `Near`), one of the rows that are near decides for all of them: a row stays on its side unless rows are appended
 * or removed that it is near to, directly or through others.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ length: Column.float, spam: Column.category(["no", "yes"]) }))
 * Split.hashed(mails, { validation: 0.1, test: 0.1 }).test.inputs.assignment.stage.name // => "hashed-split"
 */
export const hashed = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Untimed<C, E, R>,
  options: Shares & Nearness<NoInfer<C>, N>
): Partitions<C, E | SplitError, R> =>
  make(untimed(table), {
    ...builtIn("hashed-split", options, nearness(options.near)),
    assign: Hashed.assign(options, options.near)
  })

/**
 * Splits by a keyed hash of each row's group: no group is on two sides, and a group stays on its side when rows and groups
 * are appended or removed. Shares of groups hold on average.
 */
export const hashedGrouped = <C extends Columns, E, R>(
  table: Undated<C, E, R>,
  options: Shares & { readonly on: GroupOf<NoInfer<C>> }
): Partitions<C, E | SplitError, R> =>
  make(undated(table), {
    ...builtIn("hashed-grouped-split", options, { on: options.on }),
    assign: Hashed.assignGroups(options.on, options)
  })

/**
 * Splits by time: test is the latest rows, validation those before, train the rest. A length such as `"90 days"` takes
 * the rows less than that before the last one left; `"3 months"`, `"1 quarter"` or `"2 years"` likewise by the calendar of
 * UTC or of `zone`; a fraction or `{ rows }` takes that many rows, moved to the nearest change
 * of time, so that equal times stay together. Rows within `gap` before the next period are left out: make it longer
 * than a row's target looks ahead. Where rows look ahead by different times, `labelEnd` names a column with the instant
 * at which each row's label is known: rows whose label is known only after the next period has begun are left out.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ pickup: Column.timestamp, fare: Column.float }))
 * const parts = Split.temporal(trips, { on: "pickup", validation: "7 days", test: "7 days", gap: "1 hour" })
 * parts.train.stage.name // => "train"
 */
export const temporal = <C extends Columns, E, R>(
  table: Ungrouped<C, E, R>,
  options: Periods<NoInfer<C>>
): Partitions<C, E | SplitError, R> =>
  make(ungrouped(table), {
    ...builtIn("temporal-split", options, { on: options.on, ...periods(options) }),
    draws: false,
    assign: Temporal.assign(options.on, options)
  })

/**
 * Splits by time so that no group is on two sides: test is the latest rows, whole; from validation and train are left out
 * the rows of groups that occur in a later period too. It is for groups that come and go, such as patients, visits or
 * documents; groups that a model is to meet again, such as shops, are not declared as groups: use `temporal`.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const Visit = Columns.make({ patient: Column.group(Column.float), day: Column.timestamp, cost: Column.float })
 * const visits = Source.csv("visits.csv", Visit)
 * const options = { on: "day", group: "patient", validation: "90 days", test: "90 days" } as const
 * Split.groupedTemporal(visits, options).train.stage.name // => "train"
 */
export const groupedTemporal = <C extends Columns, E, R>(
  table: Node.Node<Table<C>, E, R>,
  options: Periods<NoInfer<C>> & { readonly group: Grouped.On<GroupOf<NoInfer<C>>> }
): Partitions<C, E | SplitError, R> =>
  make(table, {
    ...builtIn("grouped-temporal-split", options, { on: options.on, group: options.group, ...periods(options) }),
    draws: false,
    assign: Temporal.assignGrouped(options.on, options.group, options)
  })

/** How a table is split by time. */
export type Periods<C extends Columns> = Temporal.Options & {
  readonly on: TimeOf<C>
  readonly labelEnd?: KeysOf<C, "timestamp">
}

const periods = ({ gap, labelEnd, zone }: Temporal.Options): Readonly<Record<string, string>> => ({
  gap: gap ?? "0 millis",
  ...(labelEnd === undefined ? {} : { labelEnd }),
  ...(zone === undefined ? {} : { zone })
})

type Alike = Duplicates & { readonly near?: Near.Near | undefined }
const isTogether = ({ duplicates, near }: Alike): boolean => duplicates === "together" || near !== undefined
const nearness = (near: Near.Near | undefined): Readonly<Record<string, Schema.Json>> =>
  near === undefined ? {} : { near: Near.toJson(near) }
const together = (options: Alike): Readonly<Record<string, Schema.Json>> => ({
  ...(isTogether(options) ? { duplicates: "together" } : {}),
  ...nearness(options.near)
})

const asJson = (size: Length | Calendar | number | Rows): Schema.Json =>
  typeof size === "object" ? { rows: size.rows } : size

const builtIn = (
  name: string,
  { test, validation }: Pick<Temporal.Options, "test" | "validation">,
  params: Readonly<Record<string, Schema.Json>>
) =>
  ({
    name,
    version: 1,
    code: "versioned",
    draws: true,
    params: { ...params, validation: asJson(validation), test: asJson(test) }
  }) as const

const untimed = <C extends Columns, E, R>(table: Untimed<C, E, R>): Node.Node<Table<C>, E, R> =>
  table as Node.Node<Table<C>, E, R> // the only branch of Untimed that is no sentence

const undated = <C extends Columns, E, R>(table: Undated<C, E, R>): Node.Node<Table<C>, E, R> =>
  table as Node.Node<Table<C>, E, R> // the only branch of Undated that is no sentence

const ungrouped = <C extends Columns, E, R>(table: Ungrouped<C, E, R>): Node.Node<Table<C>, E, R> =>
  table as Node.Node<Table<C>, E, R> // the only branch of Ungrouped that is no sentence

/** How validation is carved out of the given train rows. */
export type Carve<C extends Columns> = [KeysOf<C, "timestamp" | "optional timestamp">] extends [never]
  ? [GroupsOf<C>] extends [never]
    ? { readonly validation: number; readonly stratify?: ClassOf<C> }
    : "split by group: give a validation table, or use Split.grouped on the whole"
  : "split by time: give a validation table, or use Split.temporal on the whole"

/**
 * Takes partitions as they are given, each a table of its own. Without a validation table, a share of train is carved
 * out of it, at random or stratified, with near rows on one side if `near` says what those are. Test rows are not looked at to do so: train and validation do not depend on them.
 *
 * @example
 * import { Column, Source, Split } from "@watertight/data"
 * const label = Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
 * const train = Source.idx({ label: { path: "train-labels-idx1-ubyte", column: label } })
 * const test = Source.idx({ label: { path: "t10k-labels-idx1-ubyte", column: label } })
 * Split.given({ train, test }, { validation: 0.1, stratify: "label" }).validation.stage.name // => "validation"
 */
export function given<C extends Columns, E, R, E2, R2, const N extends Near.Near = never>(
  tables: { readonly train: Node.Node<Table<C>, E, R>; readonly test: Node.Node<Table<NoInfer<C>>, E2, R2> },
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
    readonly validation?: Node.Node<Table<C>, E, R>
    readonly test: Node.Node<Table<C>, E, R>
  },
  options?: unknown
): Partitions<C, E | SplitError, R> {
  const { train, validation } = tables
  const test = whole(tables.test, "test", train)
  if (validation !== undefined) {
    return { train: whole(train, "train"), validation: whole(validation, "validation", train), test }
  }
  const { near, stratify, validation: share } = options as Carving // by the first signature
  const assignment = assignmentOf(
    train,
    {
      name: "given-split",
      version: 1,
      code: "versioned",
      draws: true,
      params: { validation: share, stratify: stratify ?? null, ...nearness(near) },
      assign: carve(share, stratify, near)
    },
    ["train", "validation"]
  )
  return { train: some(train, assignment, "train"), validation: some(train, assignment, "validation"), test }
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

const assignmentOf = <C extends Columns, E, R>(
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

/** The rows of a table that an assignment puts in a partition. */
const some = <C extends Columns, E, R, P extends Dataset.Partition>(
  table: Node.Node<Table<C>, E, R>,
  assignment: Node.Node<Assignment.Assignment, E | SplitError, R>,
  partition: P
): Node.Node<Dataset.Dataset<C, P>, E | SplitError, R> =>
  Node.make(
    Stage.make({
      name: partition,
      version: 1,
      code: "versioned",
      origin: partition,
      codec: Dataset.codec<C, P>(),
      run: (
        inputs: { readonly table: Table<C>; readonly assignment: Assignment.Assignment },
        { node }: Stage.Context
      ) =>
        Effect.suspend(() =>
          Contents.making(inputs.table, Assignment.rows(inputs.assignment, partition), partition, false)
        ).pipe(Effect.tap(Size.noteNoise(node)))
    }),
    { table, assignment }
  )

/** All rows of a table as a partition; `like` is the table whose columns it must have. */
const whole = <C extends Columns, E, R, P extends Dataset.Partition>(
  table: Node.Node<Table<C>, E, R>,
  partition: P,
  like: Node.Node<Table<C>, E, R> = table
): Node.Node<Dataset.Dataset<C, P>, E | SplitError, R> =>
  Node.make(
    Stage.make({
      name: partition,
      version: 1,
      code: "versioned",
      origin: partition,
      codec: Dataset.codec<C, P>(),
      run: (inputs: { readonly table: Table<C>; readonly like: Table<C> }, { node }: Stage.Context) =>
        sameColumns(partition, inputs.table, inputs.like).pipe(
          Effect.flatMap((table) => Contents.making(table, undefined, partition, false)),
          Effect.tap(Size.noteNoise(node))
        )
    }),
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
