/**
 * The operations on images: tensor columns of `[height, width]` or `[height, width, channels]`, uint8 or float32, before or
 * after scaling. What `Augment` has of them. Geometry is described in `internal/augment/geometry.ts`: a pixel is a point,
 * maps are about the middle of the image, sampling is bilinear.
 */
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import { type Accepts, type Augment, adding, whole, within } from "./Describe.ts"
import type { Fill, Flip, Labels, Range } from "./Operation.ts"

/** With which probability a row is changed. */
export interface Chance {
  readonly probability?: number
}

/** What stands for black and white. */
export interface Ranged {
  /**
   * The numbers that stand for black and white in every channel. Unless given: 0 and 255 for uint8 columns; for float32
   * columns the smallest and the largest number of each channel in the train rows, which fits images scaled in any way.
   */
  readonly range?: Range
}

/** What stands where the image has nothing. */
export interface Filled extends Ranged {
  /** `"black"` unless given. */
  readonly fill?: Fill
}

/** Says whether the labels are true of the changed image too. */
export type LabelsSurviveOrBecome<Become extends Exclude<Labels, true> = Exclude<Labels, true>> =
  | { readonly labelsSurvive: true; readonly labelsBecome?: never }
  | {
      readonly labelsSurvive?: never
      /** By the target's name, the levels that become others: `{ side: { left: "right", right: "left" } }`. */
      readonly labelsBecome: Become
    }

const chance = (verb: string, probability: number) => within(verb, "probability", probability, 0, 1)

const fillDefect = (verb: string, fill: Fill): Fill => {
  if (typeof fill === "number") within(verb, "fill", fill, -3.4e38, 3.4e38)
  return fill
}

const ranged = (verb: string, { range }: Ranged): { readonly range?: Range } => {
  if (range === undefined) return {}
  if (!range.every(Number.isFinite) || range[0] >= range[1]) {
    throw new RangeError(`Augment.${verb}: the range [${range.join(", ")}] does not rise from black to white`)
  }
  return { range }
}

/** The levels of a category column of `C`. */
type LevelOf<C extends Columns, Name extends string> = C[Name] extends Column.Category<infer Level> ? Level : never

type LevelRefusal<
  Name extends string,
  Level extends string,
  Given extends string,
  Verb extends string
> = string extends Level ? never : Given extends Level ? never : `Augment.${Verb}: ${Name} has no level ${Given}`

type ChangeRefusal<C extends Columns, Become, Verb extends string> = {
  readonly [Name in keyof Become & string]: string extends keyof C
    ? never
    : Name extends keyof C
      ? C[Name]["kind"] extends "category"
        ? LevelRefusal<
            Name,
            LevelOf<C, Name>,
            (keyof Become[Name] & string) | Extract<Become[Name][keyof Become[Name]], string>,
            Verb
          >
        : `Augment.${Verb}: labels are of a category column; ${Name} is a ${C[Name]["kind"]}`
      : `Augment.${Verb}: there is no column ${Name}`
}[keyof Become & string]

/** `Given` when the levels named are there; else the sentence that the compiler shows. */
type Relabels<Given, C extends Columns, Become, Verb extends string> = [ChangeRefusal<C, Become, Verb>] extends [never]
  ? Given
  : ChangeRefusal<C, Become, Verb>

const flip =
  (name: Flip["name"], names: string | ReadonlyArray<string>, options: LabelsSurviveOrBecome & Chance) =>
  <C extends Columns>(accepted: unknown): Augment<C> =>
    adding(accepted, names, (column) => ({
      name,
      version: 1,
      column,
      probability: chance(name, options.probability ?? 0.5),
      labels: options.labelsBecome ?? true
    }))

