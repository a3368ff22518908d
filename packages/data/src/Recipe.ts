/**
 * A recipe describes how columns are prepared for a model: steps such as standard scaling and one-hot encoding. It is
 * described, then fitted on the train partition only, then applied to any partition: three types, so that what is not
 * fitted cannot be applied, and fitting on validation or test rows does not compile.
 */
import { Codec, Digest, Event, Key, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import * as Columnar from "./internal/columns/columnar.ts"
import { mapRows } from "./internal/columns/contents.ts"
import * as Shared from "./internal/loader/shared.ts"
import * as Tables from "./internal/columns/tables.ts"
import type { Recipe, TrainOnly } from "./recipe/Describe.ts"
import * as Step from "./Step.ts"
import type * as Table from "./Table.ts"

export { forColumns, of, step } from "./recipe/Describe.ts"
export type { Accepts, Extended, Recipe, Scaled, TrainOnly } from "./recipe/Describe.ts"
export * from "./recipe/Derive.ts"
export * from "./recipe/Encode.ts"
export * from "./recipe/Impute.ts"
export * from "./recipe/Read.ts"
export * from "./recipe/Rescale.ts"
export { RecipeError } from "./Step.ts"

declare const Takes: unique symbol
declare const Gives: unique symbol

/** A recipe with what its steps learned from a train partition. */
export interface Fitted<in In extends Columns, out Out extends Columns> {
  readonly [Takes]?: (columns: In) => void
  readonly [Gives]?: () => Out
  /** The columns it was fitted on. */
  readonly columns: Columns
  readonly steps: ReadonlyArray<{ readonly step: Step.Any; readonly learned: Schema.Json }>
}

const declarations = (columns: Columns): Readonly<Record<string, Digest.Digestible>> =>
  Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [
      name,
      Schema.encodeSync(Column.Declaration)(column) as Digest.Digestible // JSON is digestible
    ])
  )

const differing = (fitted: Columns, given: Columns): string | undefined => {
  const [before, now] = [declarations(fitted), declarations(given)]
  return Object.keys({ ...before, ...now }).find((name) => Digest.of(before[name]) !== Digest.of(now[name]))
}

const placed = (partition: string) => (error: Step.RecipeError) =>
  error.row === undefined ? error : new Step.RecipeError({ ...error, partition })

/**
 * Fits a recipe on the rows of a train partition, now. Pipelines use `fit`. Refuses other partitions also when types
 * were cast away. Steps that draw need a key, and each gets one of its own.
 */
export const fitDataset = Effect.fn("Recipe.fit")(function* <In extends Columns, Out extends Columns>(
  recipe: Recipe<In, Out>,
  train: Dataset.Dataset<In, "train">,
  { key }: { readonly key?: Key.Key } = {}
): Effect.fn.Return<Fitted<In, Out>, Step.RecipeError> {
  const partition: Dataset.Partition = train.partition
  if (partition !== "train") {
    const reason = `it learns from the train partition only; this is the ${partition} partition`
    return yield* new Step.RecipeError({ step: "Recipe.fit", reason })
  }
  if (train.length === 0) {
    return yield* new Step.RecipeError({ step: "Recipe.fit", reason: "the train partition has no rows to learn from" })
  }
  const steps: Array<Fitted<In, Out>["steps"][number]> = []
  let table: Table.Table = yield* Effect.orDie(Dataset.rows(train)) // train rows are not sealed
  for (const [index, each] of recipe.steps.entries()) {
    if (Tables.isLazy(table)) yield* progress(index, recipe.steps.length, table.length)
    yield* each.columns(table.columns)
    const learned = yield* Effect.mapError(each.fit(table, keyOf(recipe, index, key)), placed("train"))
    steps.push({ step: each, learned })
    if (Tables.isLazy(table)) yield* Effect.yieldNow // so that the column it read can be freed
    table = yield* Effect.mapError(after(table, each, learned, recipe.steps.slice(index + 1)), placed("train"))
  }
  return { columns: train.columns, steps }
})

/** The key of a step that draws: by its name and how many of that name are before it, so that others change nothing. */
const keyOf = ({ steps }: { readonly steps: ReadonlyArray<Step.Any> }, index: number, key: Key.Key | undefined) => {
  const { draws, name } = steps[index]
  if (!draws || key === undefined) return undefined
  const before = steps.slice(0, index).filter((step) => step.draws && step.name === name)
  return Key.foldIn(Key.foldIn(key, name), before.length)
}

const progress = (done: number, steps: number, rows: number): Effect.Effect<void> =>
  Event.progress(done * rows, steps * rows, "rows")

