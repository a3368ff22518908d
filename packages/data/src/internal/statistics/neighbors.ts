/**
 * Nearest neighbours by a k-d tree of boxes (Bentley 1975; split at the median of the widest side). Distances are exact and
 * ties go to the smaller place, so what is found does not depend on the tree. A box is passed over only when it is farther
 * than the farthest neighbour so far; rounding is monotone, so no bound exceeds the distance to a point in its box.
 */

/** Squares of Euclidean distances, or the largest difference of a coordinate. */
export type Metric = "squares" | "chebyshev"

export interface Tree {
  /** Leaf by leaf, so that those of a leaf lie side by side in memory. */
  readonly points: Float64Array
  readonly width: number
  readonly metric: Metric
  /** The points' places, leaf by leaf. */
  readonly order: Uint32Array
  /** For each node the first place in `order` and the one after its last; children of node i are 2i + 1 and 2i + 2. */
  readonly from: Uint32Array
  readonly to: Uint32Array
  readonly low: Float64Array
  readonly high: Float64Array
}

/** The nearest so far, the nearest first. */
export interface Found {
  readonly places: Int32Array
  readonly distances: Float64Array
  count: number
}

const leafSize = 12

export const found = (k: number): Found => ({ places: new Int32Array(k), distances: new Float64Array(k), count: 0 })

/** Moves the `nth` smallest along a side to its place in the order, the smaller ones before it. */
const select = (tree: Tree, side: number, from: number, to: number, nth: number): void => {
  const { order, points, width } = tree
  const at = (place: number) => points[order[place] * width + side]
  let [left, right] = [from, to - 1]
  while (left < right) {
    const pivot = at((left + right) >> 1)
    let [i, j] = [left, right]
    while (i <= j) {
      while (at(i) < pivot) i++
      while (at(j) > pivot) j--
      if (i <= j) {
        const swap = order[i]
        order[i++] = order[j]
        order[j--] = swap
      }
    }
    if (nth <= j) right = j
    else if (nth >= i) left = i
    else return
  }
}

const build = (tree: Tree, node: number, from: number, to: number): void => {
  const { high, low, order, points, width } = tree
  tree.from[node] = from
  tree.to[node] = to
  let [widest, side] = [-1, 0]
  for (let axis = 0; axis < width; axis++) {
    let [least, largest] = [Infinity, -Infinity]
    for (let place = from; place < to; place++) {
      const value = points[order[place] * width + axis]
      if (value < least) least = value
      if (value > largest) largest = value
    }
    low[node * width + axis] = least
    high[node * width + axis] = largest
    if (largest - least > widest) [widest, side] = [largest - least, axis]
  }
  if (2 * node + 2 >= tree.from.length) return
  const middle = (from + to) >> 1
  select(tree, side, from, to, middle)
  build(tree, 2 * node + 1, from, middle)
  build(tree, 2 * node + 2, middle, to)
}

/** Builds a tree of the points given one after the other, `width` finite numbers each. */
export const tree = (points: Float64Array, width: number, metric: Metric = "squares"): Tree => {
  const length = points.length / width
  let leaves = 1
  while (leaves * leafSize < length) leaves *= 2
  const nodes = 2 * leaves - 1
  const made: Tree = {
    points,
    width,
    metric,
    order: Uint32Array.from({ length }, (_, place) => place),
    from: new Uint32Array(nodes),
    to: new Uint32Array(nodes),
    low: new Float64Array(nodes * width),
    high: new Float64Array(nodes * width)
  }
  if (length > 0) build(made, 0, 0, length)
  const sorted = new Float64Array(points.length)
  made.order.forEach((point, place) => {
    for (let axis = 0; axis < width; axis++) sorted[place * width + axis] = points[point * width + axis]
  })
  return { ...made, points: sorted }
}

/** What is looked for: the query, and the coordinates that it has. */
interface Query {
  readonly at: Float64Array
  readonly axes: Int32Array
  readonly scale: number
  readonly named: Uint32Array | undefined
}

/** The least distance from a query to the box of a node. */
const bound = ({ high, low, metric, width }: Tree, node: number, { at, axes }: Query): number => {
  let sum = 0
  for (let each = 0; each < axes.length; each++) {
    const axis = axes[each]
    const value = at[axis]
    const below = low[node * width + axis] - value
    const above = value - high[node * width + axis]
    const apart = below > 0 ? below : above > 0 ? above : 0
    if (metric === "squares") sum += apart * apart
    else if (apart > sum) sum = apart
  }
  return sum
}

/** Puts a point among the nearest, if it is one of them. */
export const insert = (near: Found, place: number, distance: number): void => {
  const { distances, places } = near
  const isNearer = (at: number) => distance < distances[at] || (distance === distances[at] && place < places[at])
  if (near.count === places.length) {
    if (!isNearer(near.count - 1)) return
  } else near.count++
  let at = near.count - 1
  for (; at > 0 && isNearer(at - 1); at--) {
    distances[at] = distances[at - 1]
    places[at] = places[at - 1]
  }
  distances[at] = distance
  places[at] = place
}

/** Looks through the points of a leaf. */
const scan = (tree: Tree, node: number, query: Query, near: Found): void => {
  const { metric, order, points, width } = tree
  const { at, axes, named, scale } = query
  const last = near.places.length - 1
  for (let each = tree.from[node]; each < tree.to[node]; each++) {
    const start = each * width
    let sum = 0
    for (let index = 0; index < axes.length; index++) {
      const apart = points[start + axes[index]] - at[axes[index]]
      if (metric === "squares") sum += apart * apart
      else if (Math.abs(apart) > sum) sum = Math.abs(apart)
    }
    if (near.count > last && sum * scale > near.distances[last]) continue
    const point = order[each]
    insert(near, named === undefined ? point : named[point], sum * scale)
  }
}

/**
 * Adds to `near` what is nearer to the query than its last. Coordinates that the query misses (NaN) do not count. Distances
 * are multiplied by `scale`; `named` gives the places under which points are found, their own unless given.
 */
export const search = (tree: Tree, query: Float64Array, near: Found, scale = 1, named?: Uint32Array): void => {
  const leaves = tree.from.length
  const axes = Int32Array.from({ length: tree.width }, (_, axis) => axis).filter((axis) => !Number.isNaN(query[axis]))
  const wanted: Query = { at: query, axes, scale, named }
  const last = near.places.length - 1
  const visit = (node: number, least: number): void => {
    if (near.count > last && least * scale > near.distances[last]) return
    const left = 2 * node + 1
    const right = left + 1
    if (right >= leaves) return scan(tree, node, wanted, near)
    const toLeft = bound(tree, left, wanted)
    const toRight = bound(tree, right, wanted)
    if (toLeft <= toRight) {
      visit(left, toLeft)
      visit(right, toRight)
    } else {
      visit(right, toRight)
      visit(left, toLeft)
    }
  }
  if (tree.order.length > 0) visit(0, bound(tree, 0, wanted))
}
