/**
 * A way of resampling as a value: how the rows of a train partition are marked, one number each, and how each fold reads
 * its two sides off the marks. Folds that share a drawing, such as those of one k-fold, share the marks.
 */
import { Blob, Codec, type Key } from "@watertight/core"
import type { Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Ipc from "../internal/arrow/ipc.ts"
import { SplitError } from "../split/SplitError.ts"
import type { Table } from "../Table.ts"

/** The rows of a fold, as places in the train partition. */
export interface Sides {
  /** Ascending. A bootstrap's has a row as often as it was drawn. */
  readonly train: Uint32Array
  /** Ascending. */
  readonly validation: Uint32Array
}

/** One fold: its name, which its nodes bear, and how its sides are read off the marks. */
export interface FoldPlan {
  readonly name: string
  readonly sides: (marks: Int32Array) => Sides
}

/** A drawing, and the folds that are read off it. */
export interface Plan {
  readonly name: string
  readonly version: number
  /** What `mark` and `sides` were made from, as data: part of the cache key. */
  readonly params: Schema.Json
  /** Whether `mark` uses its key. */
  readonly draws: boolean
  /** `"sources"` unless given: an edit of any file of yours draws anew. */
  readonly code?: Stage.Code
  /** Fails when rows of these columns must not be resampled in this way. */
  readonly check: (columns: Columns) => Effect.Effect<void, SplitError>
  /** The columns that `mark` reads: its table has no others. */
  readonly reads: ReadonlyArray<string> | "all"
  /** Marks every row, from a table of the columns read and a key. */
  readonly mark: (table: Table, key: Key.Key) => Effect.Effect<Int32Array, SplitError>
  readonly folds: ReadonlyArray<FoldPlan>
  /** Whether a fold's train side may have a row more than once. */
  readonly repeats: boolean
}

/** The rows for which a predicate of their mark holds. */
export const where = (marks: Int32Array, isIn: (mark: number) => boolean): Uint32Array => {
  const out = new Uint32Array(marks.reduce((count, mark) => count + (isIn(mark) ? 1 : 0), 0))
  let at = 0
  marks.forEach((mark, row) => {
    if (isIn(mark)) out[at++] = row
  })
  return out
}

/** Reads a fold off marks that say which fold a row validates. */
export const byFold =
  (fold: number) =>
  (marks: Int32Array): Sides => ({
    train: where(marks, (mark) => mark !== fold),
    validation: where(marks, (mark) => mark === fold)
  })

/** The marks of a plan with a single fold. */
export const mark = { train: 0, validation: 1, leftOut: 2 } as const

/** Reads the fold of a plan that has one off its marks. */
export const single = (marks: Int32Array): Sides => ({
  train: where(marks, (found) => found === mark.train),
  validation: where(marks, (found) => found === mark.validation)
})

/** The most folds, and the most repeats, that can be asked for. */
export const most = 255

/** Fails unless a count that was asked for is a whole number in the range. */
export const checkCount = (
  resample: string,
  name: string,
  count: number,
  least: number,
  greatest = most
): Effect.Effect<void, SplitError> =>
  Number.isSafeInteger(count) && count >= least && count <= greatest
    ? Effect.void
    : Effect.fail(
        new SplitError({
          split: resample,
          reason: `${name} is ${count}`,
          hint: `Give a whole number from ${least} to ${greatest}.`
        })
      )

/** Lists as many things as asked for; of a count that `checkCount` refuses when the pipeline runs, at least one. */
export const list = <A>(count: number, of: (index: number) => A): ReadonlyArray<A> =>
  Array.from({ length: count >= 1 && count <= most ? Math.floor(count) : 1 }, (_, index) => of(index))

/**
 * Reads a fold's sides and checks them: both have rows, they are rows of the partition, no row is on both, and none is
 * there twice unless the plan repeats rows.
 */
export const sides = (
  plan: Plan,
  { name, sides }: FoldPlan,
  marks: Int32Array,
  rows: number
): Effect.Effect<Sides, SplitError> => {
  const refuse = (reason: string, hint: string) =>
    Effect.fail(new SplitError({ split: `${plan.name}, ${name}`, reason, hint }))
  if (marks.length !== rows) return refuse(`${marks.length} marks were given to ${rows} rows`, "Mark every row once.")
  const found = sides(marks)
  const seen = new Uint8Array(rows)
  for (const side of ["train", "validation"] as const) {
    if (found[side].length === 0) {
      return refuse(`${side} would get none of the ${rows} rows`, "Ask for fewer or larger folds, or bring more rows.")
    }
    for (const row of found[side]) {
      if (row >= rows) return refuse(`${side} has the row ${row} of ${rows}`, "A fold has rows of the partition.")
      const isAgain = seen[row] !== 0 && !(plan.repeats && side === "train")
      if (isAgain) return refuse(`row ${row} is in the fold twice`, "A row is on one side of a fold, once.")
      seen[row] = 1
    }
  }
  return Effect.succeed(found)
}

const columns = { mark: Column.float }
const Meta = Schema.Struct({ version: Schema.Literal(1) })

/** Keeps marks as an Arrow IPC file of one column, `mark`. */
export const codec: Codec.Codec<Int32Array> = Codec.stored<Int32Array>({
  name: "marks",
  encode: (marks) => {
    const values = { mark: Float64Array.from(marks) }
    return { meta: { version: 1 }, blobs: { "marks.arrow": Ipc.encode({ columns, length: marks.length, values }) } }
  },
  decode: Effect.fnUntraced(
    function* ({ blobs, meta }) {
      yield* Schema.decodeUnknownEffect(Meta)(meta, { onExcessProperty: "error" })
      const { values } = yield* Ipc.decode(columns, Blob.bytes(blobs["marks.arrow"]))
      return Int32Array.from(values.mark as Int32Array) // its declared column
    },
    Effect.mapError((error) => new Codec.ArtifactError({ codec: "marks", reason: error.message }))
  )
})
