/**
 * Feature hashing (Weinberger et al. 2009): any number of levels and numbers in a tensor of a chosen length, without a
 * vocabulary. A level or text adds 1 or −1 at the place that the hash of `column=level` says, a number adds itself at that of its
 * column's name; the sign is a bit of the hash, so that what meets at one place cancels out on average. The same bits as
 * scikit-learn's FeatureHasher given one dictionary a row. Nothing is learned, so levels that train never saw are no
 * trouble. Words of texts are hashed by
 * `hashWords`; here a text counts as a whole.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import { hash } from "../internal/rows/murmur.ts"
import { finite } from "../internal/numeric.ts"
import * as RowId from "../RowId.ts"
import * as Step from "../Step.ts"

/** Options of `make`. */
export interface Options<As extends string = string> {
  /** The name of the tensor column that is added. */
  readonly as: As
  /** How many numbers it has: more of them, fewer levels that share one. */
  readonly width: number
  /** Whether half of the features count negative. On unless given. */
  readonly signed?: boolean
}

type Hashed = Column.Float | Column.Category | Column.OptionalCategory | Column.Text

const encoder = new TextEncoder()

/** Where a feature goes, and its sign. */
const placeOf = (feature: string, { signed = true, width }: Options) => {
  const own = hash(encoder.encode(feature))
  return { place: Math.abs(own) % width, sign: signed && own < 0 ? -1 : 1 }
}

/** Where a feature goes, computed once for each text. */
const places = (name: string, options: Options) => {
  const known = new Map<string, ReturnType<typeof placeOf>>()
  return (value: string) => {
    const found = known.get(value) ?? placeOf(`${name}=${value}`, options)
    known.set(value, found)
    return found
  }
}

/** Adds a column's features to the rows' numbers. */
const add = ({ column, name, values }: Step.Cells<Hashed>, options: Options, out: Float32Array): void => {
  const { width } = options
  if (RowId.isTexts(values)) {
    const of = places(name, options)
    values.forEach((text, row) => (out[row * width + of(text).place] += of(text).sign))
    return
  }
  if (column.kind === "float") {
    const { place, sign } = placeOf(name, options)
    values.forEach((value: number, row: number) => (out[row * width + place] += sign * value))
    return
  }
  const of = places(name, options)
  const levels = column.kind === "text" ? [] : column.levels.map(of)
  values.forEach((code: number, row: number) => {
    if (code >= 0) out[row * width + levels[code].place] += levels[code].sign
  })
}

/**
 * Makes the step. A missing level adds nothing. Fails on NaN and infinity, and where the sum is more than float32 holds.
 * Throws a RangeError unless the width is a whole number from 1 to 2^31 − 1.
 */
export const make = (columns: ReadonlyArray<string>, options: Options) => {
  const { as, signed = true, width } = options
  if (!Number.isSafeInteger(width) || width < 1 || width >= 2 ** 31) {
    throw new RangeError(`Recipe.hash: the width is ${width}; give a whole number from 1 to 2^31 - 1`)
  }
  if (columns.length === 0) throw new RangeError("Recipe.hash: give the columns to hash")
  return Step.added({
    name: "hash",
    version: 1,
    code: "versioned",
    config: { as, width, signed },
    columns,
    takes: ["float", "category", "optional category", "text"],
    adds: () => ({ [as]: Column.tensor([width]) }),
    state: Schema.Null,
    fit: () => Effect.succeed(null),
    apply: Effect.fnUntraced(function* (cells: ReadonlyArray<Step.Cells<Hashed>>) {
      const [{ length, refuse }] = cells
      const out = new Float32Array(length * width)
      for (const each of cells) {
        if (each.column.kind === "float") yield* finite(each as Step.Cells<Column.Float>) // its kind was just checked
        add(each, options, out)
      }
      const place = out.findIndex((value) => !Number.isFinite(value))
      if (place < 0) return { [as]: out }
      return yield* refuse(`number ${place % width} of row ${Math.floor(place / width)} becomes ${out[place]}`)
    })
  })
}
