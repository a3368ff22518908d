/**
 * The hashed split: a row's place is decided by a keyed hash of its id alone, so it stays where it is when other rows are
 * appended or removed, and equal rows are on one side. Sizes hold on average only.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import * as Blocks from "./Blocks.ts"
import * as Share from "./Share.ts"

/** Decides a split by hashes of the rows' ids. */
export const assign = (shares: Share.Shares): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.hashed"
    yield* Share.refuseTimestamps(split, table)
    yield* Share.refuseGroups(split, table, [], "Use Split.hashedGrouped.")
    const fractions = yield* Share.fractions(split, shares)
    const ids = Blocks.viewOf(table.ids)
    const places = new Uint8Array(table.length)
    for (let row = 0; row < table.length; row++) places[row] = placeOf(Blocks.ofId(key, ids, row), fractions)
    return yield* Share.refuseEmpty(split, { places }, ["train", "validation", "test"])
  })

/** Decides a split by hashes of the rows' groups. */
export const assignGroups = (on: string, shares: Share.Shares): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.hashedGrouped"
    yield* Share.refuseTimestamps(split, table, "Split.groupedTemporal")
    yield* Share.refuseGroups(split, table, [on], "Groups of one column can be hashed: use Split.grouped for several.")
    const fractions = yield* Share.fractions(split, shares)
    const { codes, names } = yield* Blocks.groups(split, table, on)
    const placeOfGroup = names.map((name) => placeOf(Key.foldIn(key, name), fractions))
    const places = Uint8Array.from(codes, (code) => placeOfGroup[code])
    return yield* Share.refuseEmpty(split, { places }, ["train", "validation", "test"])
  })

const placeOf = ({ hi, lo }: Key.Key, [, validation, test]: Share.Fractions): number => {
  const uniform = (hi * 2 ** 21 + (lo >>> 11)) * 2 ** -53
  return uniform < test ? 2 : uniform < test + validation ? 1 : 0
}