/**
 * The train rows as later steps are fitted on them. Values that a step changes are computed only when one of these reads
 * them; otherwise they are left out, so that nobody can take them for those before.
 */
const after = Effect.fnUntraced(function* (
  table: Table.Table,
  step: Step.Any,
  learned: Schema.Json,
  later: ReadonlyArray<Step.Any>
): Effect.fn.Return<Table.Table, Step.RecipeError> {
  if (later.length === 0) return table
  const columns = yield* step.columns(table.columns, learned)
  const made = [...(step.changes ?? []), ...Object.keys(columns).filter((name) => !(name in table.columns))]
  const isRead = later.some(({ reads }) => reads === undefined || reads.some((name) => made.includes(name)))
  if (step.changes === undefined || isRead) return yield* step.apply(table, learned, "train")
  const kept = Object.entries(Columnar.entries(table.values)).filter(([name]) => !made.includes(name))
  const values = Columnar.make(Object.fromEntries(kept))
  return Tables.fromEntries(columns, values, table.length, Tables.ids(table))
})

/**
 * Applies a fitted recipe to a table, now: for rows that a trained model meets later, not for those it was fitted on.
 * Pipelines use `apply`.
 */
export const applyTable = <In extends Columns, Out extends Columns>(
  fitted: Fitted<In, Out>,
  table: Table.Table<In>
): Effect.Effect<Table.Table<Out>, Step.RecipeError> => applyRows(fitted, table, undefined)

const applyRows = Effect.fn("Recipe.apply")(function* <In extends Columns, Out extends Columns>(
  fitted: Fitted<In, Out>,
  table: Table.Table<In>,
  partition: Dataset.Partition | undefined
): Effect.fn.Return<Table.Table<Out>, Step.RecipeError> {
  const column = differing(fitted.columns, table.columns)
  if (column !== undefined) {
    const reason = "differs from the column of that name the recipe was fitted on, or one of the two is missing"
    return yield* new Step.RecipeError({ step: "Recipe.apply", column, reason })
  }
  let current: Table.Table = table
  for (const [index, { learned, step }] of fitted.steps.entries()) {
    if (Tables.isLazy(table)) yield* progress(index, fitted.steps.length, table.length)
    current = yield* step.apply(current, learned, partition)
  }
  return current as Table.Table<Out> // the steps' types say so
})

const Stored = Schema.Struct({
  columns: Schema.Array(Schema.Struct({ name: Schema.String, column: Column.Declaration })),
  steps: Schema.Array(
    Schema.Struct({ name: Schema.String, version: Schema.Int, config: Schema.Json, learned: Schema.Json })
  )
})

const describe = ({ config, name, version }: Step.Any) => ({ name, version, config })

/** Keeps what was learned as JSON. Only the recipe's own steps can give it meaning again. */
const codec = <In extends Columns, Out extends Columns>(recipe: Recipe<In, Out>): Codec.Codec<Fitted<In, Out>> =>
  Codec.stored<Fitted<In, Out>>({
    name: "recipe",
    encode: ({ columns, steps }) => ({
      meta: Schema.encodeSync(Stored)({
        columns: Object.entries(columns).map(([name, column]) => ({ name, column })),
        steps: steps.map(({ learned, step }) => ({ ...describe(step), learned }))
      }),
      blobs: {}
    }),
    decode: Effect.fnUntraced(
      function* ({ meta }) {
        const stored = yield* Schema.decodeUnknownEffect(Stored)(meta, { onExcessProperty: "error" })
        const same =
          stored.steps.length === recipe.steps.length &&
          recipe.steps.every((step, index) => {
            const { learned: _, ...found } = stored.steps[index]
            return Digest.of(found as Digest.Digestible) === Digest.of(describe(step) as Digest.Digestible) // both are JSON
          })
        if (!same)
          return yield* new Codec.ArtifactError({ codec: "recipe", reason: "its steps are those of another recipe" })
        return {
          columns: Object.fromEntries(stored.columns.map(({ column, name }) => [name, column])),
          steps: recipe.steps.map((step, index) => ({ step, learned: stored.steps[index].learned }))
        }
      },
      Effect.mapError((error) => new Codec.ArtifactError({ codec: "recipe", reason: error.message }))
    )
  })

/**
 * Fits a recipe on the train partition. The result is stored as JSON: every statistic can be read. Steps that draw are
 * given keys of the run's seed, which is part of the cache key then. Fails with a `RecipeError` on NaN and infinity, naming column and row, and on an empty partition.
 */
