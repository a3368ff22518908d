/**
 * A review of labels: which train rows are likely to bear a wrong one, because the rows most like them, in other folds,
 * say otherwise. A profile finds equal rows with different targets; a review also finds rows that only differ a little.
 * It takes the train partition, as does everything that looks at rows, and changes none: what to correct is for a person.
 */
import { Codec, type Key, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import type { Columns } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import * as Contents from "./internal/columns/contents.ts"
import * as IdOrder from "./internal/rows/idOrder.ts"
import { counted } from "./internal/prose.ts"
import * as Judge from "./review/Judge.ts"
import * as Points from "./review/Points.ts"
import { page } from "./review/Render.ts"
import * as RowId from "./RowId.ts"
import * as Blocks from "./split/Blocks.ts"
import { type Table, numbers, take } from "./Table.ts"

const Label = Schema.Union([Schema.String, Schema.Finite])

/** A row whose label is likely to be wrong. */
export const Suspect = Schema.Struct({
  /** Its place, from 0, in the table that the partition was taken from. */
  row: Schema.Int,
  /** Its row id, in hexadecimal. */
  id: Schema.String,
  given: Label,
  likely: Label,
  /** For classes the probability of the likely one minus that of the given one; for numbers how many robust standard
   *  deviations the given one is from what is expected. */
  certainty: Schema.Finite
})

/** A row whose label is likely to be wrong. */
export type Suspect = typeof Suspect.Type

/** What a review found. */
export const Review = Schema.Struct({
  version: Schema.Literal(1),
  target: Schema.String,
  kind: Schema.Literals(["classes", "numbers"]),
  /** How many rows have a label. */
  rows: Schema.Int,
  features: Schema.Array(Schema.String),
  folds: Schema.Int,
  neighbors: Schema.Int,
  /** For classes Cohen's kappa of labels and predictions out of fold; for numbers the share of their spread explained. */
  agreement: Schema.Finite,
  /** Why no row is called suspicious, if the features do not allow a judgement. */
  skipped: Schema.NullOr(Schema.String),
  /** How many rows are suspicious. */
  suspicious: Schema.Int,
  /** For classes, which were given for which how often. */
  swaps: Schema.Array(Schema.Struct({ given: Label, likely: Label, rows: Schema.Int })),
  /** The first of the suspicious rows, the surest first. */
  suspects: Schema.Array(Suspect)
})

/** What a review found. */
export type Review = typeof Review.Type

/** Labels cannot be reviewed as asked. */
export class ReviewError extends Schema.TaggedError<ReviewError>()("ReviewError", {
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `Review: ${this.reason}. ${this.hint}`
  }
}

/** `Given` when `A` is a train partition; else the sentence that the compiler shows. */
export type TrainOnly<Given, A> =
  A extends Dataset.Dataset<Columns, infer P>
    ? [P] extends ["train"]
      ? Given
      : `Review.labels takes the train partition; this is the ${P} partition`
    : A extends Table
      ? "Review.labels takes the train partition; this table is not split yet: use Split first"
      : "Review.labels takes the train partition of a Split"

/** The columns of a data set. */
export type ColumnsOf<A> = A extends Dataset.Dataset<infer C, Dataset.Partition> ? C : never

/** A column with labels, or the sentence that the compiler shows. Wide types are checked at run time only. */
export type Labelled<C extends Columns, Name extends string> = string extends Name | keyof C
  ? Name
  : Name extends keyof C
    ? C[Name]["kind"] extends `${string}float` | `${string}category`
      ? Name
      : `labels are a float or category column; ${Name} is a ${C[Name]["kind"]}`
    : `there is no column ${Name}`

/** A column that rows are compared by, or the sentence that the compiler shows. */
export type Compared<C extends Columns, Name extends string, Target extends string> = string extends Name | keyof C
  ? Name
  : Name extends Target
    ? `${Name} is the target; rows are compared by other columns`
    : Name extends keyof C
      ? Name
      : `there is no column ${Name}`

/** How labels are reviewed. */
export interface Options<Target = string, Feature = string> {
  /** A float or category column; rows without a value are left out. */
  readonly target: Target
  /** What rows are compared by: all columns but the target, groups and instants unless given. */
  readonly features?: ReadonlyArray<Feature>
  /** How many folds, from 2 to 50; 5 unless given. Equal rows, and rows of a declared group, are in one fold. */
  readonly folds?: number
  /** How many nearest rows of other folds are asked, from 1 to 1,000; 10 unless given. */
  readonly neighbors?: number
  /** At most how many suspicious rows are listed; 100 unless given. */
  readonly top?: number
}

type Settings = Required<Omit<Options, "features">> & { readonly features: ReadonlyArray<string> | undefined }

const settingsOf = ({ features, folds = 5, neighbors = 10, target, top = 100 }: Options): Settings => {
  const check = (name: string, value: number, least: number, most: number) => {
    if (Number.isInteger(value) && value >= least && value <= most) return
    throw new RangeError(`Review.labels: ${name} is ${value}; give a whole number from ${least} to ${most}`)
  }
  check("folds", folds, 2, 50)
  check("neighbors", neighbors, 1, 1000)
  check("top", top, 0, 1_000_000)
  return { target, features, folds, neighbors, top }
}

/** Keeps a review as JSON, shown as its page. */
export const codec: Codec.Codec<Review> = Codec.json("review", Review, { show: page })

/**
 * Reviews the labels of the train partition by confident learning (Northcutt et al. 2021) on what the nearest neighbours
 * in other folds say; of numbers, by the residual from their median. Numbers are standardized, levels one-hot, wide
 * tensors and words hashed. Fails with a `ReviewError` for other partitions, also when types were cast away, for columns
 * that are not there, and for fewer than ten rows a fold. Throws a `RangeError` for numbers out of their range.
 *
 * @example
 * import { Column, Columns, Review, Source, Split } from "@watertight/data"
 * const mails = Source.csv("mails.csv", Columns.make({ text: Column.text, spam: Column.category(["no", "yes"]) }))
 * const parts = Split.stratified(mails, { on: "spam", validation: 0.1, test: 0.1 })
 * Review.labels(parts.train, { target: "spam", top: 50 }).stage.name // => "review-labels"
 */
export const labels = <A, E, R, const Target extends string, const Feature extends string = string>(
  train: TrainOnly<Node.Node<A, E, R>, A>,
  options: Options<Labelled<NoInfer<ColumnsOf<A>>, Target>, Compared<NoInfer<ColumnsOf<A>>, Feature, NoInfer<Target>>>
): Node.Node<Review, E | ReviewError, R> => {
  const accepted: unknown = train
  const dataset = accepted as Node.Node<Dataset.Dataset<Columns, "train">, E, R> // TrainOnly says so
  const settings = settingsOf(options)
  const stage = Stage.make({
    name: "review-labels",
    version: 1,
    code: "versioned",
    draws: true,
    params: { ...settings, features: settings.features ?? null },
    learns: { dataset: ["train"] },
    codec,
    run: (
      inputs: { readonly dataset: Dataset.Dataset<Columns, "train"> },
      { key }: { readonly key: Key.Key }
    ): Effect.Effect<Review, ReviewError> => reviewed(inputs.dataset, settings, key)
  })
  return Node.make(stage, { dataset })
}

/** Reviews the labels of a train partition, now; the key decides which rows share a fold. Pipelines use `labels`. */
export const labelsOf = (
  train: Dataset.Dataset<Columns, "train">,
  options: Options,
  key: Key.Key
): Effect.Effect<Review, ReviewError> => reviewed(train, settingsOf(options), key)

const isGroup = (columns: Columns, name: string): boolean => {
  const column = columns[name]
  return "group" in column && column.group === true
}

const featuresOf = ({ columns }: Table, { features, target }: Settings): ReadonlyArray<string> =>
  features ??
  Object.keys(columns).filter(
    (name) => name !== target && !isGroup(columns, name) && !columns[name].kind.endsWith("timestamp")
  )

const check = (table: Table, { features, folds, target }: Settings, rows: number): ReviewError | undefined => {
  const refuse = (reason: string, hint: string) => new ReviewError({ reason, hint })
  const names = Object.keys(table.columns).join(", ")
  for (const name of [target, ...(features ?? [])]) {
    if (table.columns[name] === undefined) {
      return refuse(`there is no column "${name}"`, `The columns are ${names}.`)
    }
  }
  if (features?.includes(target)) return refuse(`"${target}" is the target itself`, "Compare rows by other columns.")
  const { kind } = table.columns[target]
  if (!/(float|category)$/.test(kind)) return refuse(`"${target}" is a ${kind}`, "Labels are numbers or categories.")
  if (rows < 10 * folds) {
    return refuse(`${counted(rows, "row")} with a label are too few for ${folds} folds`, "Ten a fold are the least.")
  }
  return undefined
}

/** The rows that have a label, in the order of their ids: where they stand does not count. */
const labelled = (table: Table, target: string): Uint32Array => {
  if (!/(float|category)$/.test(table.columns[target]?.kind ?? "")) return new Uint32Array(0)
  const values = numbers(table, target)
  const isThere = table.columns[target].kind.endsWith("category")
    ? (row: number) => values[row] >= 0
    : (row: number) => Number.isFinite(values[row])
  return IdOrder.sample(table.ids, table.length).filter(isThere)
}

const foldsOf = Effect.fnUntraced(function* (table: Table, folds: number, key: Key.Key) {
  const groups = Object.keys(table.columns).filter((name) => isGroup(table.columns, name))
  const named = yield* Effect.forEach(groups, (name) => Blocks.groups("Review.labels", table, name)).pipe(
    Effect.mapError(({ hint, reason }) => new ReviewError({ reason, hint }))
  )
  const blocks = Blocks.make([Blocks.equalRows(table), ...named], key)
  return blocks.of.map((block) => block % folds)
})

const hexOf = (ids: Uint8Array, row: number): string =>
  Buffer.from(ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)).toString("hex")

