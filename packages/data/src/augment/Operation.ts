/**
 * What an augmentation does, as data: each operation with all that decides its result, beside the rows and the key. It is
 * part of a training's cache key and manifest, and worker threads make the functions from it.
 */

import type { Schema } from "effect"

/** What stands where an image or a signal has nothing: black (the low end of its range), the nearest edge, or a number. */
export type Fill = "black" | "edge" | number

/** The numbers that stand for black and white. */
export type Range = readonly [black: number, white: number]

/** What becomes of labels: they stay, or, by the name of the target's column, some levels become others. */
export type Labels = true | Readonly<Record<string, Readonly<Record<string, string>>>>

/** The number that tells one way of computing an operation from the next. */
interface Versioned {
  readonly version: 1
}

/** An operation on one column. */
interface OfColumn extends Versioned {
  readonly column: string
  /** The probability with which a row is changed. */
  readonly probability: number
}

/** An operation on an image; without a range, that of its type (uint8) or of the train rows (float32). */
interface OfImage extends OfColumn {
  readonly range?: Range
}

/** Mirrors an image. */
export interface Flip extends OfColumn {
  readonly name: "flipHorizontal" | "flipVertical"
  readonly labels: Labels
}

/** Turns an image by an angle in [-degrees, degrees]. */
export interface Rotate extends OfImage {
  readonly name: "rotate"
  readonly degrees: number
  readonly fill: Fill
}

/** Shifts an image by whole pixels, at most `padding` each way. */
export interface Crop extends OfImage {
  readonly name: "crop"
  readonly padding: number
  readonly fill: Fill
}

/** Changes brightness, contrast, saturation and hue, in this order. */
export interface ColourJitter extends OfImage {
  readonly name: "colourJitter"
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
  readonly hue: number
}

/** Covers a rectangle of an image. */
export interface Cutout extends OfImage {
  readonly name: "cutout"
  readonly height: number
  readonly width: number
  readonly fill: Fill
}

/** Some of fourteen operations on an image, one after the other. */
export interface RandAugment extends OfImage {
  readonly name: "randAugment"
  readonly operations: number
  readonly magnitude: number
  readonly fill: Fill
}

/** Replaces token ids by the id of a mask. */
export interface MaskTokens extends OfColumn {
  readonly name: "maskTokens"
  readonly mask: number
  readonly keep: ReadonlyArray<number>
}

/** Replaces token ids by ids that mean the same. */
export interface ReplaceTokens extends OfColumn {
  readonly name: "replaceTokens"
  /** Each id with its synonyms, ascending by id. */
  readonly synonyms: ReadonlyArray<readonly [id: number, others: ReadonlyArray<number>]>
}

/** Adds normal noise. */
export interface Noise extends OfColumn {
  readonly name: "noise"
  /** The noise's standard deviation, in those of the column over the train rows. */
  readonly standardDeviation: number
}

/** Shifts a signal in time. */
export interface TimeShift extends OfColumn {
  readonly name: "timeShift"
  readonly steps: number
  readonly fill: "edge" | "wrap" | number
}

/** Multiplies a signal by a factor in [1 - by, 1 + by]. */
export interface ScaleSignal extends OfColumn {
  readonly name: "scale"
  readonly by: number
}

/** Covers up to `steps` steps of a signal that follow each other. */
export interface MaskTime extends OfColumn {
  readonly name: "maskTime"
  readonly steps: number
  readonly fill: number
}

/** An operation of one's own: a function of that name. */
export interface Own extends OfColumn {
  readonly name: "operation"
  readonly function: string
  readonly config: Schema.Json
}

/** Blends all features and the label of a row with those of another. */
export interface Mixup extends Versioned {
  readonly name: "mixup"
  readonly alpha: number
  readonly probability: number
}

/** Pastes a rectangle of another row's image, and its share of the label. */
export interface Cutmix extends OfColumn {
  readonly name: "cutmix"
  readonly alpha: number
}

/** An operation on a row by itself. */
export type Single =
  | Flip
  | Rotate
  | Crop
  | ColourJitter
  | Cutout
  | RandAugment
  | MaskTokens
  | ReplaceTokens
  | Noise
  | TimeShift
  | ScaleSignal
  | MaskTime
  | Own

/** An operation on a row and a partner of it, which blends their labels. */
export type Mixing = Mixup | Cutmix

/** One operation. */
export type Operation = Single | Mixing

/** Tells whether an operation blends labels. */
export const isMixing = (operation: Operation): operation is Mixing =>
  operation.name === "mixup" || operation.name === "cutmix"
