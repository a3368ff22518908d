/**
 * The hashed split: a row's place is decided by a keyed hash of its id alone, so it stays where it is when other rows are
 * appended or removed, and equal rows are on one side. Sizes hold on average only.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import type * as Near from "../Near.ts"
import type { Table } from "../Table.ts"
import * as Blocks from "./Blocks.ts"
import * as Share from "./Share.ts"

/** Decides a split by hashes of the rows' ids; of rows that are near, one decides for all. */
export const assign = (shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.hashed"
    yield* Share.refuseTimestamps(split, table)
    yield* Share.refuseGroups(split, table, [], "Use Split.hashedGrouped.")
    const fractions = yield* Share.fractions(split, shares)
    const joined = yield* Blocks.near(split, table, near)
    const places =
      joined === undefined ? byId(table, key, fractions) : byLabel(Blocks.equalRows(table), key, fractions, joined)
    return yield* Share.refuseEmpty(split, { places }, ["train", "validation", "test"])
  })

/** Decides a split by hashes of the rows' groups; of groups that have near rows, one decides for all. */
export const assignGroups = (on: string, shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.hashedGrouped"
    yield* Share.refuseTimestamps(split, table, "Split.groupedTemporal")
    yield* Share.refuseGroups(split, table, [on], "Groups of one column can be hashed: use Split.grouped for several.")
    const fractions = yield* Share.fractions(split, shares)
    const groups = yield* Blocks.groups(split, table, on)
    const places = byLabel(groups, key, fractions, yield* Blocks.near(split, table, near))
    return yield* Share.refuseEmpty(split, { places }, ["train", "validation", "test"])
  })

const byId = ({ ids, length }: Table, key: Key.Key, fractions: Share.Fractions): Uint8Array => {
  const view = Blocks.viewOf(ids)
  return Uint8Array.from({ length }, (_, row) => placeOf(Blocks.ofId(key, view, row), fractions))
}

/** Places rows by their labels: by the least key of the labels of those they are near, which no order of rows changes. */
const byLabel = (
  label: Blocks.Labels,
  key: Key.Key,
  fractions: Share.Fractions,
  near: Uint32Array | undefined
): Uint8Array => {
  const firsts = Blocks.joined([label], near)
  const [hi, lo] = [new Uint32Array(firsts.length), new Uint32Array(firsts.length)]
  const isDrawn = new Uint8Array(firsts.length)
  label.firsts.forEach((same, row) => {
    if (same !== row) return
    const [own, first] = [label.keyOf(key, row), firsts[row]]
    const isLess = own.hi < hi[first] || (own.hi === hi[first] && own.lo < lo[first])
    if (isDrawn[first] === 1 && !isLess) return
    isDrawn[first] = 1
    hi[first] = own.hi
    lo[first] = own.lo
  })
  const places = new Uint8Array(firsts.length)
  firsts.forEach((first, row) => {
    const least = { hi: hi[row], lo: lo[row] }
    places[row] =
      first !== row ? places[first] : placeOf(near === undefined ? least : Key.foldIn(least, "near"), fractions)
  })
  return places
}

const placeOf = ({ hi, lo }: Key.Key, [, validation, test]: Share.Fractions): number => {
  const uniform = (hi * 2 ** 21 + (lo >>> 11)) * 2 ** -53
  return uniform < test ? 2 : uniform < test + validation ? 1 : 0
}
