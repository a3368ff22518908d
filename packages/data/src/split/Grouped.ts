/**
 * The grouped split: groups are drawn whole, in random order, and one goes to test, then to validation, whenever that
 * brings the size nearer to its share.
 */
import type { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import type * as Near from "../Near.ts"
import type { Table } from "../Table.ts"
import * as Blocks from "./Blocks.ts"
import * as Share from "./Share.ts"
import type { SplitError } from "./SplitError.ts"

/** One column of groups, or several: then rows that share a group in any of them stay together. */
export type On<Name extends string = string> = Name | ReadonlyArray<Name>

/** Decides a grouped split; groups that have near rows stay together if it is said what those are. */
export const assign = (on: On, shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.grouped"
    yield* Share.refuseTimestamps(split, table, "Split.groupedTemporal")
    const fractions = yield* Share.fractions(split, shares)
    const { of, sizes } = yield* blocks(split, table, on, key, near)
    const assignment = toRows(of, deal(sizes, fractions))
    const hint = near === undefined ? tooFew(sizes.length) : tooFewAlike(sizes.length)
    return yield* Share.refuseEmpty(split, assignment, ["train", "validation", "test"], hint)
  })

/** Decides a random split that keeps equal rows together, and near ones if it is said what those are. */
export const assignTogether = (shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.random"
    yield* Share.refuseTimestamps(split, table)
    yield* Share.refuseGroups(split, table)
    const fractions = yield* Share.fractions(split, shares)
    const firsts = yield* Blocks.near(split, table, near)
    const { of, sizes } = Blocks.make([Blocks.equalRows(table)], key, firsts)
    const hint = near === undefined ? undefined : tooFewAlike(sizes.length)
    return yield* Share.refuseEmpty(split, toRows(of, deal(sizes, fractions)), ["train", "validation", "test"], hint)
  })

/** Lists the columns named. */
export const names = (on: On): ReadonlyArray<string> => (typeof on === "string" ? [on] : on)

/** The blocks of rows that share a group, or are near; fails when a declared group is not among the columns named. */
export const blocks = Effect.fnUntraced(function* (
  split: string,
  table: Table,
  on: On,
  key: Key.Key,
  near?: Near.Near
): Effect.fn.Return<Blocks.Blocks, SplitError> {
  return Blocks.make(yield* labels(split, table, on), key, yield* Blocks.near(split, table, near))
})

const labels = Effect.fnUntraced(function* (split: string, table: Table, on: On) {
  const columns = names(on)
  yield* Share.refuseGroups(split, table, columns, 'Name every declared group in "on".')
  return yield* Effect.forEach(columns.length === 0 ? [""] : columns, (name) => Blocks.groups(split, table, name))
})

/** What keeps rows together: groups by one column or several, and a way of being near. */
export interface Together {
  readonly group?: On | undefined
  readonly near?: Near.Near | undefined
}

/** For each row, the first of those it belongs to by group, or by being equal or near; undefined where nothing does. */
export const firsts = Effect.fnUntraced(function* (
  split: string,
  table: Table,
  { group, near }: Together
): Effect.fn.Return<Uint32Array | undefined, SplitError> {
  if (group === undefined && near === undefined) return undefined
  const own = group === undefined ? [Blocks.equalRows(table)] : yield* labels(split, table, group)
  return Blocks.joined(own, yield* Blocks.near(split, table, near))
})

/** Says how many groups there are: for splits that left a partition empty. */
export const tooFew = (count: number): string =>
  `The rows have ${count} ${count === 1 ? "group" : "groups"}: bring more of them, or ask for other shares.`

/** Says how many sets of near rows there are: for splits that left a partition empty. */
export const tooFewAlike = (count: number): string =>
  `The rows come to ${count} ${count === 1 ? "set" : "sets"} of near duplicates: call fewer rows near, or bring more of them.`

/** Gives each row its block's place. */
export const toRows = (of: Uint32Array, placeOfBlock: Uint8Array): Assignment.Assignment => ({
  places: Uint8Array.from(of, (block) => placeOfBlock[block])
})

/**
 * Places blocks: test first, then validation, the rest is train. Each of the two is within half of the largest block of
 * its share, or is the smallest block left where all are at least twice the share.
 */
export const deal = (sizes: Uint32Array, [, validation, test]: Share.Fractions): Uint8Array => {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const places = new Uint8Array(sizes.length)
  fill(places, sizes, 2, test * total)
  fill(places, sizes, 1, validation * total)
  return places
}

const fill = (places: Uint8Array, sizes: Uint32Array, place: number, share: number): void => {
  let missing = share
  let smallest = -1
  sizes.forEach((size, block) => {
    if (places[block] !== 0) return
    if (size < 2 * missing) {
      places[block] = place
      missing -= size
    } else if (smallest < 0 || size < sizes[smallest]) smallest = block
  })
  if (missing === share && smallest >= 0) places[smallest] = place
}
