/**
 * Confident learning (Northcutt, Jiang and Chuang 2021): from probabilities that were predicted out of fold, which labels
 * are likely to be wrong. A row is confidently of a class when its probability is at least the mean probability that the
 * rows labelled so have of it; rows confidently of one class and labelled another make the confident joint's off-diagonal.
 */

/** Labels with what was predicted for them. */
export interface Predicted {
  /** The code of each row's class. */
  readonly labels: Int32Array
  readonly classes: number
  /** Row by row, one probability per class. */
  readonly probabilities: Float64Array
}

/** A row whose label is likely to be wrong. */
export interface Suspect {
  readonly row: number
  readonly likely: number
  /** The probability of the likely class minus that of the given one. */
  readonly margin: number
}

/** What the labels look like in the light of the predictions. */
export interface Found {
  /** Given class by confident class: how many rows, `classes` by `classes`. */
  readonly joint: Int32Array
  /** The rows of the off-diagonal that are not predicted as they are labelled, the largest margin first. */
  readonly suspects: ReadonlyArray<Suspect>
}

/** What float rounding may take from a probability that equals its threshold. */
const tolerance = 1e-6

/** The mean probability of each class over the rows labelled so; infinite for a class without rows. */
export const thresholds = ({ classes, labels, probabilities }: Predicted): Float64Array => {
  const [sums, counts] = [new Float64Array(classes), new Int32Array(classes)]
  labels.forEach((label, row) => {
    sums[label] += probabilities[row * classes + label]
    counts[label]++
  })
  return sums.map((sum, label) => (counts[label] === 0 ? Infinity : sum / counts[label]))
}

/** The class of the largest number among those that `isIn` takes, the first of equal ones; -1 where there is none. */
const largest = (values: Float64Array, isIn: (place: number) => boolean): number => {
  let best = -1
  for (let place = 0; place < values.length; place++) {
    if (isIn(place) && (best < 0 || values[place] > values[best])) best = place
  }
  return best
}

/** Counts the confident joint and lists the suspects. Of equal margins the earlier row is first. */
export const find = (predicted: Predicted): Found => {
  const { classes, labels, probabilities } = predicted
  const least = thresholds(predicted)
  const joint = new Int32Array(classes * classes)
  const suspects: Array<Suspect> = []
  labels.forEach((label, row) => {
    const own = probabilities.subarray(row * classes, (row + 1) * classes)
    const likely = largest(own, (place) => own[place] >= least[place] - tolerance)
    if (likely < 0) return
    joint[label * classes + likely]++
    if (likely === label || largest(own, () => true) === label) return
    suspects.push({ row, likely, margin: own[likely] - own[label] })
  })
  return { joint, suspects: suspects.sort((a, b) => b.margin - a.margin || a.row - b.row) }
}

/** How far predictions agree with labels beyond chance (Cohen 1960): 0 is chance, 1 is always. */
export const agreement = ({ classes, labels, probabilities }: Predicted): number => {
  const [given, said] = [new Float64Array(classes), new Float64Array(classes)]
  let hits = 0
  labels.forEach((label, row) => {
    const guess = largest(probabilities.subarray(row * classes, (row + 1) * classes), () => true)
    given[label]++
    said[guess]++
    if (guess === label) hits++
  })
  const chance = given.reduce((sum, count, place) => sum + count * said[place], 0) / labels.length ** 2
  return chance === 1 ? 0 : (hits / labels.length - chance) / (1 - chance)
}
