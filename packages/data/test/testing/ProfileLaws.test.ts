import { assert, describe, it } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import { Dataset, Profile } from "../../src/index.ts"
import { ProfileLaws } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 40)

const ours: ProfileLaws.Subject = (train, options) => Profile.ofDataset(train, options)

const altered =
  (change: (profile: Profile.Profile, first: number) => Profile.Profile): ProfileLaws.Subject =>
  (train, options) =>
    Effect.gen(function* () {
      const [first] = Dataset.ids(train)
      return change(yield* Profile.ofDataset(train, options), first ?? 0)
    })

const fails = (name: string, law: Law.Law) =>
  it.effect(`"${law.name}" fails when ${name}`, () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(law.check({ runs: 60, seed: 1 }))
      assert.strictEqual(violation.law, law.name)
    })
  )

describe("profiles", () => {
  for (const law of ProfileLaws.all(ours)) it.effect(law.name, () => law.check({ runs }))
})

describe("broken profiles", () => {
  fails("the first row counts more", ProfileLaws.order(altered((profile, first) => ({ ...profile, rows: first }))))
  fails(
    "the deviation is that of a sample",
    ProfileLaws.figures(
      altered((profile) => ({
        ...profile,
        columns: profile.columns.map((column) => ({
          ...column,
          numbers: column.numbers && {
            ...column.numbers,
            deviation: column.numbers.deviation * Math.sqrt(column.numbers.count / (column.numbers.count - 1))
          }
        }))
      }))
    )
  )
  fails("a row is lost", ProfileLaws.small(altered((profile) => ({ ...profile, rows: 0 }))))
  fails(
    "all rows of a set are counted",
    ProfileLaws.repeats(
      altered((profile) => ({
        ...profile,
        repeats: { ...profile.repeats, rows: profile.repeats.rows + profile.repeats.sets }
      }))
    )
  )
})
