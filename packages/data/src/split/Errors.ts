/**
 * How exactly a mean of errors is known, and whether a test that came out worse than validation did so by more than chance:
 * for predictions of numbers what `resolution` and `representativeness` say of rates. Rows are taken to be independent, and
 * to be so many (some thirty) that their mean is normally distributed.
 */
import { type Representativeness, meaningOf } from "./Representative.ts"
import { type Measure, type Resolution, z } from "./Size.ts"

/** Absolute errors of some rows, in the target's unit. */
export interface Errors {
  readonly mean: number
  /** Their standard deviation over the rows, with `rows - 1`. */
  readonly deviation: number
  readonly rows: number
}

/** How sure one wants to be. */
type Confidence = Pick<Measure, "confidence">

const check = (where: string, { deviation, mean, rows }: Errors): void => {
  if (!Number.isSafeInteger(rows) || rows < 2) throw new RangeError(`Split.${where}: ${rows} rows do not tell a spread`)
  if (!(mean >= 0 && mean < Infinity && deviation >= 0 && deviation < Infinity)) {
    throw new RangeError(
      `Split.${where}: a mean of ${mean} with a deviation of ${deviation} is none of absolute errors`
    )
  }
}

const shown = (value: number): string => String(Number(value.toPrecision(2)))

/**
 * Says how exactly a mean absolute error is known: half of the width of its normal interval, `1.96 s / sqrt(rows)`. Smaller
 * differences between models are noise, unless they are compared row by row. Throws a `RangeError` for fewer than two rows
 * and for what are no absolute errors.
 *
 * @example
 * import { Split } from "@watertight/data"
 * const { note } = Split.errorResolution({ mean: 2, deviation: 1.5, rows: 400 })
 * note // => "a mean absolute error of 2 measured on 400 rows is known to ±0.15 (95 % confidence)"
 */
export const errorResolution = (errors: Errors, { confidence = 95 }: Confidence = {}): Resolution => {
  check("errorResolution", errors)
  const { deviation, mean, rows } = errors
  const halfWidth = (z[confidence] * deviation) / Math.sqrt(rows)
  const measured = `a mean absolute error of ${Number(mean.toPrecision(4))} measured on ${rows} rows`
  return { rows, halfWidth, note: `${measured} is known to ±${shown(halfWidth)} (${confidence} % confidence)` }
}

/**
 * Returns the fewest rows whose `errorResolution` is at least as fine as the given half width. Throws a `RangeError` for a
 * half width or deviation that is no positive number.
 *
 * @example
 * import { Split } from "@watertight/data"
 * Split.rowsForError(0.05, { deviation: 1.5 }) // => 3458
 */
export const rowsForError = (
  half: number,
  { confidence = 95, deviation }: Confidence & Pick<Errors, "deviation">
): number => {
  const rows = ((z[confidence] * deviation) / half) ** 2
  if (half > 0 && rows > 0 && rows < Infinity) return Math.max(2, Math.ceil(rows))
  throw new RangeError(`Split.rowsForError: a deviation of ${deviation} to ±${half} is no number of rows`)
}

/**
 * Compares mean absolute errors on validation and on test by the interval of the difference of two means whose spreads
 * differ (Welch 1938, with the normal distribution). Throws a `RangeError` for fewer than two rows on a side and for what are
 * no absolute errors.
 *
 * @example
 * import { Split } from "@watertight/data"
 * const validation = { mean: 2, deviation: 1.5, rows: 400 }
 * Split.errorRepresentativeness({ validation, test: { mean: 2.5, deviation: 1.8, rows: 400 } }).isRepresentative // => false
 */
export const errorRepresentativeness = ({
  confidence = 95,
  test,
  validation
}: Confidence & { readonly validation: Errors; readonly test: Errors }): Representativeness => {
  check("errorRepresentativeness", validation)
  check("errorRepresentativeness", test)
  const difference = test.mean - validation.mean
  const half =
    z[confidence] * Math.hypot(validation.deviation / Math.sqrt(validation.rows), test.deviation / Math.sqrt(test.rows))
  const [low, high] = [difference - half, difference + half]
  const [side, from, to] = difference < 0 ? ["above", -high, -low] : ["below", low, high]
  const range = `${shown(from)} to ${shown(to)}, ${confidence} % confidence`
  const isRepresentative = low <= 0
  const measured = `validation's mean absolute error is ${shown(Math.abs(difference))} ${side} that of test (${range})`
  const note = `${measured}: ${meaningOf(isRepresentative)}`
  return { difference, interval: [low, high], isRepresentative, note }
}
