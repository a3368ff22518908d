/**
 * The random split: every row is equally likely to land in each place of its partition, and the sizes are exact.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import * as Share from "./Share.ts"

/** Permutes the rows and deals them out, the last place first: test, then validation, the rest to train. */
export const deal = (length: number, fractions: ReadonlyArray<number>, key: Key.Key): Assignment.Assignment => {
  const counts = Share.largestRemainder(fractions.map((fraction) => fraction * length))
  const dealt = Share.inTurn(counts)
  const places = new Uint8Array(length)
  Key.permutation(key, length).forEach((row, turn) => (places[row] = dealt[turn]))
  return { places }
}

/** Decides a random split. */
export const assign = (shares: Share.Shares): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    yield* Share.refuseTimestamps("Split.random", table)
    yield* Share.refuseGroups("Split.random", table)
    const fractions = yield* Share.fractions("Split.random", shares)
    return yield* Share.refuseEmpty("Split.random", deal(table.length, fractions, key), ["train", "validation", "test"])
  })
