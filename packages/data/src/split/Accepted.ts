/**
 * What a split accepts, as types: tables with instants are split by time, tables with declared groups by group, and what
 * is refused says so in a sentence.
 */
import type { Node } from "@watertight/core"
import type { Columns, GroupsOf, KeysOf } from "../Columns.ts"
import type * as Near from "../Near.ts"
import type { Table } from "../Table.ts"
import type * as Share from "./Share.ts"
import type * as Temporal from "./Temporal.ts"

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

/** How a table is split by time. */
export type Periods<C extends Columns> = Omit<Temporal.Options, "near"> & {
  readonly on: TimeOf<C>
  readonly labelEnd?: KeysOf<C, "timestamp">
}

/** Returns the table that a type accepted. */
export const untimed = <C extends Columns, E, R>(table: Untimed<C, E, R>): Node.Node<Table<C>, E, R> =>
  table as Node.Node<Table<C>, E, R> // the only branch of Untimed that is no sentence

/** Returns the table that a type accepted. */
export const undated = <C extends Columns, E, R>(table: Undated<C, E, R>): Node.Node<Table<C>, E, R> =>
  table as Node.Node<Table<C>, E, R> // the only branch of Undated that is no sentence

/** Returns the table that a type accepted. */
export const ungrouped = <C extends Columns, E, R>(table: Ungrouped<C, E, R>): Node.Node<Table<C>, E, R> =>
  table as Node.Node<Table<C>, E, R> // the only branch of Ungrouped that is no sentence
