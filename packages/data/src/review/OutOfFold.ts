/**
 * What a row's nearest neighbours in the other folds say of it. For classes near ones count more: by Epanechnikov's kernel,
 * whose width is the distance to the first neighbour that no longer counts.
 */
import * as Neighbors from "../internal/statistics/neighbors.ts"
import { quantile } from "../internal/statistics/order.ts"
import type { Points } from "./Points.ts"

/** Rows as points, each in a fold. */
export interface Folded {
  readonly points: Points
  /** The fold of each point. */
  readonly foldOf: Uint32Array
  readonly folds: number
  readonly neighbors: number
}

/** At most so many rows of the other folds are looked through, the first ones. */
export const mostRows = 10_000

/** From so many numbers a point on, boxes of points tell nothing: then all points are looked through. */
const wide = 16

/** Looks through all points, each only as far as it can be among the nearest. */
const scan = ({ values, width }: Points, query: Float64Array, near: Neighbors.Found, others: Uint32Array): void => {
  const last = near.places.length - 1
  for (let place = 0; place < others.length; place++) {
    const start = place * width
    const most = near.count > last ? near.distances[last] : Infinity
    let sum = 0
    for (let from = 0; from < width && sum <= most; from += 16) {
      const end = Math.min(from + 16, width)
      for (let axis = from; axis < end; axis++) {
        const apart = values[start + axis] - query[axis]
        sum += apart * apart
      }
    }
    if (sum <= most) Neighbors.insert(near, others[place], sum)
  }
}

/** Visits each point with its nearest of other folds, the nearest first, and the weight of each. */
const visit = (
  { foldOf, folds, neighbors, points }: Folded,
  each: (row: number, others: Uint32Array, weights: Float64Array) => void
): void => {
  const { values, width } = points
  const all = Uint32Array.from(foldOf.keys())
  const at = (row: number) => values.subarray(row * width, (row + 1) * width)
  for (let fold = 0; fold < folds; fold++) {
    const others = all.filter((row) => foldOf[row] !== fold).subarray(0, mostRows)
    const packed = new Float64Array(others.length * width)
    others.forEach((row, place) => packed.set(at(row), place * width))
    const tree = width > wide ? undefined : Neighbors.tree(packed, width)
    for (const row of all) {
      if (foldOf[row] !== fold) continue
      const near = Neighbors.found(neighbors + 1)
      if (tree === undefined) scan({ values: packed, width }, at(row), near, others)
      else Neighbors.search(tree, at(row), near, 1, others)
      const count = Math.min(near.count, neighbors)
      const edge = near.count > neighbors ? near.distances[neighbors] : 0
      const weights = near.distances.slice(0, count).map((distance) => (edge > 0 ? 1 - distance / edge : 1))
      const isFlat = weights.every((weight) => weight === 0)
      each(row, Uint32Array.from(near.places.subarray(0, count)), isFlat ? weights.fill(1) : weights)
    }
  }
}

/** The probability of each class, row by row: its share of the weight of the neighbours. */
export const probabilities = (folded: Folded, labels: Int32Array, classes: number): Float64Array => {
  const out = new Float64Array(labels.length * classes)
  visit(folded, (row, others, weights) => {
    const all = weights.reduce((sum, weight) => sum + weight, 0)
    others.forEach((other, place) => (out[row * classes + labels[other]] += weights[place] / all))
  })
  return out
}

/**
 * The number expected of each row: the median of the neighbours'. Without weights: a wrong one that lies nearest by far
 * would have half of them by itself.
 */
export const expected = (folded: Folded, numbers: Float64Array): Float64Array => {
  const out = new Float64Array(numbers.length)
  visit(folded, (row, others) => {
    out[row] = quantile(Float64Array.from(others, (other) => numbers[other]).sort(), 0.5)
  })
  return out
}
