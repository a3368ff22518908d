/**
 * Laws are properties as values: a sentence and a check that anybody can run against an implementation of their own.
 * A violated law fails with the smallest counterexample found and the seed that reproduces it.
 */
import { Effect, Schema } from "effect"
import * as fc from "fast-check"

/** A law that does not hold, with the smallest counterexample found. */
export class LawViolation extends Schema.TaggedError<LawViolation>()("LawViolation", {
  law: Schema.String,
  counterexample: Schema.String,
  seed: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return `Broken law "${this.law}"\n  counterexample: ${this.counterexample}\n  reason: ${this.reason}\n  seed: ${this.seed}`
  }
}

/** How many cases to try, and from which seed. */
export interface Options {
  readonly runs?: number
  readonly seed?: number
}

/** A sentence, and a check of it. */
export interface Law {
  readonly name: string
  readonly check: (options?: Options) => Effect.Effect<void, LawViolation>
}

/** Says why a predicate does not hold; thrown by `ensure` and shown as the violation's reason. */
class Unsatisfied extends Error {}

/** Ends a property with a reason when the condition does not hold. */
export function ensure(condition: boolean, reason: () => string): asserts condition {
  if (!condition) throw new Unsatisfied(reason())
}

/**
 * Makes a law from an arbitrary and a property. The property returns, or an Effect succeeds, when the law holds for a
 * case; it throws (see `ensure`), or the Effect fails, when it does not.
 *
 * @example
 * import { Law } from "@watertight/core/testing"
 * import * as fc from "fast-check"
 * Law.make("sorting: twice is once", fc.array(fc.integer()), (xs) => {
 *   const once = [...xs].sort()
 *   Law.ensure(once.join() === [...once].sort().join(), () => "the second sort changed the order")
 * }).name // => "sorting: twice is once"
 */
export const make = <A>(
  name: string,
  cases: fc.Arbitrary<A>,
  property: (value: A) => void | Effect.Effect<unknown, unknown>
): Law => ({
  name,
  check: (options = {}) =>
    Effect.flatMap(
      Effect.promise(() => {
        const predicate = (value: A) => {
          const outcome = property(value)
          return Effect.isEffect(outcome) ? Effect.runPromise(Effect.asVoid(outcome)) : Promise.resolve()
        }
        return fc.check(fc.asyncProperty(cases, predicate), {
          numRuns: options.runs ?? 100,
          ...(options.seed === undefined ? {} : { seed: options.seed })
        })
      }),
      (details) =>
        details.failed
          ? Effect.fail(
              new LawViolation({
                law: name,
                counterexample: fc.stringify(details.counterexample),
                seed: details.seed,
                reason:
                  details.errorInstance instanceof Error ? details.errorInstance.message : String(details.errorInstance)
              })
            )
          : Effect.void
    )
})

/** Checks laws one after the other: the first violation fails. */
export const checkAll = (laws: ReadonlyArray<Law>, options?: Options): Effect.Effect<void, LawViolation> =>
  Effect.forEach(laws, (law) => law.check(options), { discard: true })
