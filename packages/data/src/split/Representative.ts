/**
 * Whether a test that came out worse than validation did so by more than chance: then decisions were fitted to the
 * validation rows, or these are not like the test rows.
 */
import { type Measure, resolution } from "./Size.ts"

/** A rate and the rows it was measured on. */
export interface Measured {
  /** Accuracy, recall or another share of rows, in [0, 1]; more is better. */
  readonly rate: number
  readonly rows: number
}

/** What was measured on both partitions. */
export interface Rates {
  readonly validation: Measured
  readonly test: Measured
  /** In percent; 95 unless given. */
  readonly confidence?: NonNullable<Measure["confidence"]>
}

/** How much better validation was than test. */
export interface Representativeness {
  /** The validation rate less the test rate; of errors, those on test less those on validation. */
  readonly difference: number
  /** The confidence interval of the difference. */
  readonly interval: readonly [low: number, high: number]
  /** Whether the difference may be chance: the interval does not lie above 0. */
  readonly isRepresentative: boolean
  /** The same as a sentence. */
  readonly note: string
}

/** What the difference means. */
export const meaningOf = (isRepresentative: boolean): string =>
  isRepresentative
    ? "that may be chance"
    : "decisions were fitted to the validation rows, or these are not like the test rows"

/** The distances from a rate to the ends of its Wilson interval. */
const ends = ({ rate, rows }: Measured, confidence: NonNullable<Measure["confidence"]>) => {
  const { halfWidth } = resolution(rows, { rate, confidence })
  const center = resolution(rows, { rate: 0, confidence }).halfWidth // of rate 0: the interval is [0, 2 · this]
  const middle = rate * (1 - 2 * center) + center
  return { below: rate - (middle - halfWidth), above: middle + halfWidth - rate }
}

/**
 * Compares a rate measured on validation with the same rate on test, by the interval of the difference of two shares that
 * is made of their Wilson intervals (Newcombe 1998, method 10). Throws a `RangeError` unless there are rows on both sides
 * and the rates are in [0, 1].
 *
 * @example
 * import { Split } from "@watertight/data"
 * const { isRepresentative, note } = Split.representativeness({
 *   validation: { rate: 0.95, rows: 500 }, test: { rate: 0.9, rows: 500 }
 * })
 * isRepresentative // => false
 */
export const representativeness = ({ confidence = 95, test, validation }: Rates): Representativeness => {
  const [first, second] = [ends(validation, confidence), ends(test, confidence)]
  const difference = validation.rate - test.rate
  const interval = [
    difference - Math.hypot(first.below, second.above),
    difference + Math.hypot(first.above, second.below)
  ] as const
  const [low, high] = interval
  const points = (value: number) => (100 * value).toPrecision(2)
  const [side, from, to] = difference < 0 ? ["below", -high, -low] : ["above", low, high]
  const measured = `validation is ${points(Math.abs(difference))} percentage points ${side} test (${points(from)} to ${points(to)}, ${confidence} % confidence)`
  const isRepresentative = low <= 0
  return { difference, interval, isRepresentative, note: `${measured}: ${meaningOf(isRepresentative)}` }
}