export const fit = <In extends Columns, Out extends Columns, A, E, R>(
  recipe: Recipe<In, Out>,
  train: TrainOnly<Node.Node<A, E, R>, A, In, "Recipe.fit">
): Node.Node<Fitted<In, Out>, E | Step.RecipeError, R> => {
  const accepted: unknown = train
  const dataset = accepted as Node.Node<Dataset.Dataset<In, "train">, E, R> // TrainOnly says so
  return Node.make(
    Stage.make({
      name: "fit",
      version: 1,
      params: { steps: recipe.steps.map(describe) },
      code: recipe.steps.every((step) => step.code === "versioned") ? "versioned" : "sources",
      draws: recipe.steps.some((step) => step.draws),
      learns: { dataset: ["train"] },
      codec: codec(recipe),
      run: (inputs: { readonly dataset: Dataset.Dataset<In, "train"> }, { key }) =>
        fitDataset(recipe, inputs.dataset, { key })
    }),
    { dataset }
  )
}

/**
 * Applies a fitted recipe to a partition, row by row; partition and row ids stay. Refuses columns other than those it was
 * fitted on. Test rows stay sealed.
 */
export const apply = <In extends Columns, Out extends Columns, P extends Dataset.Partition, E, R, E2, R2>(
  fitted: Node.Node<Fitted<In, Out>, E, R>,
  part: Node.Node<Dataset.Dataset<In, P>, E2, R2>
): Node.Node<Dataset.Dataset<Out, P>, E | E2 | Step.RecipeError, R | R2> =>
  Node.make(
    Stage.make({
      name: "apply",
      version: 1,
      code: fitted.stage.code,
      codec: Dataset.codec<Out, P>(),
      run: (inputs: { readonly fitted: Fitted<In, Out>; readonly dataset: Dataset.Dataset<In, P> }) =>
        applyDataset(inputs.fitted, inputs.dataset)
    }),
    { fitted, dataset: part }
  )

/** Applies a fitted recipe to a partition, now. Pipelines use `apply`. */
export const applyDataset = <In extends Columns, Out extends Columns, P extends Dataset.Partition>(
  fitted: Fitted<In, Out>,
  part: Dataset.Dataset<In, P>
): Effect.Effect<Dataset.Dataset<Out, P>, Step.RecipeError> =>
  Effect.mapError(
    mapRows(part, (table) =>
      Effect.map(applyRows(fitted, table, part.partition), (ready) =>
        part.partition === "train" ? Shared.withSharedTensors(ready) : ready
      )
    ),
    placed(part.partition)
  )

/** The float columns that a recipe begins and ends with: what `inverse` can lead back. */
export type Restorable<In extends Columns, Out extends Columns> = KeysOf<In, "float"> & KeysOf<Out, "float">

/**
 * Turns numbers of a scaled float column back into the units the recipe was given: predictions of a target that was
 * standardized, for instance. Undoes the steps on that column, the last one first. Fails where a step on it has no inverse
 * (clipping, ranks), and where a number is none that the steps could have given.
 *
 * @example
 * import { Column, Dataset, Recipe, Table } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const table = yield* Table.make({ fare: Column.float }, { fare: Float64Array.of(10, 20, 30) }, { length: 3 })
 *   const recipe = Recipe.forColumns(table.columns).pipe(Recipe.minMax("fare"), Recipe.scale("fare", 4))
 *   const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train"))
 *   return [...(yield* Recipe.inverse(fitted, "fare", Float64Array.of(0, 1, 4)))]
 * })
 * Effect.runSync(program) // => [10, 15, 30]
 */
export const inverse = Effect.fn("Recipe.inverse")(function* <In extends Columns, Out extends Columns>(
  fitted: Fitted<In, Out>,
  column: Restorable<In, Out>,
  values: Float64Array
): Effect.fn.Return<Float64Array, Step.RecipeError> {
  let current: Float64Array = values.slice()
  for (const { learned, step } of fitted.steps.toReversed()) {
    if (step.changes !== undefined && !step.changes.includes(column)) continue
    if (step.inverse === undefined) {
      const reason = `${step.name} cannot be undone: what the numbers were before is lost or not declared`
      return yield* new Step.RecipeError({ step: "Recipe.inverse", column, reason })
    }
    current = yield* step.inverse(current, learned)
  }
  const row = current.findIndex((value) => !Number.isFinite(value))
  if (row < 0) return current
  const reason = `${values[row]} comes from no number that the recipe could have been given`
  return yield* new Step.RecipeError({ step: "Recipe.inverse", column, row, reason })
})
