/**
 * A row blended with a partner. The partner is any row of the data set, drawn by the row's own key, and it comes as the
 * operations before would give it: so a blend does not depend on who else is in the batch, nor on the batch's size.
 */
import type { Cutmix, Mixing } from "../../augment/Operation.ts"
import type { Draws } from "../loader/fill.ts"
import type { Planned, Rows } from "./planned.ts"

const unit = 2 ** -32

/** Random words for each row: whether, the partner (two), the key of the share (two), and the rectangle's middle (two). */
export const wordsToMix = 7

/** Writes the partner of each row, one of `candidates`; of a row that is not mixed, the row itself. */
export const partners = (
  words: Uint32Array,
  own: Uint32Array,
  candidates: Uint32Array,
  probability: number,
  out: Uint32Array
): void => {
  for (let row = 0; row < own.length; row++) {
    const at = wordsToMix * row
    const fraction = (words[at + 1] + words[at + 2] * unit) * unit
    const chosen = Math.min(candidates.length - 1, Math.floor(fraction * candidates.length))
    out[row] = words[at] * unit < probability ? candidates[chosen] : own[row]
  }
}

/** The rectangle of a share of an image about a pixel, cut at the image's edges. */
const rectangle = (height: number, width: number, share: number, y: number, x: number) => {
  const side = Math.sqrt(share)
  const [tall, wide] = [Math.floor(height * side), Math.floor(width * side)]
  const [top, left] = [y - (tall >> 1), x - (wide >> 1)]
  return {
    top: Math.max(0, top),
    left: Math.max(0, left),
    bottom: Math.min(height, top + tall),
    right: Math.min(width, left + wide)
  }
}

/** Blends all numbers of a row with the partner's. */
const blend = (rows: Rows, others: Rows, row: number, share: number): void => {
  const end = (row + 1) * rows.width
  for (let place = row * rows.width; place < end; place++) {
    rows.features[place] = share * rows.features[place] + (1 - share) * others.features[place]
  }
}

/** Pastes a rectangle of the partner's image; returns the share of the row's own that is left. */
const paste = (
  { offset, shape: [height, width, channels] }: Planned<Cutmix>,
  rows: Rows,
  others: Rows,
  row: number,
  share: number,
  words: Uint32Array
): number => {
  const at = wordsToMix * row
  const y = Math.floor(words[at + 5] * unit * height)
  const x = Math.floor(words[at + 6] * unit * width)
  const { bottom, left, right, top } = rectangle(height, width, 1 - share, y, x)
  for (let line = top; line < bottom; line++) {
    const first = row * rows.width + offset + (line * width + left) * channels
    for (let place = first; place < first + (right - left) * channels; place++) {
      rows.features[place] = others.features[place]
    }
  }
  return 1 - (Math.max(0, right - left) * Math.max(0, bottom - top)) / (height * width)
}

const isCutmix = (planned: Planned<Mixing>): planned is Planned<Cutmix> => planned.operation.name === "cutmix"

/** Blends rows with their partners, and writes the share of each row that is its own. */
export const mix = (
  planned: Planned<Mixing>,
  draws: Draws,
  rows: Rows,
  others: Rows,
  words: Uint32Array,
  shares: Float64Array
): void => {
  const { alpha, probability } = planned.operation
  for (let row = 0; row < rows.count; row++) {
    const at = wordsToMix * row
    shares[row] = 1
    if (words[at] * unit >= probability) continue
    const share = draws.beta({ hi: words[at + 3], lo: words[at + 4] }, alpha, alpha, 1)[0]
    if (isCutmix(planned)) shares[row] = paste(planned, rows, others, row, share, words)
    else {
      blend(rows, others, row, share)
      shares[row] = share
    }
  }
}

/** Writes blended targets: numbers, or of codes a distribution over `levels` for each row. */
export const blendTargets = (
  target: Float32Array,
  own: Rows["target"],
  others: Rows["target"],
  shares: Float64Array,
  count: number,
  levels: number | undefined
): void => {
  if (levels === undefined) {
    for (let row = 0; row < count; row++) target[row] = shares[row] * own[row] + (1 - shares[row]) * others[row]
    return
  }
  target.fill(0, 0, count * levels)
  for (let row = 0; row < count; row++) {
    target[row * levels + own[row]] += shares[row]
    target[row * levels + others[row]] += 1 - shares[row]
  }
}
