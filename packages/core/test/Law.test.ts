import { assert, describe, it } from "@effect/vitest"
import { Data, Effect } from "effect"
import * as fc from "fast-check"
import { Law } from "../src/testing/index.ts"

class Odd extends Data.TaggedError("Odd")<{ readonly value: number }> {
  override get message() {
    return `${this.value} is odd`
  }
}

const small = Law.make("numbers: are below a hundred", fc.nat(), (n) => {
  Law.ensure(n < 100, () => `${n} is not`)
})

describe("Law", () => {
  it.effect("holds in silence", () =>
    Law.make("numbers: are themselves", fc.nat(), (n) => Law.ensure(n === n, () => "")).check()
  )

  it.effect("fails with the smallest counterexample, the reason and the seed", () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(small.check({ seed: 1 }))
      assert.strictEqual(violation._tag, "LawViolation")
      assert.strictEqual(violation.counterexample, "[100]")
      assert.strictEqual(violation.reason, "100 is not")
      assert.strictEqual(violation.seed, 1)
      assert.include(violation.message, `Broken law "numbers: are below a hundred"`)
    })
  )

  it.effect("tries the same cases for the same seed", () =>
    Effect.gen(function* () {
      const tried = (seed: number) =>
        Effect.gen(function* () {
          const seen: Array<number> = []
          yield* Law.make("numbers: are seen", fc.nat(), (n) => void seen.push(n)).check({ seed, runs: 20 })
          return seen
        })
      assert.deepStrictEqual(yield* tried(3), yield* tried(3))
      assert.notDeepEqual(yield* tried(3), yield* tried(4))
      assert.strictEqual((yield* tried(3)).length, 20)
    })
  )

  it.effect("takes an effect as property: its failure breaks the law, its defect too", () =>
    Effect.gen(function* () {
      const even = (n: number) => (n % 2 === 0 ? Effect.void : Effect.fail(new Odd({ value: n })))
      const failed = yield* Effect.flip(
        Law.make("numbers: are even", fc.constantFrom(0, 2, 7), even).check({ seed: 1 })
      )
      assert.strictEqual(failed.counterexample, "[7]")
      assert.include(failed.reason, "7 is odd")
      const died = yield* Effect.flip(
        Law.make("numbers: are harmless", fc.nat(), (n) => (n > 5 ? Effect.die("boom") : Effect.void)).check({
          seed: 1
        })
      )
      assert.strictEqual(died.counterexample, "[6]")
    })
  )

  it.effect("checkAll stops at the first law that is broken", () =>
    Effect.gen(function* () {
      let later = 0
      const counting = Law.make("numbers: are counted", fc.nat(), () => void later++)
      const violation = yield* Effect.flip(Law.checkAll([small, counting], { seed: 1 }))
      assert.strictEqual(violation.law, small.name)
      assert.strictEqual(later, 0)
    })
  )
})
