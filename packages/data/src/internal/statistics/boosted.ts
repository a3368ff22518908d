/**
 * A small model of two classes or of numbers: gradient boosting (Friedman 2001, with Newton's leaf values) of shallow trees
 * over columns of bins. It is for telling two samples apart and for asking what columns are good for, so it only ever gives
 * scores.
 */

/** Columns of bins, one number below 256 per row. */
export type Binned = ReadonlyArray<Uint8Array>

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

/** A tree over columns of bins. */
export type Tree = Leaf | Split

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

/** What a tree says of a row; with `moved`, as if its bins in the columns marked were those of the row `other`. */
export const valueOf = (tree: Tree, columns: Binned, row: number, moved?: Uint8Array, other = row): number => {
  let at = tree
  while (!isLeaf(at)) {
    const from = moved !== undefined && moved[at.column] === 1 ? other : row
    at = columns[at.column][from] <= at.upTo ? at.left : at.right
  }
  return at.value
}

/** Tells whether a tree reads one of the columns marked. */
export const reads = (tree: Tree, marked: Uint8Array): boolean =>
  !isLeaf(tree) && (marked[tree.column] === 1 || reads(tree.left, marked) || reads(tree.right, marked))

const add = (tree: Tree, columns: Binned, scores: Float64Array): void => {
  for (let row = 0; row < scores.length; row++) scores[row] += valueOf(tree, columns, row)
}

/** What is fitted: trees, and what they come to for every row, fitted to or not. */
export interface Fitted {
  readonly trees: ReadonlyArray<Tree>
  /** Log-odds of the class marked by 1, or numbers. */
  readonly scores: Float64Array
}

/** How a model is grown: to marks of 0 and 1 by the logistic loss, or to numbers by the squared one. */
export interface Growth {
  readonly to: "marks" | "numbers"
  readonly rounds: number
  readonly depth: number
}

/** Fits to the targets of the rows given. Marks that are all alike are fitted by no tree and a score of 0. */
export const fit = (columns: Binned, target: ArrayLike<number>, rows: Uint32Array, growth: Growth): Fitted => {
  const scores = new Float64Array(target.length)
  const gradients = { slope: new Float64Array(scores.length), curve: new Float64Array(scores.length) }
  const sum = rows.reduce((sum, row) => sum + target[row], 0)
  const isMarks = growth.to === "marks"
  if (isMarks && (sum === 0 || sum === rows.length)) return { trees: [], scores }
  scores.fill(isMarks ? Math.log(sum / (rows.length - sum)) : sum / rows.length)
  const trees = Array.from({ length: growth.rounds }, () => {
    for (const row of rows) {
      const said = isMarks ? 1 / (1 + Math.exp(-scores[row])) : scores[row]
      gradients.slope[row] = target[row] - said
      gradients.curve[row] = isMarks ? said * (1 - said) : 1
    }
    const tree = grow(columns, rows, gradients, growth.depth)
    add(tree, columns, scores)
    return tree
  })
  return { trees, scores }
}

/** Fits to the rows given, and scores all rows: the log-odds of the class marked. */
export const scores = (columns: Binned, isPositive: Uint8Array, rows: Uint32Array): Float64Array =>
  fit(columns, isPositive, rows, { to: "marks", rounds: 40, depth: 2 }).scores
