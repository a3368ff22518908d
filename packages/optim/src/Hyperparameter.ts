/**
 * What a hyper-parameter may be, and the error for one that may not. Optimizers, learning rates and clipping are built
 * when a pipeline module loads, outside of any Effect, so their constructors throw this error instead of failing with
 * it: a wrong number stops the program before anything has run.
 */
import { Schema } from "effect"

/** A hyper-parameter is outside of what its owner allows. Thrown by constructors. */
export class InvalidHyperparameter extends Schema.TaggedError<InvalidHyperparameter>()("InvalidHyperparameter", {
  owner: Schema.String,
  field: Schema.String,
  value: Schema.Unknown,
  allowed: Schema.String
}) {
  override get message() {
    const shown = typeof this.value === "string" ? JSON.stringify(this.value) : String(this.value)
    return `${this.owner}: ${this.field} is ${shown}, and must be ${this.allowed}.`
  }
}

/** A set of numbers, and its description as it follows "must be". */
export interface Range {
  readonly allowed: string
  readonly includes: (value: number) => boolean
}

/** Finite numbers above 0. */
export const positive: Range = { allowed: "a finite number above 0", includes: (x) => x > 0 && x < Infinity }

/** Finite numbers from 0. */
export const nonNegative: Range = { allowed: "a finite number, 0 or more", includes: (x) => x >= 0 && x < Infinity }

/** Decay rates of running averages: 0 forgets at once, 1 would never learn. */
export const decayRate: Range = { allowed: "a number from 0 to below 1", includes: (x) => x >= 0 && x < 1 }

/** Factors that do not enlarge. */
export const share: Range = { allowed: "a number from 0 to 1", includes: (x) => x >= 0 && x <= 1 }

/** Lengths of time: below 1 a share of the whole run, otherwise a number of steps. */
export const duration: Range = {
  allowed: "a share of all steps from 0 to below 1, or a whole number of steps from 1",
  includes: (x) => (x >= 0 && x < 1) || (Number.isSafeInteger(x) && x >= 1)
}

/** Numbers between two bounds, both included. */
export const between = (low: number, high: number): Range => ({
  allowed: `a number from ${low} to ${high}`,
  includes: (x) => x >= low && x <= high
})

/**
 * Returns the value when it lies in the range, and throws `InvalidHyperparameter` when it does not.
 *
 * @example
 * import { Hyperparameter } from "@watertight/optim"
 * Hyperparameter.check("Optimizer.adam", "beta1", 0.9, Hyperparameter.decayRate) // => 0.9
 */
export const check = (owner: string, field: string, value: unknown, range: Range): number => {
  if (typeof value === "number" && range.includes(value)) return value
  throw new InvalidHyperparameter({ owner, field, value, allowed: range.allowed })
}

/** Returns the value when it is one of the choices, and throws `InvalidHyperparameter` when it is not. */
export const choose = <A extends string>(owner: string, field: string, value: A, choices: ReadonlyArray<A>): A => {
  if (choices.includes(value)) return value
  const allowed = choices.map((choice) => JSON.stringify(choice)).join(" or ")
  throw new InvalidHyperparameter({ owner, field, value, allowed })
}