/**
 * Mirrors images left to right, with probability 0.5 unless given. Is the label true of the mirror image? Of a cat it is;
 * a heart on the right is another diagnosis, and a mirrored 3 is no digit. So say it: `labelsSurvive: true`, or which
 * levels of the target become which others.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const columns = { hand: Column.tensor([8, 8, 3]), side: Column.category(["left", "right"]) }
 * const augment = Augment.forColumns(columns).pipe(
 *   Augment.flipHorizontal("hand", { labelsBecome: { side: { left: "right", right: "left" } } })
 * )
 * augment.operations.map(({ name }) => name) // => ["flipHorizontal"]
 */
export const flipHorizontal =
  <const Name extends string, const Become extends Exclude<Labels, true> = {}>(
    columns: Name | ReadonlyArray<Name>,
    options: LabelsSurviveOrBecome<Become> & Chance
  ) =>
  <C extends Columns>(
    augment: Relabels<Accepts<Augment<C>, C, Name, "image", "flipHorizontal">, C, Become, "flipHorizontal">
  ): Augment<C> =>
    flip("flipHorizontal", columns, options)(augment)

/** Mirrors images top to bottom, otherwise as `flipHorizontal`. */
export const flipVertical =
  <const Name extends string, const Become extends Exclude<Labels, true> = {}>(
    columns: Name | ReadonlyArray<Name>,
    options: LabelsSurviveOrBecome<Become> & Chance
  ) =>
  <C extends Columns>(
    augment: Relabels<Accepts<Augment<C>, C, Name, "image", "flipVertical">, C, Become, "flipVertical">
  ): Augment<C> =>
    flip("flipVertical", columns, options)(augment)

/** The largest turn that leaves about every label as it is. */
const degreesThatKeepLabels = 15

/** How far to turn. */
export interface RotateOptions extends Filled, Chance {
  /** Angles are uniform in [-degrees, degrees]; 10 unless given. */
  readonly degrees?: number
  /** To be said where `degrees` is more than 15: a 6 turned far enough is a 9. */
  readonly labelsSurvive?: true
}

/**
 * Turns images about their middle by an angle uniform in [-degrees, degrees], by 10 degrees at most unless given. More
 * than 15 degrees can change what an image shows: then `labelsSurvive: true` has to be said.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const digits = Augment.forColumns({ image: Column.tensor([28, 28], "uint8") })
 * digits.pipe(Augment.rotate("image", { degrees: 15 })).operations.length // => 1
 */
export const rotate =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: RotateOptions = {}) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "image", "rotate">): Augment<C> => {
    const degrees = within("rotate", "degrees", options.degrees ?? 10, 0, 180)
    if (degrees > degreesThatKeepLabels && options.labelsSurvive !== true) {
      const reason = `by more than ${degreesThatKeepLabels} degrees a 6 becomes a 9; if labels survive it, say labelsSurvive: true`
      throw new RangeError(`Augment.rotate: degrees is ${degrees}; ${reason}`)
    }
    return adding(augment, columns, (column) => ({
      name: "rotate",
      version: 1,
      column,
      probability: chance("rotate", options.probability ?? 1),
      degrees,
      fill: fillDefect("rotate", options.fill ?? "black"),
      ...ranged("rotate", options)
    }))
  }

/** How far to shift. */
export interface CropOptions extends Filled, Chance {
  /** Pixels added on each side before an image of the old size is cut out anywhere; 4 unless given. */
  readonly padding?: number
}

/**
 * Pads images and cuts one of the old size out again, at a place drawn uniformly: shifts by at most `padding` pixels each
 * way, 4 unless given.
 */
export const crop =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: CropOptions = {}) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "image", "crop">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "crop",
      version: 1,
      column,
      probability: chance("crop", options.probability ?? 1),
      padding: whole("crop", "padding", options.padding ?? 4, 1),
      fill: fillDefect("crop", options.fill ?? "black"),
      ...ranged("crop", options)
    }))

