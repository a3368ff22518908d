/**
 * Linear models with an L1 penalty, by coordinate descent (Friedman, Hastie and Tibshirani 2010): least squares on the
 * columns' products, and logistic regression by proximal Newton steps with a line search. Columns are standardized by the
 * caller, `columns[j][row]`. Nothing is returned where the descent does not settle.
 */

/** What two columns have in common: the mean of their products, weighted. */
const products = (columns: ReadonlyArray<Float64Array>, weights?: Float64Array): Float64Array => {
  const size = columns.length
  const rows = columns[0].length
  const out = new Float64Array(size * size)
  for (let a = 0; a < size; a++) {
    const first = weights === undefined ? columns[a] : columns[a].map((value, row) => value * weights[row])
    for (let b = a; b < size; b++) {
      const second = columns[b]
      let sum = 0
      for (let row = 0; row < rows; row++) sum += first[row] * second[row]
      out[a * size + b] = out[b * size + a] = sum / rows
    }
  }
  return out
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0
  for (let row = 0; row < a.length; row++) sum += a[row] * b[row]
  return sum
}

const soft = (value: number, by: number): number => (value > by ? value - by : value < -by ? value + by : 0)

const sweeps = 20_000

/** Minimizes wᵀHw / 2 − bᵀw + Σ penalty |w| from a start; the penalty of each coordinate may differ. */
const descend = (
  hessian: Float64Array,
  linear: Float64Array,
  penalty: (at: number) => number,
  start: Float64Array,
  to: number
): Float64Array | undefined => {
  const size = linear.length
  const weights = start.slice()
  for (let sweep = 0; sweep < sweeps; sweep++) {
    let [moved, largest] = [0, 0]
    for (let at = 0; at < size; at++) {
      const own = hessian[at * size + at]
      if (!(own > 0)) continue
      let rest = linear[at]
      for (let other = 0; other < size; other++) {
        if (other !== at) rest -= hessian[at * size + other] * weights[other]
      }
      const next = soft(rest, penalty(at)) / own
      moved = Math.max(moved, Math.abs(next - weights[at]))
      largest = Math.max(largest, Math.abs(next))
      weights[at] = next
    }
    if (moved <= to * Math.max(largest, 1e-300)) return weights
  }
  return undefined
}

/** Returns the coefficients w of the least (1 / 2n) |y − Xw|² + penalty · Σ|w|, `target` centred. */
export const lasso = (
  columns: ReadonlyArray<Float64Array>,
  target: Float64Array,
  penalty: number
): Float64Array | undefined => {
  const linear = Float64Array.from(columns, (column) => dot(column, target) / target.length)
  return descend(products(columns), linear, () => penalty, new Float64Array(columns.length), 1e-9)
}

/** The mean logistic loss and the penalty. */
const loss = (scores: Float64Array, target: Float64Array, weights: Float64Array, penalty: number): number => {
  let sum = 0
  for (let row = 0; row < scores.length; row++) {
    const score = scores[row]
    sum += Math.max(score, 0) + Math.log1p(Math.exp(-Math.abs(score))) - target[row] * score
  }
  let size = 0
  for (let at = 1; at < weights.length; at++) size += Math.abs(weights[at])
  return sum / scores.length + penalty * size
}

/**
 * Returns the coefficients w of the least mean logistic loss + penalty · Σ|w|, for targets 0 and 1; a constant that is not
 * penalized is fitted with them and left out.
 */
export const logistic = (
  columns: ReadonlyArray<Float64Array>,
  target: Float64Array,
  penalty: number
): Float64Array | undefined => {
  const rows = target.length
  const all = [new Float64Array(rows).fill(1), ...columns]
  const scoresOf = (weights: Float64Array) => {
    const scores = new Float64Array(rows)
    all.forEach((column, at) => {
      if (weights[at] !== 0) for (let row = 0; row < rows; row++) scores[row] += column[row] * weights[at]
    })
    return scores
  }
  let weights: Float64Array = new Float64Array(all.length)
  for (let step = 0; step < 200; step++) {
    const scores = scoresOf(weights)
    const chance = scores.map((score) => 1 / (1 + Math.exp(-score)))
    const curve = chance.map((p) => Math.max(p * (1 - p), 1e-10))
    const hessian = products(all, curve)
    const residual = chance.map((p, row) => target[row] - p)
    const linear = Float64Array.from(all, (column, at) => {
      let sum = dot(column, residual) / rows
      for (let other = 0; other < all.length; other++) sum += hessian[at * all.length + other] * weights[other]
      return sum
    })
    const aim = descend(hessian, linear, (at) => (at === 0 ? 0 : penalty), weights, 1e-10)
    if (aim === undefined) return undefined
    const before = loss(scores, target, weights, penalty)
    let [share, next] = [1, aim]
    while (share > 1e-9 && loss(scoresOf(next), target, next, penalty) > before) {
      share /= 2
      const part = share
      next = aim.map((value, at) => weights[at] + part * (value - weights[at]))
    }
    const moved = Math.max(...next.map((value, at) => Math.abs(value - weights[at])))
    const largest = Math.max(...next.map(Math.abs))
    weights = next
    if (moved <= 1e-9 * Math.max(1, largest)) return weights.slice(1)
  }
  return undefined
}
