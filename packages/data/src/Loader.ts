/**
 * Batches for training. The batch at an epoch and step is a pure function of the data set, the options and the key: it
 * does not depend on what was read before, on prefetching or on the number of worker threads. So the position is all
 * there is to save, and reading resumes anywhere exactly.
 */
import type { Key } from "@watertight/core"
import { Clock, Effect, Schema, type Scope } from "effect"
import type { Augment } from "./augment/Describe.ts"
import type * as Column from "./Column.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import { augmenter } from "./internal/augment/batch.ts"
import { functionsOf, withAugment } from "./internal/augment/check.ts"
import { type Batch, type Batches, type Selection, draws, sequential as batchesOf } from "./internal/loader/batches.ts"
import { type Packed, type Plan, type Slot, filler, rowsIn, rowsOf } from "./internal/loader/fill.ts"
import * as Inline from "./internal/loader/inline.ts"
import { LoaderError, featureDefect, pack, widthOf } from "./internal/loader/pack.ts"
import * as Prefetch from "./internal/loader/prefetch.ts"
import { type Settings as SettingsOf, aheadOf, optionDefect, planOf } from "./internal/loader/settings.ts"
import * as Stopwatch from "./internal/loader/stopwatch.ts"
import type * as Sampler from "./Sampler.ts"
import * as Table from "./Table.ts"
import type { Timing } from "./Verdict.ts"

export type { Batch, Batches, Feature, Selection, Target } from "./internal/loader/batches.ts"
export { LoaderError } from "./internal/loader/pack.ts"

/** Where reading stands: all a loader's state, at most 70 bytes as JSON. */
export const Position = Schema.Struct({
  version: Schema.Literal(1),
  epoch: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 })),
  step: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 - 1 }))
})

/** Where reading stands: all a loader's state, at most 70 bytes as JSON. */
export interface Position {
  readonly version: 1
  readonly epoch: number
  readonly step: number
}

/** A dropout mask: `size` numbers for each batch, each 1/keep with probability `keep`, a multiple of 2^-16 or the nearest, and else 0. */
export interface Noise {
  readonly name: string
  readonly size: number
  readonly keep: number
}

/** Which part of every batch is read: the rows at the places `rank`, `rank + of`, … of it. */
export interface Shard {
  /** From 0. */
  readonly rank: number
  readonly of: number
}

/** How to read. */
export interface Settings {
  /** Rows of a batch, over all ranks. Commonly 32 to 512. */
  readonly batchSize: number
  /** Decides the orders and the noise. */
  readonly key: Key.Key
  /** Masks; `size` counts numbers over all ranks. */
  readonly noise?: ReadonlyArray<Noise>
  /**
   * Splits every batch among ranks: this loader reads the rows of its own rank. Ranks have no row in common, take the same
   * number of steps, and together read the batches of a single rank, however many they are. All of a batch's padding may
   * fall to some ranks: a mean over ranks weighs each by the sum of its weights.
   */
  readonly shard?: Shard
  /**
   * What becomes of a last batch that the rows do not fill: `"pad"` (unless given) fills it up with zeros of weight 0,
   * `"drop"` leaves it out, `"keep"` gives it shorter arrays.
   */
  readonly last?: "pad" | "drop" | "keep"
  /**
   * How many batches worker threads make ahead of the one being read; 0 makes each when it is read. Unless given: as many
   * as 32 MiB hold, from 4 to 32 for each worker; but 0 where a batch is made in less time than it is handed over in: rows
   * times 0.1 µs, plus 1 ns for each of its numbers and masks, are at most 20 µs, nothing augments it, and `workers` is not
   * given. No batch depends on it.
   */
  readonly prefetch?: number
  /** How many worker threads make batches; 1 unless given. 0 is the same as no prefetch. No batch depends on it. */
  readonly workers?: number
}