/** How much to change colours. */
export interface ColourJitterOptions extends Ranged, Chance {
  /** Numbers are multiplied by a factor uniform in [max(0, 1 - brightness), 1 + brightness]; 0 unless given. */
  readonly brightness?: number
  /** Likewise the distance from the image's mean luminance. */
  readonly contrast?: number
  /** Likewise the distance from each pixel's own luminance. */
  readonly saturation?: number
  /** Hues are turned by a share of the circle uniform in [-hue, hue], at most 0.5. */
  readonly hue?: number
}

/**
 * Changes brightness, contrast, saturation and hue, in this order, each cut to the range; what is not given stays. Slight
 * changes are 0.1 to 0.4, of the hue 0.02 to 0.1. The formulas are in `internal/augment/colour.ts`.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const photos = Augment.forColumns({ photo: Column.tensor([32, 32, 3], "uint8") })
 * photos.pipe(Augment.colourJitter("photo", { brightness: 0.2, contrast: 0.2, hue: 0.05 })).operations.length // => 1
 */
export const colourJitter =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: ColourJitterOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "image", "colourJitter">): Augment<C> => {
    const { brightness = 0, contrast = 0, hue = 0, saturation = 0 } = options
    if (brightness + contrast + hue + saturation === 0) {
      throw new RangeError("Augment.colourJitter: nothing is to change; give brightness, contrast, saturation or hue")
    }
    return adding(augment, columns, (column) => ({
      name: "colourJitter",
      version: 1,
      column,
      probability: chance("colourJitter", options.probability ?? 1),
      brightness: within("colourJitter", "brightness", brightness, 0, 10),
      contrast: within("colourJitter", "contrast", contrast, 0, 10),
      saturation: within("colourJitter", "saturation", saturation, 0, 10),
      hue: within("colourJitter", "hue", hue, 0, 0.5),
      ...ranged("colourJitter", options)
    }))
  }

/** What to cover. */
export interface CutoutOptions extends Ranged, Chance {
  /** The side of a square in pixels, or `[height, width]` of a rectangle. */
  readonly size: number | readonly [height: number, width: number]
  /** `"black"` unless given. */
  readonly fill?: "black" | number
}

/**
 * Covers a rectangle about a pixel drawn uniformly, as far as it lies in the image (DeVries and Taylor 2017, who cover
 * half a side of small images).
 */
export const cutout =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: CutoutOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "image", "cutout">): Augment<C> => {
    const [height, width] = typeof options.size === "number" ? [options.size, options.size] : options.size
    return adding(augment, columns, (column) => ({
      name: "cutout",
      version: 1,
      column,
      probability: chance("cutout", options.probability ?? 1),
      height: whole("cutout", "the height", height, 1),
      width: whole("cutout", "the width", width, 1),
      fill: fillDefect("cutout", options.fill ?? "black"),
      ...ranged("cutout", options)
    }))
  }

/** How many operations, and how strong. */
export interface RandAugmentOptions extends Filled, Chance {
  /** Operations for each image; 2 unless given. */
  readonly operations?: number
  /** Their strength out of 30; 9 unless given. */
  readonly magnitude?: number
  /** It turns by up to 30 degrees and inverts bright pixels: say that labels survive this. */
  readonly labelsSurvive: true
}

/**
 * Does some of fourteen operations on each image, drawn uniformly, at one strength (RandAugment, Cubuk et al. 2020):
 * identity, shears, shifts, turns, brightness, saturation, contrast, sharpness, posterize, solarize, auto-contrast and
 * equalize. `internal/augment/randAugment.ts` has the strengths.
 */
export const randAugment =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: RandAugmentOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "image", "randAugment">): Augment<C> =>
    adding(augment, columns, (column) => ({
      name: "randAugment",
      version: 1,
      column,
      probability: chance("randAugment", options.probability ?? 1),
      operations: whole("randAugment", "operations", options.operations ?? 2, 1),
      magnitude: within("randAugment", "magnitude", options.magnitude ?? 9, 0, 30),
      fill: fillDefect("randAugment", options.fill ?? "black"),
      ...ranged("randAugment", options)
    }))
