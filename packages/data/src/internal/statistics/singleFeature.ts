/**
 * How well one column alone predicts the target: a histogram model of one column (at most 64 bins of equally many rows, or
 * one bin for each value or level), fitted on one half of the rows and scored on the other, and the other way round. The
 * score is the area under the ROC curve (one class against the rest, weighted by class size) or the rank correlation.
 */
import { ascending } from "./order.ts"

/** What is to be predicted: the code of a class, -1 where missing; or a number's rank, NaN where missing. */
export type Outcome = Classes | { readonly kind: "ranks"; readonly ranks: Float64Array }

/** Classes by their codes, -1 where missing. */
export interface Classes {
  readonly kind: "classes"
  readonly codes: Int32Array
  readonly classes: number
}

/** A bin for each row. */
export interface Bins {
  readonly of: Int32Array
  readonly count: number
}

/** How well one column predicts. */
export interface Power {
  readonly metric: "AUC" | "rank correlation"
  /** The area under the ROC curve, or the rank correlation. */
  readonly score: number
  /** The same on a scale from 0, chance, to 1, perfect: the normalized Gini coefficient `2 AUC - 1`, or the correlation. */
  readonly strength: number
  /** How many standard errors above chance; as if both halves told the same, which overstates none. */
  readonly z: number
}

/** So many bins, but no more than leaves ten rows to each, five in each half. */
const [mostBins, leastBins, rowsPerBin] = [64, 5, 10]

/** A bin for each row: values in as many bins of equally many rows as there may be, and one for missing numbers. */
export const binsOf = (values: ArrayLike<number>): Bins => {
  const sorted = ascending(values)
  const distinct = sorted.filter((value, place) => place === 0 || value !== sorted[place - 1])
  const bins = Math.min(mostBins, Math.max(leastBins, Math.floor(sorted.length / rowsPerBin)))
  const uppers =
    distinct.length <= bins
      ? distinct
      : Float64Array.from(
          { length: bins },
          (_, bin) => sorted[Math.ceil(((bin + 1) * sorted.length) / bins) - 1]
        ).filter((value, place, all) => place === 0 || value !== all[place - 1])
  const of = new Int32Array(values.length)
  for (let row = 0; row < of.length; row++) {
    const value = values[row]
    let [low, high] = [0, uppers.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (uppers[middle] < value) low = middle + 1
      else high = middle
    }
    of[row] = Number.isNaN(value) ? uppers.length : low
  }
  return { of, count: uppers.length + 1 }
}

/** Ranks numbers from 1, equal ones sharing the middle of their ranks; NaN stays. */
export const ranksOf = (values: Float64Array): Float64Array => {
  const sorted = ascending(values)
  const rankOf = new Map<number, number>()
  for (let start = 0; start < sorted.length;) {
    let end = start + 1
    while (end < sorted.length && sorted[end] === sorted[start]) end++
    rankOf.set(sorted[start], (start + 1 + end) / 2)
    start = end
  }
  return values.map((value) => rankOf.get(value) ?? NaN)
}

/** The area under the ROC curve of scores that many rows share, and its standard error if they said nothing. */
export const area = (
  scores: ReadonlyArray<number> | Float64Array,
  positives: Float64Array,
  all: Float64Array
): { readonly value: number; readonly error: number } => {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[a] - scores[b])
  let [below, sum, ties, hits, rows] = [0, 0, 0, 0, 0]
  for (let start = 0; start < order.length;) {
    let [end, group, hit] = [start, 0, 0]
    while (end < order.length && scores[order[end]] === scores[order[start]]) {
      group += all[order[end]]
      hit += positives[order[end]]
      end++
    }
    const misses = group - hit
    sum += hit * (below + misses / 2)
    below += misses
    ties += group ** 3 - group
    hits += hit
    rows += group
    start = end
  }
  const misses = rows - hits
  if (hits === 0 || misses === 0) return { value: 0.5, error: 0 }
  const spread = rows + 1 - (rows > 1 ? ties / (rows * (rows - 1)) : 0)
  return { value: sum / (hits * misses), error: Math.sqrt(Math.max(0, spread) / (12 * hits * misses)) }
}

interface Scored {
  readonly above: number
  readonly error: number
}

/** How well the bins' shares of a class in the other half tell it from the rest in this one. */
interface ClassArea {
  readonly hits: number
  readonly value: number
  readonly error: number
}

/** Scores the classes of one half by the bins' shares of them in the other half. */
const areasIn = (
  counts: ReadonlyArray<Float64Array>,
  half: number,
  classes: number
): ReadonlyArray<ClassArea> | null => {
  const [fitted, scored] = [counts[1 - half], counts[half]]
  const bins = scored.length / classes
  const totals = (of: Float64Array) =>
    Float64Array.from({ length: bins }, (_, bin) => of.subarray(bin * classes, (bin + 1) * classes).reduce(plus, 0))
  const [fittedRows, rows] = [totals(fitted), totals(scored)]
  const fittedCount = fittedRows.reduce(plus, 0)
  if (fittedCount < 10 || rows.reduce(plus, 0) < 10) return null
  return Array.from({ length: classes }, (_, each) => {
    const column = (of: Float64Array) => Float64Array.from({ length: bins }, (__, bin) => of[bin * classes + each])
    const [before, hits] = [column(fitted), column(scored)]
    const prior = before.reduce(plus, 0) / fittedCount
    const found = area(
      before.map((hit, bin) => (hit + prior) / (fittedRows[bin] + 1)),
      hits,
      rows
    )
    return { hits: hits.reduce(plus, 0), ...found }
  })
}