/**
 * Weights of the target's classes, 1 for those not named; `"balanced"` learns them from train rows as
 * `rows / (classes · rows of the class)`, scikit-learn's `compute_class_weight`. Else the sentence that the compiler shows.
 */
export type ClassWeights<C extends Columns, Target extends string, P extends Dataset.Partition> = string extends
  | Target
  | keyof C
  ? "balanced" | Readonly<Record<string, number>>
  : Target extends keyof C
    ? C[Target] extends Column.Category<infer Level>
      ? | { readonly [L in Level]?: number }
        | (P extends "train" ? "balanced" : "balanced class weights are learned from train rows; these are not")
      : `class weights are for a category target; ${Target} is a ${C[Target]["kind"]}`
    : never

/** The operations a partition takes: those for train rows of its columns; else the sentence that the compiler shows. */
export type Augmenting<C extends Columns, P extends Dataset.Partition> = [P] extends ["train"]
  ? Augment<C>
  : `only train rows are augmented; this is the ${P} partition`

/** What to read, and how. */
export interface Options<
  C extends Columns,
  Features extends string,
  Target extends string,
  S extends Sampler.Sampler = Sampler.Sampler,
  P extends Dataset.Partition = "train"
>
  extends Selection<C, Features, Target>, Settings {
  /** Which rows make the batches of an epoch; `Sampler.shuffled` unless given. */
  readonly sampler?: Sampler.For<C, S>
  /** Makes `weight` the weight of the row's class. */
  readonly classWeights?: ClassWeights<C, Target, P>
}

