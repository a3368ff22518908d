/**
 * Whether two partitions look like rows of one distribution: column by column, and all features together through a
 * classifier that tries to tell the two apart. Only distances and scores come out, never a row or a row's value.
 */
import { Schema } from "effect"
import * as Column from "../Column.ts"
import * as Boosted from "../internal/statistics/boosted.ts"
import { hashOf } from "../internal/rows/rowKeys.ts"
import * as IdOrder from "../internal/rows/idOrder.ts"
import { quantile as normalQuantile } from "../internal/statistics/normal.ts"
import { ascending, quantile } from "../internal/statistics/order.ts"
import * as Single from "../internal/statistics/singleFeature.ts"
import * as TwoSample from "../internal/statistics/twoSample.ts"
import type * as RowId from "../RowId.ts"
import { type Table, numbers as valuesOf, texts as textsOf } from "../Table.ts"
import type { Side } from "./Overlap.ts"

/** How far apart one column is in two partitions. */
export const ColumnDrift = Schema.Struct({
  column: Schema.String,
  /** Kolmogorov and Smirnov's distance for numbers and lengths of texts, the total variation distance for categories. */
  distance: Schema.Finite,
  /** How likely so large a distance is without drift: Kolmogorov's limit for numbers, chi-square for categories. */
  p: Schema.Finite,
  /** The population stability index over tenths of the first partition's numbers, or over levels. */
  stability: Schema.Finite,
  /** The share of missing values in the second partition minus that in the first, and its chi-square p. */
  missing: Schema.Struct({ difference: Schema.Finite, p: Schema.Finite })
})

/** How far apart one column is in two partitions. */
export type ColumnDrift = typeof ColumnDrift.Type

/** How well a classifier tells two partitions apart. */
export const Classifier = Schema.Struct({
  /** The area under the ROC curve, 0.5 for partitions that look the same; the mean of two halves, each scored by a
   *  classifier that was fitted to the other. */
  area: Schema.Finite,
  /** The 95 % interval (DeLong et al. 1988), as if both halves told the same, so that it is rather too wide. */
  low: Schema.Finite,
  high: Schema.Finite,
  /** How many standard errors the area is above a half. */
  z: Schema.Finite,
  rows: Schema.Int
})

/** How well a classifier tells two partitions apart. */
export type Classifier = typeof Classifier.Type

/** Two partitions compared. */
export const Drift = Schema.Struct({
  left: Schema.Literals(["train", "validation", "test"]),
  right: Schema.Literals(["train", "validation", "test"]),
  /** Null where a partition has too few rows, or no column to compare. */
  classifier: Schema.NullOr(Classifier),
  columns: Schema.Array(ColumnDrift)
})

/** Two partitions compared. */
export type Drift = typeof Drift.Type

/** At most so many rows of each partition train and are scored. */
const mostRows = 8000
/** With fewer rows in a half of a partition there is no score. */
const fewestRows = 20
const mostBins = 32
const tensorBins = 16
/** At most so many features; more are not needed to see a drift. */
const mostFeatures = 200

const rangeOf = (length: number): Uint32Array => Uint32Array.from({ length }, (_, row) => row)

/** Sums of a tensor's numbers, each number added to or taken from one of a few sums that a hash of its place chooses. */
const sketch = (values: RowId.Numbers, width: number, rows: Uint32Array, sums: number): ReadonlyArray<Float64Array> => {
  const out = Array.from({ length: sums }, () => new Float64Array(rows.length))
  for (let element = 0; element < width; element++) {
    const hashed = Math.imul(element + 1, 0x9e3779b1) >>> 0
    const into = out[width <= sums ? element : hashed % sums]
    const sign = width <= sums || ((hashed >>> 20) & 1) === 0 ? 1 : -1
    for (let place = 0; place < rows.length; place++) into[place] += sign * values[rows[place] * width + element]
  }
  return out
}

const binned = (values: Float64Array): Uint8Array => {
  const sorted = ascending(values)
  const uppers = Array.from(
    { length: mostBins },
    (_, bin) => sorted[Math.ceil(((bin + 1) * sorted.length) / mostBins) - 1]
  )
  return Uint8Array.from(values, (value) => {
    if (Number.isNaN(value)) return mostBins
    const bin = uppers.findIndex((upper) => value <= upper)
    return bin < 0 ? mostBins - 1 : bin
  })
}

const joined = (left: ArrayLike<number>, right: ArrayLike<number>): Float64Array => {
  const out = new Float64Array(left.length + right.length)
  out.set(left)
  out.set(right, left.length)
  return out
}

/** A text's length, and how many of its words fall into each of a few sets that a hash of the word chooses. */
const wordsIn = (texts: ReadonlyArray<string>, rows: Uint32Array): ReadonlyArray<Float64Array> => {
  const out = Array.from({ length: 1 + tensorBins }, () => new Float64Array(rows.length))
  rows.forEach((row, place) => {
    out[0][place] = texts[row].length
    for (const word of texts[row].toLowerCase().split(/[^\p{L}\p{N}]+/u)) {
      if (word !== "") out[1 + ((hashOf(word) >>> 7) % tensorBins)][place]++
    }
  })
  return out
}

