/**
 * Shuffled batches for training. The batch at an epoch and step is a pure function of the data set, the options and the
 * key: it does not depend on what was read before, on prefetching or on the number of worker threads. So the position is
 * all there is to save, and reading resumes anywhere exactly.
 */
import { Key } from "@watertight/core"
import { Effect, Schema, type Scope } from "effect"
import type { Augment, Modules } from "./augment/Describe.ts"
import type { Columns } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import { augmenter, load } from "./internal/augment.ts"
import { idWords, planAugment, tellCopies } from "./internal/augmentPlan.ts"
import { type Batch, type Batches, type Selection, draws, sequential as batchesOf } from "./internal/batches.ts"
import { repeats } from "./internal/contents.ts"
import { type Packed, type Plan, filler, makeSlot, rowsIn } from "./internal/fill.ts"
import { LoaderError, type Selection as PackSelection, featureDefect, pack, widthOf } from "./internal/pack.ts"
import * as Prefetch from "./internal/prefetch.ts"
import type { Table } from "./Table.ts"

export type { Batch, Batches, Feature, Selection, Target } from "./internal/batches.ts"
export { LoaderError } from "./internal/pack.ts"

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

/** How to read. */
export interface Settings {
  readonly batchSize: number
  /** Decides the orders and the noise. */
  readonly key: Key.Key
  /** Whether each epoch has an order of its own; on unless given. Without it rows come in the data set's order. */
  readonly shuffle?: boolean
  readonly noise?: ReadonlyArray<Noise>
  /** How many batches worker threads make ahead of the one being read; 4 unless given. 0 makes each when it is read. */
  readonly prefetch?: number
  /** How many worker threads make batches; 1 unless given. 0 is the same as no prefetch. */
  readonly workers?: number
}

/** The operations a partition takes: those for train rows of its columns; else the sentence that the compiler shows. */
export type Augmenting<C extends Columns, P extends Dataset.Partition> = [P] extends ["train"]
  ? Augment<C>
  : `only train rows are augmented; this is the ${P} partition`

/** What to read, and how. */
export interface Options<C extends Columns, Features extends string, Target extends string>
  extends Selection<C, Features, Target>, Settings {}