/** Reads batches by their position. */
export interface Loader {
  /** Rows of the data set. */
  readonly rows: number
  /** Numbers in one row's features. */
  readonly width: number
  /** Rows of the batches that are read: the option's, divided by the ranks. */
  readonly batchSize: number
  /** Batches in an epoch; the last one may be padded. */
  readonly steps: number
  /**
   * Reads the batch at a position. Its arrays are the reader's until the next read, which may write into them. Reading
   * on in order takes what was prefetched; any other position works too, and starts prefetching there. One reader at a
   * time.
   *
   * Prefetched batches lie in shared memory that is allocated once. ONNX Runtime's CPU provider computes on them where they
   * are: nothing is copied to a device. Providers with memory of their own copy a batch when a step begins, synchronously;
   * their state stays on the device.
   */
  readonly read: (position: Position) => Effect.Effect<Batch, LoaderError>
  /** Finds which rows a batch holds, by their places in the data set, padding left out. Reads nothing. */
  readonly rowsOf: (position: Position) => Effect.Effect<Uint32Array, LoaderError>
  /** What has been measured so far. */
  readonly timing: Effect.Effect<Timing>
  /** How many worker threads died and were replaced: each may be once, and no batch changes. The second time, reading fails. */
  readonly restarts: Effect.Effect<number>
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 31

/** `Schema.is(Position)`, which takes 15 times as long at every step. */
const isPosition = ({ epoch, step, version }: Position): boolean => version === 1 && isCount(epoch) && isCount(step)

/** The position of the first batch. */
export const start: Position = { version: 1, epoch: 0, step: 0 }

/** Returns the position after another. */
export const next = (loader: Loader, { epoch, step }: Position): Position =>
  step + 1 < loader.steps ? { version: 1, epoch, step: step + 1 } : { version: 1, epoch: epoch + 1, step: 0 }

/** `Given` for the partitions that may be looked at; else the sentence that the compiler shows. */
export type NotTest<Given, P extends Dataset.Partition> = "test" extends P
  ? "the loader reads train or validation rows; test rows are read by Evaluate.test"
  : Given

/**
 * Makes a loader. Its worker threads end with the scope.
 *
 * Fails with a `LoaderError` on a batch size that is no positive integer or larger than the data set, an empty data set,
 * columns that are missing or of the wrong kind, on NaN, infinity or numbers too large for float32, and on options that
 * do not fit together or the data; with a `SealedError` for test rows, should types have been cast away.
 *
 * @example
 * import { Key } from "@watertight/core"
 * import { Column, Dataset, Loader, Table } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const columns = { x: Column.float, y: Column.float }
 *   const values = { x: new Float64Array([1, 2, 3]), y: new Float64Array([2, 4, 6]) }
 *   const table = yield* Table.make(columns, values, { length: 3 })
 *   const train = Dataset.make(table, undefined, "train")
 *   const loader = yield* Loader.make(train, {
 *     features: ["x"], target: "y", batchSize: 2, key: Key.fromSeed(7), prefetch: 0
 *   })
 *   const batch = yield* loader.read({ version: 1, epoch: 0, step: 1 })
 *   return [...batch.weight]
 * })
 * Effect.runSync(Effect.scoped(program)) // => [1, 0]
 */
export const make = Effect.fn("Loader.make")(function* <
  C extends Columns,
  P extends Dataset.Partition,
  const Features extends string,
  const Target extends string,
  S extends Sampler.Sampler = Sampler.Sampler<never, never>
>(
  dataset: NotTest<Dataset.Dataset<C, P>, P>,
  options: Options<C, Features, Target, S, P> & {
    /** What is done to train rows each time they are read: see `Augment`. */
    readonly augment?: Augmenting<NoInfer<C>, P> | undefined
  }
): Effect.fn.Return<Loader, LoaderError | Dataset.SealedError, Scope.Scope> {
  const readable = dataset as Dataset.Dataset<C, "train" | "validation"> // NotTest; Dataset.rows checks it again
  const table = yield* Dataset.rows(readable)
  const settings = { ...options } as SettingsOf // types of its columns were checked; names are checked again
  const defect = optionDefect(table.length, readable.partition, settings)
  if (defect !== undefined) return yield* defect
  const width = yield* featureWidth(table.columns, settings.features)
  const ahead = aheadOf(settings, { width, isAugmented: options.augment !== undefined })
  const plain = { packed: yield* pack(table, settings, ahead.prefetch > 0), plan: yield* planOf(table, settings) }
  const augment = options.augment as Augment<never> | undefined // Augmenting; withAugment checks the rest again
  const { packed, plan } = yield* withAugment(plain, augment, { table, dataset: readable, options: settings })
  const clock = yield* Clock.Clock
  const augmenting = () => plan.augment && augmenter(packed, plan.augment, plan.batchSize, draws, functionsOf(augment))
  const source =
    ahead.prefetch > 0
      ? yield* Prefetch.make(packed, plan, ahead)
      : Inline.make(packed, plan, filler(packed, plan, draws, augmenting()), clock)
  return reader(packed, plan, { ...source, ...ahead }, settings.last === "keep", clock)
})

/** Cuts what belongs to padding off a batch's arrays. */
const cut = ({ features, noise, target, weight }: Slot, width: number, rows: number): Slot => ({
  features: features.subarray(0, rows * width),
  target: target.subarray(0, (target.length / weight.length) * rows),
  weight: weight.subarray(0, rows),
  noise: Object.fromEntries(
    Object.entries(noise).map(([name, mask]) => [name, mask.subarray(0, (mask.length / weight.length) * rows)])
  )
})

type Source = Prefetch.Prefetch & Pick<Timing, "prefetch" | "workers">

const reader = (packed: Packed, plan: Plan, source: Source, isCut: boolean, clock: Clock.Clock): Loader => {
  const { steps } = plan
  const { prefetch, workers } = source
  const batchSize = plan.batchSize / plan.shard.of
  const stopwatch = Stopwatch.make(clock)
  const find = rowsOf(plan, draws)
  const checked = <A>(position: Position, then: (epoch: number, step: number) => Effect.Effect<A, LoaderError>) => {
    const { epoch, step } = position
    if (isPosition(position) && step < steps) return then(epoch, step)
    const reason = `there is no batch at epoch ${epoch}, step ${step}: an epoch has ${steps} steps, from 0`
    return Effect.fail(new LoaderError({ reason }))
  }
  return {
    rows: packed.rows,
    width: packed.width,
    batchSize,
    steps,
    read: (position) =>
      checked(position, (epoch, step) =>
        Effect.suspend(() => {
          stopwatch.ask(epoch, step)
          return Effect.map(source.read(epoch, step), (slot) => {
            stopwatch.got(epoch, step)
            const rows = rowsIn(plan, step)
            return isCut && rows < batchSize ? { ...cut(slot, packed.width, rows), rows } : { ...slot, rows }
          })
        })
      ),
    rowsOf: (position) => checked(position, (epoch, step) => Effect.sync(() => find(epoch, step).slice())),
    timing: Effect.sync(() => ({ ...stopwatch.timing(), ...source.making(), prefetch, workers })),
    restarts: Effect.sync(source.restarts)
  }
}

/** How much of an epoch's batches would be padding, were each padded to its longest row. */
export interface Padding {
  /** Places for a row's numbers, over all batches: rows of the batch times its longest length. */
  readonly padded: number
  /** How many of them rows fill. */
  readonly filled: number
  /** The share that is wasted: `1 - filled / padded`. */
  readonly waste: number
}

/**
 * Counts the padding in an epoch when every batch is padded to its longest row. `lengths` names the float column that
 * `Sampler.bucketed` reads; `data` is what the loader was made of.
 */
export const padding = Effect.fnUntraced(function* <C extends Columns>(
  loader: Loader,
  data: Dataset.Dataset<C, "train" | "validation">,
  lengths: KeysOf<C, "float">,
  epoch = 0
): Effect.fn.Return<Padding, LoaderError | Dataset.SealedError> {
  const values = Table.numbers(yield* Dataset.rows(data), lengths)
  let [padded, filled] = [0, 0]
  for (let step = 0; step < loader.steps; step++) {
    const rows = yield* loader.rowsOf({ version: 1, epoch, step })
    let longest = 0
    for (const row of rows) {
      filled += values[row]
      longest = Math.max(longest, values[row])
    }
    padded += longest * rows.length
  }
  return { padded, filled, waste: padded === 0 ? 0 : 1 - filled / padded }
})

/**
 * Makes batches of a table in the table's order, for evaluation: no shuffle, no noise, the last one padded. Fails like
 * `make`, except that a table may have fewer rows than a batch.
 *
 * @example
 * import { Column, Loader, Table } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const columns = { x: Column.float, y: Column.float }
 *   const values = { x: new Float64Array([1, 2, 3]), y: new Float64Array([2, 4, 6]) }
 *   const table = yield* Table.make(columns, values, { length: 3 })
 *   const batches = yield* Loader.sequential(table, { features: ["x"], target: "y", batchSize: 2 })
 *   return [...batches.batch(1).features]
 * })
 * Effect.runSync(program) // => [3, 0]
 */
export const sequential: <C extends Columns, const Features extends string, const Target extends string>(
  table: Table.Table<C>,
  selection: Selection<C, Features, Target> & {
    readonly augment?: "rows in order are read for evaluation, as they are: only Loader.make of train rows augments"
  }
) => Effect.Effect<Batches, LoaderError> = (table, selection) =>
  selection.augment === undefined
    ? batchesOf(table, selection)
    : Effect.fail(
        new LoaderError({ reason: "rows in order are read for evaluation, as they are: nothing augments them" })
      )

/** Counts the numbers in one row's features. Fails on columns that are missing or no features. */
export const featureWidth = (columns: Columns, features: ReadonlyArray<string>): Effect.Effect<number, LoaderError> =>
  Effect.suspend(() => {
    const defect = featureDefect(columns, features)
    return defect === undefined ? Effect.succeed(widthOf(columns, features)) : Effect.fail(defect)
  })
