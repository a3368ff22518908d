/**
 * The columns of a table by name: the one declaration that types everything after it.
 */
import type * as Column from "./Column.ts"

/** A table's columns by name. */
export interface Columns {
  readonly [name: string]: Column.Column
}

/** The names of the columns of the given kinds. */
export type KeysOf<C extends Columns, Kind extends Column.Kind> = {
  readonly [K in keyof C]: C[K]["kind"] extends Kind ? K : never
}[keyof C] &
  string

/** The names of the columns declared by `Column.group`. */
export type GroupsOf<C extends Columns> = {
  readonly [K in keyof C]: C[K] extends { readonly group: true } ? K : never
}[keyof C] &
  string

/** `C` with the columns named in `Changed` replaced. */
export type Replace<C extends Columns, Changed extends Columns> = {
  readonly [K in keyof C]: K extends keyof Changed ? Changed[K] : C[K]
}

/**
 * Declares the columns of a table.
 *
 * @example
 * import { Column, Columns } from "@watertight/data"
 * const Taxi = Columns.make({ pickup: Column.timestamp, distance: Column.float, zone: Column.category(["a", "b"]) })
 * Object.keys(Taxi) // => ["pickup", "distance", "zone"]
 */
export const make = <const C extends Columns>(columns: C): C => columns
