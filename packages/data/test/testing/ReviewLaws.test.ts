import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import { Dataset, Review } from "../../src/index.ts"
import { ReviewLaws } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 12)

const ours: ReviewLaws.Subject = (train, options) => Review.labelsOf(train, options, Key.fromSeed(3))

const altered =
  (change: (review: Review.Review) => Partial<Review.Review>): ReviewLaws.Subject =>
  (train, options) =>
    Effect.map(ours(train, options), (review) => ({ ...review, ...change(review) }))

const backwards = altered(({ suspects }) => ({ suspects: suspects.toReversed().slice(0, 1) }))

const accusing = altered(() => ({ skipped: null, suspicious: 1 }))

/** Folds that depend on which row is the first. */
const placed: ReviewLaws.Subject = (train, options) =>
  Review.labelsOf(train, options, Key.foldIn(Key.fromSeed(3), Dataset.ids(train)[0]))

/** Whatever it is given, it reads as train. */
const peeking: ReviewLaws.Subject = (train, options) =>
  Effect.flatMap(Effect.orDie(Dataset.rows(train)), (table) => ours(Dataset.make(table, undefined, "train"), options))

const fails = (name: string, law: Law.Law) =>
  it.effect(`"${law.name}" fails when ${name}`, () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(law.check({ runs: 12, seed: 1 }))
      assert.strictEqual(violation.law, law.name)
    })
  )

describe("reviews of labels", () => {
  for (const law of ReviewLaws.all(ours)) it.effect(law.name, () => law.check({ runs }))
})

describe("broken reviews of labels", () => {
  fails("the least sure row alone is listed", ReviewLaws.planted(backwards))
  fails(
    "what is given is called likely",
    ReviewLaws.planted(
      altered(({ suspects }) => ({
        suspects: suspects.map((suspect) => ({ ...suspect, likely: suspect.given }))
      }))
    )
  )
  fails("the least sure number alone is listed", ReviewLaws.plantedNumbers(backwards))
  fails("a clean label is called wrong", ReviewLaws.quiet(accusing))
  fails("labels are called wrong by features that say nothing", ReviewLaws.modest(accusing))
  fails("folds depend on the first row", ReviewLaws.order(placed))
  fails("validation rows are reviewed", ReviewLaws.refused(peeking))
})
