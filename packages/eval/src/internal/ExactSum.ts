/**
 * Sums of float64 numbers that are rounded once, at the end: the sum of the same numbers is the same in any order and in
 * any grouping. A sum is kept as numbers that do not overlap and together are exact (Shewchuk 1997, "Adaptive Precision
 * Floating-Point Arithmetic", sections 2.3 to 2.5; the rounding at the end is that of Python's `math.fsum`).
 */

/** An exact sum. */
export interface ExactSum {
  /** Numbers of increasing size that do not overlap. */
  readonly parts: ReadonlyArray<number>
  /** The sum of the terms that are infinite or not a number. */
  readonly special: number
}

/** The sum of nothing. */
export const empty: ExactSum = { parts: [], special: 0 }

/** A sum that is being added to. */
export interface Adder {
  readonly add: (value: number) => void
  /** Adds `a · b` without rounding the product, as long as it is between 2^-960 and 2^990 in size. */
  readonly addProduct: (a: number, b: number) => void
  readonly sum: () => ExactSum
}

/** Starts adding to a sum; the sum itself does not change. */
export const adder = (start: ExactSum): Adder => {
  const parts = [...start.parts]
  let special = start.special
  const add = (value: number): void => {
    if (!Number.isFinite(value)) {
      special += value
      return
    }
    let rest = value
    let kept = 0
    for (const part of parts) {
      const high = rest + part
      const added = high - rest
      const low = rest - (high - added) + (part - added)
      if (low !== 0) parts[kept++] = low
      rest = high
    }
    parts.length = kept
    if (rest !== 0) parts.push(rest)
  }
  return {
    add,
    addProduct: (a, b) => {
      const product = a * b
      add(product)
      if (Math.max(Math.abs(a), Math.abs(b), Math.abs(product)) < 2 ** 990) add(lostBy(a, b, product))
    },
    sum: () => ({ parts, special })
  }
}

/** Splits a number into two of 26 bits each (Veltkamp). */
const highHalf = (value: number): number => {
  const scaled = 134217729 * value
  return scaled - (scaled - value)
}

/** What rounding took from a product (Dekker 1971). */
const lostBy = (a: number, b: number, product: number): number => {
  const [aHigh, bHigh] = [highHalf(a), highHalf(b)]
  const [aLow, bLow] = [a - aHigh, b - bHigh]
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)
}

/** Joins two sums. */
export const merge = (left: ExactSum, right: ExactSum): ExactSum => {
  const joined = adder({ parts: left.parts, special: left.special + right.special })
  for (const part of right.parts) joined.add(part)
  return joined.sum()
}

/** Returns the float64 number nearest to a sum. */
export const value = ({ parts, special }: ExactSum): number => {
  if (special !== 0) return special
  let index = parts.length - 1
  let high = parts[index] ?? 0
  let low = 0
  while (index > 0 && low === 0) {
    const larger = high
    const smaller = parts[--index]
    high = larger + smaller
    low = smaller - (high - larger)
  }
  if (index > 0 && Math.sign(low) === Math.sign(parts[index - 1])) {
    const doubled = low * 2
    const away = high + doubled
    if (away - high === doubled) return away
  }
  return high
}

/**
 * Returns `sum of (x - mean)^2` of `count` numbers from the exact sums of `x` and `x^2`. Nothing cancels: the terms are
 * added exactly.
 */
export const centredSquares = (sum: ExactSum, squares: ExactSum, count: number): number => {
  if (count === 0) return 0
  const mean = value(sum) / count
  const around = adder(squares)
  for (const part of sum.parts) around.addProduct(-2 * mean, part)
  const total = count * mean
  around.addProduct(total, mean)
  around.addProduct(lostBy(count, mean, total), mean)
  const offset = adder(sum)
  offset.addProduct(-count, mean)
  const rounding = value(offset.sum()) ** 2 / count
  return Math.max(0, value(around.sum()) - rounding)
}
