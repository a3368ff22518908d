/**
 * The bootstrap (Efron 1979): train is as many rows as there are, drawn with replacement; the rows that were not drawn,
 * about 37 % of them, validate. Of those, the ones that are near a drawn row can be left out.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Near from "../Near.ts"
import * as Blocks from "../split/Blocks.ts"
import * as Grouped from "../split/Grouped.ts"
import * as Share from "../split/Share.ts"
import * as Plan from "./Plan.ts"

const resample = "Resample.bootstrap"

/** One plan per resample, each with a drawing of its own. */
export const plans = (resamples: number, near?: Near.Near): ReadonlyArray<Plan.Plan> =>
  Plan.list(resamples, (index) => ({
    name: `bootstrap-${index + 1}`,
    version: 1,
    code: "versioned",
    draws: true,
    repeats: true,
    params: Blocks.toJson(near),
    reads: near === undefined ? [] : "all",
    check: (columns) =>
      Plan.checkCount(resample, "resamples", resamples, 1).pipe(
        Effect.andThen(Share.refuseTimestamps(resample, { columns }, "Resample.expanding")),
        Effect.andThen(Share.refuseGroups(resample, { columns }, [], "Resample by group: use Resample.grouped."))
      ),
    mark: (table, key) =>
      Effect.map(Grouped.firsts(resample, table, { near }), (firsts) => {
        const counts = draw(table.length, key)
        return firsts === undefined ? counts : withoutNear(counts, firsts)
      }),
    folds: [{ name: `bootstrap-${index + 1}`, sides }]
  }))

/** Counts how often each row is drawn. */
const draw = (length: number, key: Key.Key): Int32Array => {
  const counts = new Int32Array(length)
  for (const word of Key.bits(key, length)) counts[Math.floor((word / 2 ** 32) * length)]++
  return counts
}

/** Marks -1 for rows that were not drawn while one that they are near was. */
const withoutNear = (counts: Int32Array, firsts: Uint32Array): Int32Array => {
  const isDrawn = new Uint8Array(counts.length)
  counts.forEach((count, row) => (isDrawn[firsts[row]] ||= Number(count > 0)))
  return counts.map((count, row) => (count === 0 && isDrawn[firsts[row]] === 1 ? -1 : count))
}

const sides = (marks: Int32Array): Plan.Sides => {
  const counts = marks.map((mark) => Math.max(0, mark))
  const train = new Uint32Array(counts.reduce((sum, count) => sum + count, 0))
  let at = 0
  counts.forEach((count, row) => {
    train.fill(row, at, at + count)
    at += count
  })
  return { train, validation: Plan.where(marks, (mark) => mark === 0) }
}
