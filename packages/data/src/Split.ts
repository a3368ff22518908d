/**
 * Splitting a table into train, validation and test. A split first assigns every row a place, which is an artifact of
 * its own, then reads three data sets off the assignment; what is computed from train rows does not depend on what the
 * other rows hold. Tables with instants are split by time, tables with declared groups by group; that is a matter of types
 * here, and checked again at run time.
 */
import type { Node } from "@watertight/core"
import type { Schema } from "effect"
import type { Columns } from "./Columns.ts"
import type * as Near from "./Near.ts"
import type { Partitions } from "./Partitions.ts"
import * as Accepted from "./split/Accepted.ts"
import * as Blocks from "./split/Blocks.ts"
import * as Grouped from "./split/Grouped.ts"
import * as Hashed from "./split/Hashed.ts"
import { make } from "./split/Nodes.ts"
import * as Random from "./split/Random.ts"
import type { SplitError } from "./split/SplitError.ts"
import * as Stratified from "./split/Stratified.ts"
import * as StratifiedGrouped from "./split/StratifiedGrouped.ts"
import * as Temporal from "./split/Temporal.ts"
import type { Table } from "./Table.ts"

export {
  type Calendar,
  type ClassOf,
  type Duplicates,
  type GroupOf,
  type Length,
  type Nearness,
  type Periods,
  type Rows,
  type Shares,
  type TimeOf,
  type Undated,
  type Ungrouped,
  type Untimed
} from "./split/Accepted.ts"
export { type Carve, given, type NotCarved } from "./split/Given.ts"
export { type Definition, make } from "./split/Nodes.ts"
export { type Errors, errorRepresentativeness, errorResolution, rowsForError } from "./split/Errors.ts"
export { type Rates, type Representativeness, representativeness } from "./split/Representative.ts"
export { type Measure, type Preset, presets, type Resolution, resolution, rowsFor, shares } from "./split/Size.ts"
export { SplitError } from "./split/SplitError.ts"

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
  table: Accepted.Untimed<C, E, R>,
  options: Accepted.Shares & Accepted.Duplicates & Accepted.Nearness<NoInfer<C>, N>
): Partitions<C, E | SplitError, R> =>
  make(Accepted.untimed(table), {
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
  table: Accepted.Untimed<C, E, R>,
  options: Accepted.Shares &
    Accepted.Duplicates &
    Accepted.Nearness<NoInfer<C>, N> & { readonly on: Accepted.ClassOf<NoInfer<C>> }
): Partitions<C, E | SplitError, R> =>
  make(Accepted.untimed(table), {
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
  table: Accepted.Undated<C, E, R>,
  options: Accepted.Shares &
    Accepted.Nearness<NoInfer<C>, N> & { readonly on: Grouped.On<Accepted.GroupOf<NoInfer<C>>> }
): Partitions<C, E | SplitError, R> =>
  make(Accepted.undated(table), {
    ...builtIn("grouped-split", options, { on: options.on, ...Blocks.toJson(options.near) }),
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
  table: Accepted.Undated<C, E, R>,
  options: Accepted.Shares &
    Accepted.Nearness<NoInfer<C>, N> & {
      readonly on: Grouped.On<Accepted.GroupOf<NoInfer<C>>>
      readonly stratify: Accepted.ClassOf<NoInfer<C>>
    }
): Partitions<C, E | SplitError, R> =>
  make(Accepted.undated(table), {
    ...builtIn("stratified-grouped-split", options, {
      on: options.on,
      stratify: options.stratify,
      ...Blocks.toJson(options.near)
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
  table: Accepted.Untimed<C, E, R>,
  options: Accepted.Shares & Accepted.Nearness<NoInfer<C>, N>
): Partitions<C, E | SplitError, R> =>
  make(Accepted.untimed(table), {
    ...builtIn("hashed-split", options, Blocks.toJson(options.near)),
    assign: Hashed.assign(options, options.near)
  })

/**
 * Splits by a keyed hash of each row's group: no group is on two sides, and a group stays on its side when rows and groups
 * are appended or removed. Shares of groups hold on average. With `near` (see `Near`), one of the groups that have near
 * rows decides for all of them, as in `hashed`.
 */
export const hashedGrouped = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Accepted.Undated<C, E, R>,
  options: Accepted.Shares & Accepted.Nearness<NoInfer<C>, N> & { readonly on: Accepted.GroupOf<NoInfer<C>> }
): Partitions<C, E | SplitError, R> =>
  make(Accepted.undated(table), {
    ...builtIn("hashed-grouped-split", options, { on: options.on, ...Blocks.toJson(options.near) }),
    assign: Hashed.assignGroups(options.on, options, options.near)
  })

/**
 * Splits by time: test is the latest rows, validation those before, train the rest. A length such as `"90 days"` takes
 * the rows less than that before the last one left; `"3 months"`, `"1 quarter"` or `"2 years"` likewise by the calendar of
 * UTC or of `zone`; a fraction or `{ rows }` takes that many rows, moved to the nearest change
 * of time, so that equal times stay together. Rows within `gap` before the next period are left out: make it longer
 * than a row's target looks ahead. Where rows look ahead by different times, `labelEnd` names a column with the instant
 * at which each row's label is known: rows whose label is known only after the next period has begun are left out. With
 * `near` (see `Near`), rows that are equal or near to one of a later period, directly or through others, are left out of
 * the earlier one: none moves to another period.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ pickup: Column.timestamp, fare: Column.float }))
 * const parts = Split.temporal(trips, { on: "pickup", validation: "7 days", test: "7 days", gap: "1 hour" })
 * parts.train.stage.name // => "train"
 */
export const temporal = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Accepted.Ungrouped<C, E, R>,
  options: Accepted.Periods<NoInfer<C>> & Accepted.Nearness<NoInfer<C>, N>
): Partitions<C, E | SplitError, R> =>
  make(Accepted.ungrouped(table), {
    ...builtIn("temporal-split", options, { on: options.on, ...periods(options) }),
    draws: false,
    assign: Temporal.assign(options.on, options)
  })

/**
 * Splits by time so that no group is on two sides: test is the latest rows, whole; from validation and train are left out
 * the rows of groups that occur in a later period too. It is for groups that come and go, such as patients, visits or
 * documents; groups that a model is to meet again, such as shops, are not declared as groups: use `temporal`. With `near`
 * (see `Near`), groups that have near rows count as one.
 *
 * @example
 * import { Column, Columns, Source, Split } from "@watertight/data"
 * const Visit = Columns.make({ patient: Column.group(Column.float), day: Column.timestamp, cost: Column.float })
 * const visits = Source.csv("visits.csv", Visit)
 * const options = { on: "day", group: "patient", validation: "90 days", test: "90 days" } as const
 * Split.groupedTemporal(visits, options).train.stage.name // => "train"
 */
export const groupedTemporal = <C extends Columns, E, R, const N extends Near.Near = never>(
  table: Node.Node<Table<C>, E, R>,
  options: Accepted.Periods<NoInfer<C>> &
    Accepted.Nearness<NoInfer<C>, N> & { readonly group: Grouped.On<Accepted.GroupOf<NoInfer<C>>> }
): Partitions<C, E | SplitError, R> =>
  make(table, {
    ...builtIn("grouped-temporal-split", options, { on: options.on, group: options.group, ...periods(options) }),
    draws: false,
    assign: Temporal.assignGrouped(options.on, options.group, options)
  })

const periods = ({ gap, labelEnd, near, zone }: Temporal.Options): Readonly<Record<string, Schema.Json>> => ({
  gap: gap ?? "0 millis",
  ...Blocks.toJson(near),
  ...(labelEnd === undefined ? {} : { labelEnd }),
  ...(zone === undefined ? {} : { zone })
})

type Alike = Accepted.Duplicates & { readonly near?: Near.Near | undefined }
const isTogether = ({ duplicates, near }: Alike): boolean => duplicates === "together" || near !== undefined
const together = (options: Alike): Readonly<Record<string, Schema.Json>> => ({
  ...(isTogether(options) ? { duplicates: "together" } : {}),
  ...Blocks.toJson(options.near)
})

const asJson = (size: Temporal.Options["test"]): Schema.Json => (typeof size === "object" ? { rows: size.rows } : size)

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
