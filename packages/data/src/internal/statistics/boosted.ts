/**
 * A small classifier of two classes: gradient boosting (Friedman 2001, with Newton's leaf values) of trees of depth two over
 * columns of bins. It is for telling two samples apart, so it only ever gives scores.
 */

/** Columns of bins, one number below 256 per row. */
export type Binned = ReadonlyArray<Uint8Array>

const rounds = 40
const rate = 0.15
const ridge = 1
const fewest = 10

interface Leaf {
  readonly value: number
}
interface Split {
  readonly column: number
  /** Bins up to this one go left. */
  readonly upTo: number
  readonly left: Tree
  readonly right: Tree
}
type Tree = Leaf | Split

const isLeaf = (tree: Tree): tree is Leaf => "value" in tree

interface Gradients {
  readonly slope: Float64Array
  readonly curve: Float64Array
}

interface Best {
  readonly gain: number
  readonly column: number
  readonly upTo: number
}

const bestSplit = (columns: Binned, rows: Uint32Array, { curve, slope }: Gradients): Best | undefined => {
  const [slopes, curves, counts] = [new Float64Array(256), new Float64Array(256), new Int32Array(256)]
  let best: Best | undefined
  columns.forEach((bins, column) => {
    slopes.fill(0)
    curves.fill(0)
    counts.fill(0)
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place]
      const bin = bins[row]
      slopes[bin] += slope[row]
      curves[bin] += curve[row]
      counts[bin]++
    }
    let [allSlope, allCurve] = [0, 0]
    for (let bin = 0; bin < 256; bin++) {
      allSlope += slopes[bin]
      allCurve += curves[bin]
    }
    let [leftSlope, leftCurve, left] = [0, 0, 0]
    for (let bin = 0; bin < 255; bin++) {
      if (counts[bin] === 0) continue
      leftSlope += slopes[bin]
      leftCurve += curves[bin]
      left += counts[bin]
      if (rows.length - left < fewest) break
      if (left < fewest) continue
      const [rightSlope, rightCurve] = [allSlope - leftSlope, allCurve - leftCurve]
      const gain =
        leftSlope ** 2 / (leftCurve + ridge) +
        rightSlope ** 2 / (rightCurve + ridge) -
        allSlope ** 2 / (allCurve + ridge)
      if (gain > (best?.gain ?? 1e-9)) best = { gain, column, upTo: bin }
    }
  })
  return best
}

const grow = (columns: Binned, rows: Uint32Array, gradients: Gradients, depth: number): Tree => {
  const best = depth === 0 ? undefined : bestSplit(columns, rows, gradients)
  if (best === undefined) {
    let [slope, curve] = [0, ridge]
    for (const row of rows) {
      slope += gradients.slope[row]
      curve += gradients.curve[row]
    }
    return { value: (rate * slope) / curve }
  }
  const bins = columns[best.column]
  const side = (isLeft: boolean) => rows.filter((row) => bins[row] <= best.upTo === isLeft)
  return {
    column: best.column,
    upTo: best.upTo,
    left: grow(columns, side(true), gradients, depth - 1),
    right: grow(columns, side(false), gradients, depth - 1)
  }
}

const add = (tree: Tree, columns: Binned, scores: Float64Array): void => {
  for (let row = 0; row < scores.length; row++) {
    let at = tree
    while (!isLeaf(at)) at = columns[at.column][row] <= at.upTo ? at.left : at.right
    scores[row] += at.value
  }
}

/** Fits to the rows given, and scores all rows: the log-odds of the class marked. */
export const scores = (columns: Binned, isPositive: Uint8Array, fit: Uint32Array): Float64Array => {
  const out = new Float64Array(isPositive.length)
  const gradients = { slope: new Float64Array(out.length), curve: new Float64Array(out.length) }
  const positives = fit.reduce((sum, row) => sum + isPositive[row], 0)
  if (positives === 0 || positives === fit.length) return out
  out.fill(Math.log(positives / (fit.length - positives)))
  for (let round = 0; round < rounds; round++) {
    for (const row of fit) {
      const chance = 1 / (1 + Math.exp(-out[row]))
      gradients.slope[row] = isPositive[row] - chance
      gradients.curve[row] = chance * (1 - chance)
    }
    add(grow(columns, fit, gradients, 2), columns, out)
  }
  return out
}
