/**
 * The hashed split: a row's place is decided by a keyed hash of its id alone, so it stays where it is when other rows are
 * appended or removed, and equal rows are on one side. Sizes hold on average only.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import type * as Near from "../Near.ts"
import * as Blocks from "./Blocks.ts"
import * as Share from "./Share.ts"

/** Decides a split by hashes of the rows' ids; of rows that are near, one decides for all. */
export const assign = (shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.hashed"
    yield* Share.refuseTimestamps(split, table)
    yield* Share.refuseGroups(split, table, [], "Use Split.hashedGrouped.")
    const fractions = yield* Share.fractions(split, shares)
    const ids = Blocks.viewOf(table.ids)
    const firsts = yield* Blocks.near(split, table, near)
    const places = new Uint8Array(table.length)
    if (firsts === undefined) {
      for (let row = 0; row < table.length; row++) places[row] = placeOf(Blocks.ofId(key, ids, row), fractions)
    } else {
      const { of, sizes } = Blocks.make([Blocks.equalRows(table)], key, firsts)
      const drawn = leastKeys(of, sizes.length, (row) => Blocks.ofId(key, ids, row))
      of.forEach((block, row) => (places[row] = placeOf(Key.foldIn(drawn[block], "near"), fractions)))
    }
    return yield* Share.refuseEmpty(split, { places }, ["train", "validation", "test"])
  })

/** For each block the least of its rows' keys, which does not depend on the order of rows. */
const leastKeys = (of: Uint32Array, blocks: number, keyOf: (row: number) => Key.Key): ReadonlyArray<Key.Key> => {
  const least = Array.from({ length: blocks }, (): Key.Key => ({ hi: 2 ** 32, lo: 0 }))
  of.forEach((block, row) => {
    const key = keyOf(row)
    const { hi, lo } = least[block]
    if (key.hi < hi || (key.hi === hi && key.lo < lo)) least[block] = key
  })
  return least
}

/** Decides a split by hashes of the rows' groups. */
export const assignGroups = (on: string, shares: Share.Shares): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.hashedGrouped"
    yield* Share.refuseTimestamps(split, table, "Split.groupedTemporal")
    yield* Share.refuseGroups(split, table, [on], "Groups of one column can be hashed: use Split.grouped for several.")
    const fractions = yield* Share.fractions(split, shares)
    const { firsts, keyOf } = yield* Blocks.groups(split, table, on)
    const places = new Uint8Array(table.length)
    firsts.forEach((first, row) => {
      places[row] = first === row ? placeOf(keyOf(key, row), fractions) : places[first]
    })
    return yield* Share.refuseEmpty(split, { places }, ["train", "validation", "test"])
  })

const placeOf = ({ hi, lo }: Key.Key, [, validation, test]: Share.Fractions): number => {
  const uniform = (hi * 2 ** 21 + (lo >>> 11)) * 2 ** -53
  return uniform < test ? 2 : uniform < test + validation ? 1 : 0
}