/** Reads batches by their position. */
export interface Loader {
  readonly rows: number
  /** Numbers in one row's features. */
  readonly width: number
  readonly batchSize: number
  /** Batches in an epoch; the last one may be padded. */
  readonly steps: number
  /**
   * Reads the batch at a position. Its arrays are the reader's until the next read, which may write into them. Reading
   * on in order takes what was prefetched; any other position works too, and starts prefetching there. One reader at a
   * time.
   */
  readonly read: (position: Position) => Effect.Effect<Batch, LoaderError>
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

const count = (name: string, value: number, least: number): LoaderError | undefined =>
  Number.isSafeInteger(value) && value >= least
    ? undefined
    : new LoaderError({ reason: `${name} is ${value}; give an integer of at least ${least}` })

const optionDefect = (rows: number, options: Settings): LoaderError | undefined => {
  const { batchSize, noise = [], prefetch = 4, workers = 1 } = options
  if (rows > 0 && batchSize > rows) {
    const reason = `batchSize is ${batchSize}, but there are only ${rows} rows; give at most that many`
    return new LoaderError({ reason })
  }
  for (const [index, { keep, name, size }] of noise.entries()) {
    if (noise.findIndex((other) => other.name === name) < index) {
      return new LoaderError({ reason: `two noises are called "${name}"; give each a name of its own` })
    }
    if (!(keep >= 2 ** -16 && keep <= 1)) {
      return new LoaderError({ reason: `noise "${name}" keeps ${keep}; give a probability from 2^-16 to 1` })
    }
    const defect = count(`the size of noise "${name}"`, size, 0)
    if (defect !== undefined) return defect
  }
  return count("prefetch", prefetch, 0) ?? count("workers", workers, 0)
}

/** A user's own functions, which `checkOwn` has found where workers look for them. */
const functionsOf = (augment: Augment<never> | undefined) =>
  Object.fromEntries(Object.entries(augment?.modules ?? {}).map(([name, { make }]) => [name, make]))

/** Fails unless the modules named export the functions given: worker threads can load them then, and sources cover them. */
const checkOwn = (modules: Modules): Effect.Effect<void, LoaderError> =>
  Effect.forEach(
    Object.entries(modules),
    ([name, { href, make }]) =>
      Effect.tryPromise({
        try: () => load({ [name]: href }),
        catch: (error) => new LoaderError({ reason: `the module of the operation ${name} did not load: ${error}` })
      }).pipe(
        Effect.flatMap((found) =>
          found[name] === make
            ? Effect.void
            : new LoaderError({
                reason: `${href} does not export the function given as ${name}: workers could not find it`
              })
        )
      ),
    { discard: true }
  )

/** Checks an augmentation against the rows, and adds to them and the plan what it needs. */
const withAugment = Effect.fnUntraced(function* (
  plain: { readonly packed: Packed; readonly plan: Plan },
  augment: Augment<never> | undefined,
  read: { readonly table: Table; readonly dataset: Dataset.Dataset; readonly options: Settings & PackSelection }
): Effect.fn.Return<{ readonly packed: Packed; readonly plan: Plan }, LoaderError> {
  if (augment === undefined || augment.operations.length === 0) return plain
  const { dataset, options, table } = read
  if (dataset.partition !== "train") {
    return yield* new LoaderError({ reason: `only train rows are augmented; these are ${dataset.partition} rows` })
  }
  const planned = planAugment(augment, table, options, Key.foldIn(options.key, "augment"))
  if (planned instanceof LoaderError) return yield* planned
  if (augment.modules !== undefined) yield* checkOwn(augment.modules)
  const ids = idWords(table.ids)
  return {
    packed: { ...plain.packed, ids: repeats(dataset) ? tellCopies(ids) : ids },
    plan: { ...plain.plan, augment: planned }
  }
})

const planOf = (rows: number, options: Settings): Plan => {
  const noise = Key.foldIn(options.key, "noise")
  return {
    batchSize: options.batchSize,
    steps: Math.ceil(rows / options.batchSize),
    order: (options.shuffle ?? true) ? Key.foldIn(options.key, "order") : undefined,
    noise: (options.noise ?? []).map((each) => ({ ...each, key: Key.foldIn(noise, each.name) }))
  }
}

/**
 * Makes a loader. Its worker threads end with the scope.
 *
 * Fails with a `LoaderError` on a batch size that is no positive integer or larger than the data set, an empty data set,
 * columns that are missing or of the wrong kind, and on NaN, infinity or numbers too large for float32; with a
 * `SealedError` for test rows, should types have been cast away.
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
  const Target extends string
>(
  dataset: NotTest<Dataset.Dataset<C, P>, P>,
  options: Options<C, Features, Target> & {
    /** What is done to train rows each time they are read: see `Augment`. */
    readonly augment?: Augmenting<NoInfer<C>, P> | undefined
  }
): Effect.fn.Return<Loader, LoaderError | Dataset.SealedError, Scope.Scope> {
  const readable = dataset as Dataset.Dataset<C, "train" | "validation"> // NotTest; Dataset.rows checks it again
  const table = yield* Dataset.rows(readable)
  const { batchSize, prefetch = 4, workers = 1 } = options
  const ahead = prefetch > 0 && workers > 0
  const defect = optionDefect(table.length, options)
  if (defect !== undefined) return yield* defect
  const rows = yield* pack(table, options, ahead)
  const augment = options.augment as Augment<never> | undefined // Augmenting; withAugment checks the rest again
  const read = { table, dataset: readable, options }
  const { packed, plan } = yield* withAugment({ packed: rows, plan: planOf(rows.rows, options) }, augment, read)

  const inline = (): Prefetch.Read => {
    const augmenting = plan.augment && augmenter(packed, plan.augment, plan.batchSize, draws, functionsOf(augment))
    const fill = filler(packed, plan, draws, augmenting)
    const slot = makeSlot(packed, plan)
    return (epoch, step) =>
      Effect.sync(() => {
        fill(epoch, step, slot)
        return slot
      })
  }
  const readSlot = ahead ? yield* Prefetch.make(packed, plan, { prefetch, workers }) : inline()
  return {
    rows: packed.rows,
    width: packed.width,
    batchSize,
    steps: plan.steps,
    read: (position) => {
      const { epoch, step } = position
      if (!isPosition(position) || step >= plan.steps) {
        const reason = `there is no batch at epoch ${epoch}, step ${step}: an epoch has ${plan.steps} steps, from 0`
        return Effect.fail(new LoaderError({ reason }))
      }
      return Effect.map(readSlot(epoch, step), (slot) => ({ ...slot, rows: rowsIn(packed, plan, step) }))
    }
  }
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
  table: Table<C>,
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