/** The classes of one half together, each as much as it has rows. */
const classesIn = (areas: ReadonlyArray<ClassArea> | null): Scored | null => {
  let [above, error, weight] = [0, 0, 0]
  for (const found of areas ?? []) {
    if (found.error === 0) continue
    above += found.hits * (found.value - 0.5)
    error += found.hits * found.error
    weight += found.hits
  }
  return weight === 0 ? null : { above: above / weight, error: error / weight }
}

const plus = (a: number, b: number): number => a + b

/** Correlates the ranks of one half with their bins' means in the other half. */
const ranksIn = (
  sums: ReadonlyArray<Float64Array>,
  rows: ReadonlyArray<Float64Array>,
  half: number,
  squares: number
) => {
  const [fitted, fittedRows] = [sums[1 - half], rows[1 - half]]
  const [scored, scoredRows] = [sums[half], rows[half]]
  const [count, before] = [scoredRows.reduce(plus, 0), fittedRows.reduce(plus, 0)]
  if (count < 10 || before < 10) return null
  const prior = fitted.reduce(plus, 0) / before
  const predicted = fitted.map((sum, bin) => (sum + prior) / (fittedRows[bin] + 1))
  const mean = scored.reduce(plus, 0) / count
  const centre = predicted.reduce((sum, value, bin) => sum + value * scoredRows[bin], 0) / count
  let [together, spread] = [0, 0]
  predicted.forEach((value, bin) => {
    together += (value - centre) * (scored[bin] - mean * scoredRows[bin])
    spread += (value - centre) ** 2 * scoredRows[bin]
  })
  const total = squares - mean * mean * count
  if (!(spread > 0 && total > 0)) return { above: 0, error: 1 / Math.sqrt(count - 3) }
  const correlation = Math.max(-1, Math.min(1, together / Math.sqrt(spread * total)))
  return { above: correlation, error: 1 / Math.sqrt(count - 3) }
}

/** For each half, how well the other tells its classes. */
const areasOf = (bins: Bins, { classes, codes }: Classes, half: Uint8Array) => {
  const counts = [0, 1].map(() => new Float64Array(bins.count * classes))
  for (let row = 0; row < half.length; row++) {
    if (codes[row] >= 0) counts[half[row]][bins.of[row] * classes + codes[row]]++
  }
  return [areasIn(counts, 0, classes), areasIn(counts, 1, classes)] as const
}

/** How well one column tells one class from the rest. */
export interface ClassPower {
  /** The code of the class. */
  readonly of: number
  /** The area under the ROC curve, and its interval. */
  readonly score: number
  readonly low: number
  readonly high: number
}

/**
 * Measures one column against each class by itself, with an interval of so many standard errors, as if both halves told the
 * same. Classes without a row in a half are left out.
 */
export const measureClasses = (
  bins: Bins,
  outcome: Classes,
  half: Uint8Array,
  z: number
): ReadonlyArray<ClassPower> => {
  const [left, right] = areasOf(bins, outcome, half)
  if (left === null || right === null) return []
  const rows = left.reduce((sum, { hits }, each) => sum + hits + right[each].hits, 0)
  return left.flatMap((one, of) => {
    const other = right[of]
    if (one.error === 0 || other.error === 0) return []
    const [score, hits] = [(one.value + other.value) / 2, (one.hits + other.hits) / 2]
    return [{ of, score, ...areaInterval(score, hits, rows / 2 - hits, z) }]
  })
}

/**
 * The interval of an area under the ROC curve by Newcombe (2006, part 2, method 5): the areas so far from which, by Hanley and
 * McNeil's standard error at that area, the one found is at most `z` standard errors. It stays in [0, 1], and has a width at
 * an area of 1 too.
 */
export const areaInterval = (value: number, hits: number, misses: number, z: number) => {
  const more = (hits + misses) / 2 - 1
  const error = (at: number) =>
    Math.sqrt(((at * (1 - at)) / (hits * misses)) * (1 + (more * (1 - at)) / (2 - at) + (more * at) / (1 + at)))
  const end = (from: number) => {
    let [outside, inside] = [from, value]
    for (let step = 0; step < 60; step++) {
      const middle = (outside + inside) / 2
      if (Math.abs(value - middle) <= z * error(middle)) inside = middle
      else outside = middle
    }
    return inside
  }
  return { low: end(0), high: end(1) }
}

/** Measures one column, given as bins, against the outcome; null where a half has fewer than ten rows or one class. */
export const measure = (bins: Bins, outcome: Outcome, half: Uint8Array): Power | null => {
  if (outcome.kind === "classes") {
    const [left, right] = areasOf(bins, outcome, half)
    return together("AUC", classesIn(left), classesIn(right))
  }
  const [sums, rows] = [[0, 1].map(() => new Float64Array(bins.count)), [0, 1].map(() => new Float64Array(bins.count))]
  const squares = [0, 0]
  for (let row = 0; row < half.length; row++) {
    const rank = outcome.ranks[row]
    if (Number.isNaN(rank)) continue
    sums[half[row]][bins.of[row]] += rank
    rows[half[row]][bins.of[row]]++
    squares[half[row]] += rank * rank
  }
  const both = [0, 1].map((side) => ranksIn(sums, rows, side, squares[side]))
  return together("rank correlation", both[0], both[1])
}

const together = (metric: Power["metric"], left: Scored | null, right: Scored | null): Power | null => {
  if (left === null || right === null) return null
  const above = (left.above + right.above) / 2
  const error = (left.error + right.error) / 2
  const strength = metric === "AUC" ? 2 * above : above
  const score = metric === "AUC" ? 0.5 + above : above
  const z = metric === "AUC" ? above / error : Math.atanh(Math.min(0.999999999, Math.max(-0.999999999, above))) / error
  return { metric, score, strength, z }
}
