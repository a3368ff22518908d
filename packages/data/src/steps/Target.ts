/**
 * Target encoding: a level becomes the mean target of the train rows that have it, drawn towards the mean of all where they
 * are few (Micci-Barreca 2001). A train row must not see its own target in that: train rows get what was learned without
 * their fold, other rows what was learned from all. A row's fold is a function of its id, so equal rows share one, and
 * nothing depends on order. Values are those of scikit-learn's TargetEncoder with a number for `smooth`.
 */
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as RowId from "../RowId.ts"
import { ofCodes } from "../internal/numeric.ts"
import { unwritten } from "../internal/statistics/float64.ts"
import { firstNotFinite } from "../internal/statistics/lanes.ts"
import * as Step from "../Step.ts"
import * as Table from "../Table.ts"

/** Options of `make`. */
export interface Options<Target extends string = string> {
  /** The column whose mean is learned: floats, or a category of two levels, the second of which counts as 1. */
  readonly target: Target
  /** How many rows of the overall mean are added to each level's rows; 0 adds none. */
  readonly smoothing: number
  /** How many folds; 5 unless given. */
  readonly folds?: number
}

/** What is learned: the levels' values in their order, without each of the folds and from all train rows. */
const State = Schema.Struct({
  withoutFold: Schema.Array(Schema.Array(Schema.Finite)),
  whole: Schema.Array(Schema.Finite)
})

/** Where ids are read from. */
export const viewOf = ({ buffer, byteLength, byteOffset }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength)

/**
 * Returns a row's fold: its id is the start of a SHA-256, whose bits are as good as random. Of 32 bits the quotient by any
 * number has the right whole part also when rounded, and takes a fraction of a remainder's time.
 */
export const foldOf = (ids: DataView, row: number, folds: number): number => {
  const word = ids.getUint32(row * RowId.bytes)
  return word - Math.floor(word / folds) * folds
}

/** Sums and counts of targets by level. */
interface Sums {
  readonly sums: Float64Array
  readonly counts: Float64Array
}

/** The sums of each fold, one after the other in memory. */
const sumsOf = (
  codes: Int32Array,
  targets: RowId.Numbers,
  ids: Uint8Array,
  { folds, levels }: { readonly folds: number; readonly levels: number }
): ReadonlyArray<Sums> => {
  const [sums, counts] = [new Float64Array(folds * levels), new Float64Array(folds * levels)]
  const view = viewOf(ids)
  for (let row = 0; row < codes.length; row++) {
    const at = foldOf(view, row, folds) * levels + codes[row]
    sums[at] += targets[row]
    counts[at]++
  }
  const part = (all: Float64Array, fold: number) => all.subarray(fold * levels, (fold + 1) * levels)
  return Array.from({ length: folds }, (_, fold) => ({ sums: part(sums, fold), counts: part(counts, fold) }))
}

const encoding = ({ counts, sums }: Sums, smoothing: number): ReadonlyArray<number> => {
  const all = counts.reduce((sum, count) => sum + count, 0)
  const mean = sums.reduce((sum, each) => sum + each, 0) / all
  return Array.from(sums, (sum, level) =>
    counts[level] + smoothing === 0 ? mean : (sum + smoothing * mean) / (counts[level] + smoothing)
  ).map((value) => value + 0) // JSON has no -0
}

/** Puts the value of its level, learned without the row's fold, in the place of each code. */
const ofFolds = (codes: Int32Array, ids: Uint8Array, values: ReadonlyArray<ReadonlyArray<number>>): Float64Array => {
  const [view, folds, levels] = [viewOf(ids), values.length, values[0].length]
  const flat = Float64Array.from(values.flat())
  const out = unwritten(Float64Array, codes.length)
  for (let row = 0; row < out.length; row++) out[row] = flat[foldOf(view, row, folds) * levels + codes[row]]
  return out
}

/**
 * Makes the step. Fails when a target is not finite or has more than two levels, and when all train rows are in one fold.
 * Throws a RangeError for negative smoothing and for fewer than two folds.
 */
export const make = (column: string, { folds = 5, smoothing, target }: Options): Step.Any => {
  if (!(smoothing >= 0 && smoothing < Infinity)) {
    throw new RangeError(`Recipe.targetEncode: smoothing is ${smoothing}; give a number of rows, 0 or more`)
  }
  if (!Number.isSafeInteger(folds) || folds < 2) {
    throw new RangeError(`Recipe.targetEncode: folds is ${folds}; give a whole number of at least 2`)
  }
  const refuse = (name: string, reason: string, row?: number) =>
    new Step.RecipeError({ step: "targetEncode", column: name, ...(row === undefined ? {} : { row }), reason })
  const levelsOf = Effect.fnUntraced(function* (columns: Columns) {
    const [encoded, told] = [columns[column], columns[target]]
    if (encoded?.kind !== "category") return yield* refuse(column, "it takes a category column; this is none")
    const isTarget = told?.kind === "float" || (told?.kind === "category" && told.levels.length === 2)
    if (!isTarget) return yield* refuse(target, "a target is a float column, or a category of two levels")
    return encoded.levels
  })
  const fit = Effect.fnUntraced(function* (train: Table.Table) {
    const levels = yield* levelsOf(train.columns)
    const codes = Table.numbers(train, column) as Int32Array // of a category
    const targets = Table.numbers(train, target)
    const bad = firstNotFinite(targets)
    if (bad >= 0) return yield* refuse(target, `holds ${targets[bad]}; drop or repair such rows at the source`, bad)
    const empty = (): Sums => ({ sums: new Float64Array(levels.length), counts: new Float64Array(levels.length) })
    const parts = sumsOf(codes, targets, train.ids, { folds, levels: levels.length })
    const without = (left: number): Sums => {
      const rest = empty()
      parts.forEach(({ counts, sums }, fold) => {
        if (fold === left) return
        for (let level = 0; level < levels.length; level++) {
          rest.sums[level] += sums[level]
          rest.counts[level] += counts[level]
        }
      })
      return rest
    }
    const rests = parts.map((_, fold) => without(fold))
    if (rests.some(({ counts }) => counts.every((count) => count === 0))) {
      return yield* refuse(column, `its ${train.length} train rows are all in one of ${folds} folds; bring more rows`)
    }
    return {
      withoutFold: rests.map((rest) => encoding(rest, smoothing)),
      whole: encoding(without(folds), smoothing)
    }
  })
  return Step.make<Columns, Columns, typeof State.Type>({
    name: "targetEncode",
    version: 1,
    code: "versioned",
    config: { column, target, smoothing, folds },
    changes: [column],
    reads: [column, target],
    state: State,
    columns: (columns) => Effect.as(levelsOf(columns), { [column]: Column.float }),
    fit,
    apply: (table, { whole, withoutFold }, partition) =>
      Effect.suspend(() => {
        const codes = Table.numbers(table, column) as Int32Array // of a category
        const encoded =
          partition === "train" ? Effect.sync(() => ofFolds(codes, table.ids, withoutFold)) : ofCodes(codes, whole)
        return Effect.map(encoded, (values) => ({ [column]: values }))
      })
  })
}
