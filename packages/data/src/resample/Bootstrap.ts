/**
 * The bootstrap (Efron 1979): train is as many rows as there are, drawn with replacement; the rows that were not drawn,
 * about 37 % of them, validate.
 */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import * as Share from "../split/Share.ts"
import * as Plan from "./Plan.ts"

const resample = "Resample.bootstrap"

/** One plan per resample, each with a drawing of its own. */
export const plans = (resamples: number): ReadonlyArray<Plan.Plan> =>
  Plan.list(resamples, (index) => ({
    name: `bootstrap-${index + 1}`,
    version: 1,
    code: "versioned",
    draws: true,
    repeats: true,
    params: {},
    reads: [],
    check: (columns) =>
      Plan.checkCount(resample, "resamples", resamples, 1).pipe(
        Effect.andThen(Share.refuseTimestamps(resample, { columns }, "Resample.expanding")),
        Effect.andThen(Share.refuseGroups(resample, { columns }, [], "Resample by group: use Resample.grouped."))
      ),
    mark: ({ length }, key) => Effect.sync(() => draw(length, key)),
    folds: [{ name: `bootstrap-${index + 1}`, sides }]
  }))

/** Counts how often each row is drawn. */
const draw = (length: number, key: Key.Key): Int32Array => {
  const counts = new Int32Array(length)
  for (const word of Key.bits(key, length)) counts[Math.floor((word / 2 ** 32) * length)]++
  return counts
}

const sides = (counts: Int32Array): Plan.Sides => {
  const train = new Uint32Array(counts.reduce((sum, count) => sum + count, 0))
  let at = 0
  counts.forEach((count, row) => {
    train.fill(row, at, at + count)
    at += count
  })
  return { train, validation: Plan.where(counts, (count) => count === 0) }
}
