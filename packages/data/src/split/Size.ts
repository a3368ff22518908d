/**
 * How many rows validation and test need. What counts is not their share but how narrow the interval of a measured rate
 * is: a thousand rows tell an accuracy to three percentage points, whatever they are a tenth of.
 */
import { Event } from "@watertight/core"
import { Effect } from "effect"
import type { Dataset } from "../Dataset.ts"
import type { Shares } from "./Share.ts"

/** Shares with the reason for them. */
export interface Preset extends Shares {
  readonly reason: string
}

/** The shares that are commonly taken: train gets the rest. */
export const presets = {
  /** 80/10/10. */
  standard: {
    validation: 0.1,
    test: 0.1,
    reason:
      "a tenth each is at least 1,000 rows, which tell a rate to 3 percentage points, and leaves most to learn from"
  },
  /** 70/15/15. */
  small: {
    validation: 0.15,
    test: 0.15,
    reason: "of fewer than 10,000 rows a tenth is fewer than 1,000: larger shares make what is measured less noisy"
  },
  /** 98/1/1. */
  large: {
    validation: 0.01,
    test: 0.01,
    reason:
      "of a million rows a hundredth is 10,000, which tell a rate to 1 percentage point: more would be lost to train"
  }
} as const satisfies Readonly<Record<string, Preset>>

/**
 * Returns the preset for a number of rows: small below 10,000, large from a million on, else standard.
 *
 * @example
 * import { Split } from "@watertight/data"
 * const { test, validation } = Split.shares(1_000_000)
 * const shares = { test, validation }
 * shares // => { test: 0.01, validation: 0.01 }
 */
export const shares = (rows: number): Preset =>
  rows < 10_000 ? presets.small : rows < 1_000_000 ? presets.standard : presets.large

/** What is measured, and how sure one wants to be. */
export interface Measure {
  /** The rate one expects, such as an accuracy of 0.9; 0.5, the noisiest, unless given. */
  readonly rate?: number
  /** In percent; 95 unless given. */
  readonly confidence?: 90 | 95 | 99
}

/** How exactly a rate is known from some rows. */
export interface Resolution {
  readonly rows: number
  /** Half of the width of the rate's confidence interval. */
  readonly halfWidth: number
  /** The same as a sentence. */
  readonly note: string
}

/** Quantiles of the standard normal distribution. */
export const z = { 90: 1.6448536269514722, 95: 1.959963984540054, 99: 2.5758293035489004 } as const

const halfWidth = (rows: number, { confidence = 95, rate = 0.5 }: Measure): number => {
  const square = z[confidence] ** 2
  return (z[confidence] / (1 + square / rows)) * Math.sqrt((rate * (1 - rate)) / rows + square / (4 * rows ** 2))
}

/**
 * Says how exactly a rate (accuracy, error, recall) measured on `rows` rows is known: half of the width of its Wilson
 * interval (Wilson 1927). Smaller differences between models are noise. Throws a `RangeError` unless there is a row and
 * the rate is in [0, 1].
 *
 * @example
 * import { Split } from "@watertight/data"
 * Split.resolution(500).note // => "a rate measured on 500 rows is known to ±4.4 percentage points (95 % confidence)"
 */
export const resolution = (rows: number, measure: Measure = {}): Resolution => {
  if (!Number.isSafeInteger(rows) || rows < 1) throw new RangeError(`Split.resolution: ${rows} is no number of rows`)
  checkRate("Split.resolution", measure)
  const half = halfWidth(rows, measure)
  const points = (100 * half).toPrecision(2)
  const confidence = measure.confidence ?? 95
  const note = `a rate measured on ${rows} rows is known to ±${points} percentage points (${confidence} % confidence)`
  return { rows, halfWidth: half, note }
}

/**
 * Returns the fewest rows whose `resolution` is at least as fine as the given half width. Throws a `RangeError` for a half
 * width outside (0, 1) and a rate outside [0, 1].
 *
 * @example
 * import { Split } from "@watertight/data"
 * Split.rowsFor(0.01) // => 9600
 */
export const rowsFor = (half: number, measure: Measure = {}): number => {
  if (!(half > 0 && half < 1)) throw new RangeError(`Split.rowsFor: ${half} is no half width in (0, 1)`)
  checkRate("Split.rowsFor", measure)
  let [low, high] = [0, 1]
  while (halfWidth(high, measure) > half) [low, high] = [high, 2 * high]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (halfWidth(middle, measure) > half) low = middle
    else high = middle
  }
  return high
}

/** Differences of so much are worth seeing; where validation rows cannot show them, the run says so. */
const worthSeeing = 0.02

/**
 * Says how exactly some rows tell a rate and, where targets are numbers, a mean absolute error: of errors that are normally
 * distributed it has the standard error `sqrt((pi / 2 - 1) / rows)` of itself (Geary 1935).
 */
export const noteOf = (rows: number): string => {
  const share = 100 * z[95] * Math.sqrt((Math.PI / 2 - 1) / rows)
  return `${resolution(rows).note}, a mean absolute error to about ±${share.toPrecision(2)} %`
}

/** Tells whoever watches the run that a validation set is small, by how exactly its rows tell a rate. */
export const noteNoise =
  (node: string) =>
  ({ length, partition }: Dataset): Effect.Effect<void> => {
    if (partition !== "validation" || length === 0 || length >= rowsFor(worthSeeing)) return Effect.void
    const message = `${noteOf(length)}: smaller differences between models are noise`
    return Event.emit({ _tag: "Notice", node, message })
  }

const checkRate = (where: string, { rate = 0.5 }: Measure): void => {
  if (!(rate >= 0 && rate <= 1)) throw new RangeError(`${where}: ${rate} is no rate in [0, 1]`)
}