/** The features of the chosen rows of both tables, as bins. */
const features = (
  [left, right]: readonly [Table, Table],
  [some, others]: readonly [Uint32Array, Uint32Array],
  names: ReadonlyArray<string>
): Boosted.Binned =>
  names
    .flatMap((name): ReadonlyArray<Uint8Array> => {
      const column = left.columns[name]
      const take = (table: Table, rows: Uint32Array) => Float64Array.from(rows, (row) => valuesOf(table, name)[row])
      if (column.kind === "category" || column.kind === "optional category") {
        return [
          Uint8Array.from(joined(take(left, some), take(right, others)), (code) => (code < 0 ? 0 : 1 + (code % 254)))
        ]
      }
      if (column.kind === "text") {
        const [a, b] = [wordsIn(textsOf(left, name), some), wordsIn(textsOf(right, name), others)]
        return a.map((counts, place) => binned(joined(counts, b[place])))
      }
      if (column.kind !== "tensor") return [binned(joined(take(left, some), take(right, others)))]
      const width = Column.width(column)
      const sums = Math.min(width, tensorBins)
      const [a, b] = [
        sketch(valuesOf(left, name), width, some, sums),
        sketch(valuesOf(right, name), width, others, sums)
      ]
      return a.map((sum, place) => binned(joined(sum, b[place])))
    })
    .slice(0, mostFeatures)

/** Tells two partitions apart by the columns named. */
const classify = (left: Side, right: Side, names: ReadonlyArray<string>): Classifier | null => {
  const some = IdOrder.sample(left.table.ids, mostRows)
  const others = IdOrder.sample(right.table.ids, mostRows)
  const half = Uint8Array.from([...IdOrder.halves(left.table.ids, some), ...IdOrder.halves(right.table.ids, others)])
  const isRight = Uint8Array.from(half, (_, row) => (row < some.length ? 0 : 1))
  const few = [0, 1].some((side) =>
    [0, 1].some((of) => half.filter((value, row) => value === side && isRight[row] === of).length < fewestRows)
  )
  const columns = few ? [] : features([left.table, right.table], [some, others], names)
  if (columns.length === 0) return null
  const scored = [0, 1].map((side) => {
    const rows = rangeOf(half.length)
    const scores = Boosted.scores(
      columns,
      isRight,
      rows.filter((row) => half[row] !== side)
    )
    const tested = rows.filter((row) => half[row] === side)
    const marks = Uint8Array.from(tested, (row) => isRight[row])
    const own = Float64Array.from(tested, (row) => scores[row])
    const chance = Single.area(own, Float64Array.from(marks), new Float64Array(own.length).fill(1))
    return { ...TwoSample.area(own, marks), chance: chance.error }
  })
  const mean = (of: (half: (typeof scored)[number]) => number) => (of(scored[0]) + of(scored[1])) / 2
  const [area, error, chance] = [mean(({ value }) => value), mean(({ error }) => error), mean(({ chance }) => chance)]
  const width = normalQuantile(0.975) * error
  return {
    area,
    low: Math.max(0, area - width),
    high: Math.min(1, area + width),
    z: chance === 0 ? 0 : (area - 0.5) / chance,
    rows: half.length
  }
}

const missingOf = (column: Column.Column, values: RowId.Numbers): number => {
  if (!Column.isOptional(column)) return 0
  const isCode = column.kind === "optional category"
  let count = 0
  for (let row = 0; row < values.length; row++) if (isCode ? values[row] < 0 : Number.isNaN(values[row])) count++
  return count
}

const missingDrift = (column: Column.Column, left: RowId.Numbers, right: RowId.Numbers): ColumnDrift["missing"] => {
  const [a, b] = [missingOf(column, left), missingOf(column, right)]
  if (a + b === 0 || left.length === 0 || right.length === 0) return { difference: 0, p: 1 }
  const { p } = TwoSample.chiSquare([a, left.length - a], [b, right.length - b])
  return { difference: b / right.length - a / left.length, p }
}

const countsOf = (codes: RowId.Numbers, levels: number): Float64Array => {
  const counts = new Float64Array(levels)
  for (let row = 0; row < codes.length; row++) if (codes[row] >= 0) counts[codes[row]]++
  return counts
}

const tenths = (sorted: Float64Array): Float64Array =>
  Float64Array.from({ length: 9 }, (_, place) => quantile(sorted, (place + 1) / 10))

const inTenths = (sorted: Float64Array, edges: Float64Array): Float64Array => {
  const counts = new Float64Array(edges.length + 1)
  let bin = 0
  for (const value of sorted) {
    while (bin < edges.length && value > edges[bin]) bin++
    counts[bin]++
  }
  return counts
}

/** A column's numbers; for texts, their lengths. */
const numbersOf = (table: Table, name: string): RowId.Numbers =>
  table.columns[name].kind === "text"
    ? Float64Array.from(textsOf(table, name), (text) => text.length)
    : valuesOf(table, name)

const compare = (left: Side, right: Side, name: string): ColumnDrift => {
  const column = left.table.columns[name]
  const [a, b] = [numbersOf(left.table, name), numbersOf(right.table, name)]
  const missing = missingDrift(column, a, b)
  if (column.kind === "category" || column.kind === "optional category") {
    const [some, others] = [countsOf(a, column.levels.length), countsOf(b, column.levels.length)]
    return { column: name, ...TwoSample.chiSquare(some, others), stability: TwoSample.stability(some, others), missing }
  }
  const [some, others] = [ascending(a), ascending(b)]
  const test = TwoSample.kolmogorovSmirnov(some, others)
  if (some.length === 0 || others.length === 0) return { column: name, ...test, stability: 0, missing }
  const edges = tenths(some)
  return {
    column: name,
    ...test,
    stability: TwoSample.stability(inTenths(some, edges), inTenths(others, edges)),
    missing
  }
}

/**
 * Compares two partitions. `columns` are compared one by one (tensors are not), `features` together. Which rows stand
 * where does not count.
 */
export const between = (
  left: Side,
  right: Side,
  names: { readonly columns: ReadonlyArray<string>; readonly features: ReadonlyArray<string> }
): Drift => ({
  left: left.name,
  right: right.name,
  classifier: classify(left, right, names.features),
  columns: names.columns
    .filter((name) => left.table.columns[name].kind !== "tensor")
    .map((name) => compare(left, right, name))
})