/** Counts which label was given for which, the most frequent pair first. */
const swapsOf = (suspects: ReadonlyArray<Judge.Suspect>): Review["swaps"] => {
  const counts = new Map<string, Review["swaps"][number]>()
  for (const { given, likely } of suspects) {
    const pair = JSON.stringify([given, likely])
    counts.set(pair, { given, likely, rows: (counts.get(pair)?.rows ?? 0) + 1 })
  }
  const order = [...counts].sort(([a, { rows: m }], [b, { rows: n }]) => n - m || (a < b ? -1 : 1))
  return order.map(([, swap]) => swap)
}

const reviewed = Effect.fn("Review.labels")(function* (
  train: Dataset.Dataset<Columns, "train">,
  settings: Settings,
  key: Key.Key
): Effect.fn.Return<Review, ReviewError> {
  const partition: Dataset.Partition = train.partition
  if (partition !== "train") {
    const reason = `it takes the train partition; this is the ${partition} partition`
    return yield* new ReviewError({ reason, hint: "Whoever corrects labels of other rows decides by them." })
  }
  const whole = yield* Effect.orDie(Dataset.rows(train)) // train rows are not sealed
  const { folds, neighbors, target, top } = settings
  const order = labelled(whole, target)
  const error = check(whole, settings, order.length)
  if (error !== undefined) return yield* error
  const features = featuresOf(whole, settings)
  if (features.length === 0) {
    return yield* new ReviewError({ reason: "there is no column to compare rows by", hint: "Name some as features." })
  }
  const table = take(whole, order)
  const rows = Uint32Array.from(order.keys())
  const foldOf = yield* foldsOf(table, folds, key)
  const found = yield* Effect.sync(() =>
    Judge.of({ table, target, foldOf, folds, neighbors, points: Points.of(table, features, rows) })
  )
  const places = Contents.of(train).rows
  const isClass = table.columns[target].kind.endsWith("category")
  return {
    version: 1,
    target,
    kind: isClass ? "classes" : "numbers",
    rows: table.length,
    features,
    folds,
    neighbors,
    agreement: found.agreement,
    skipped: found.skipped,
    suspicious: found.suspects.length,
    swaps: isClass ? swapsOf(found.suspects) : [],
    suspects: found.suspects.slice(0, top).map(({ certainty, given, likely, place }) => {
      const row = order[place]
      return { row: places?.[row] ?? row, id: hexOf(table.ids, place), given, likely, certainty }
    })
  }
})

/** Writes a review as text: how far it can be believed, then the rows to look at, the surest first. */
export const render: (review: Review) => string = page
