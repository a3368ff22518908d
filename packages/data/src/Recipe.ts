/**
 * A recipe describes how columns are prepared for a model: steps such as standard scaling and one-hot encoding. It is
 * described, then fitted on the train partition only, then applied to any partition: three types, so that what is not
 * fitted cannot be applied, and fitting on validation or test rows does not compile.
 */
import { Codec, Digest, Node, Stage } from "@watertight/core"
import { Effect, Pipeable, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns, Replace } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import { mapRows } from "./internal/contents.ts"
import * as Shared from "./internal/shared.ts"
import * as Step from "./Step.ts"
import * as MinMax from "./steps/MinMax.ts"
import * as OneHot from "./steps/OneHot.ts"
import * as Scale from "./steps/Scale.ts"
import * as Standardize from "./steps/Standardize.ts"
import type * as Table from "./Table.ts"

export { RecipeError } from "./Step.ts"

declare const Takes: unique symbol
declare const Gives: unique symbol

/** Steps that turn rows of the columns `In` into rows of the columns `Out`. */
export interface Recipe<in In extends Columns, out Out extends Columns> extends Pipeable.Pipeable {
  readonly [Takes]?: (columns: In) => void
  readonly [Gives]?: () => Out
  readonly steps: ReadonlyArray<Step.Any>
}

/** A recipe with what its steps learned from a train partition. */
export interface Fitted<in In extends Columns, out Out extends Columns> {
  readonly [Takes]?: (columns: In) => void
  readonly [Gives]?: () => Out
  /** The columns it was fitted on. */
  readonly columns: Columns
  readonly steps: ReadonlyArray<{ readonly step: Step.Any; readonly learned: Schema.Json }>
}

/** `Given` when `A` is the train partition of rows of `In`; else the sentence that the compiler shows. */
export type TrainOnly<Given, A, In extends Columns, Verb extends string> =
  A extends Dataset.Dataset<infer C, infer P>
    ? [P] extends ["train"]
      ? [C] extends [In]
        ? Given
        : `${Verb}: this recipe was described for other columns`
      : `${Verb} takes the train partition; this is the ${P} partition`
    : A extends Table.Table
      ? `${Verb} takes the train partition; this table is not split yet: use Split first`
      : `${Verb} takes the train partition of a Split`

/** Wide columns are checked at run time only. */
type Refusal<
  C extends Columns,
  Name extends string,
  Kind extends Column.Kind,
  Verb extends string
> = string extends keyof C
  ? never
  : Name extends keyof C
    ? C[Name]["kind"] extends Kind
      ? never
      : `${Verb} takes ${Kind extends "category" ? "category" : "float or tensor"} columns; ${Name} is a ${C[Name]["kind"]}`
    : `${Verb}: there is no column ${Name}`

/** `Given` when every named column is of one of the kinds; else the sentences that the compiler shows. */
export type Accepts<Given, C extends Columns, Name extends string, Kind extends Column.Kind, Verb extends string> = [
  Refusal<C, Name, Kind, Verb>
] extends [never]
  ? Given
  : Refusal<C, Name, Kind, Verb>

/** `C` after a numeric step on the columns named. */
export type Scaled<C extends Columns, Name extends string> = {
  readonly [K in keyof C]: K extends Name
    ? C[K] extends Column.Tensor<infer Shape>
      ? Column.Tensor<Shape>
      : C[K]
    : C[K]
}

/** `C` with the columns named one-hot encoded. */
export type Encoded<C extends Columns, Name extends string> = Replace<
  C,
  { readonly [K in Name]: Column.Tensor<readonly [number]> }
>

/** `C` with columns replaced and added. */
export type Extended<C extends Columns, Changed extends Columns> = {
  readonly [K in keyof C | keyof Changed]: K extends keyof Changed ? Changed[K] : K extends keyof C ? C[K] : never
}

const fromSteps = <In extends Columns, Out extends Columns>(steps: ReadonlyArray<Step.Any>): Recipe<In, Out> =>
  Object.assign(Object.create(Pipeable.Prototype), { steps })

const adding = <In extends Columns, Out extends Columns>(accepted: unknown, steps: ReadonlyArray<Step.Any>) => {
  const recipe = accepted as Recipe<In, never> // what the combinators below accept is a recipe
  return fromSteps<In, Out>([...recipe.steps, ...steps])
}

/** Starts a recipe for the rows of a train partition. The node only says which columns there are; nothing is read. */
export const of = <A, E, R>(
  _train: TrainOnly<Node.Node<A, E, R>, A, Columns, "Recipe.of">
): A extends Dataset.Dataset<infer C, infer _P> ? Recipe<C, C> : never =>
  fromSteps([]) as A extends Dataset.Dataset<infer C, infer _P> ? Recipe<C, C> : never // TrainOnly: A is a Dataset

/** Starts a recipe for rows of the given columns. */
export const forColumns = <const C extends Columns>(_columns: C): Recipe<C, C> => fromSteps([])

/**
 * Adds a step of one's own.
 *
 * @example
 * import { Column, Recipe, Step } from "@watertight/data"
 * import { Effect, Schema } from "effect"
 * const half = Step.column({
 *   name: "half", version: 1, column: "fare", takes: ["float"], becomes: (column: Column.Float) => column,
 *   state: Schema.Null, fit: () => Effect.succeed(null),
 *   apply: ({ values }) => Effect.succeed(values.map((value) => value / 2))
 * })
 * Recipe.forColumns({ fare: Column.float }).pipe(Recipe.step(half)).steps.length // => 1
 */
export const step =
  <Needed extends Columns, Changed extends Columns>(added: Step.Step<Needed, Changed>) =>
  <In extends Columns, Out extends Columns>(
    recipe: [Out] extends [Needed] ? Recipe<In, Out> : "this step takes columns that the recipe does not have here"
  ): Recipe<In, Extended<Out, Changed>> =>
    adding(recipe, [added])

const each = <Name extends string>(names: Name | ReadonlyArray<Name>): ReadonlyArray<Name> =>
  typeof names === "string" ? [names] : names

/**
 * Standardizes float and tensor columns to mean 0 and variance 1 over the train rows; constants become 0. See
 * `steps/Standardize` for the options.
 *
 * @example
 * import { Column, Recipe } from "@watertight/data"
 * const recipe = Recipe.forColumns({ a: Column.float, b: Column.float }).pipe(Recipe.standardize(["a", "b"]))
 * recipe.steps.map((step) => step.config) // => [{ column: "a", per: "tensor" }, { column: "b", per: "tensor" }]
 */
export const standardize =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: Standardize.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "standardize">
  ): Recipe<In, Scaled<Out, Name>> =>
    adding(
      recipe,
      each(columns).map((name) => Standardize.make(name, options))
    )

/** Scales float and tensor columns to [0, 1] over the train rows; constants become 0. See `steps/MinMax` for the options. */
export const minMax =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options?: MinMax.Options) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "minMax">
  ): Recipe<In, Scaled<Out, Name>> =>
    adding(
      recipe,
      each(columns).map((name) => MinMax.make(name, options))
    )

/** Multiplies float and tensor columns by a constant: `Recipe.scale("image", 1 / 255)`. */
export const scale =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, factor: number) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "float" | "tensor", "scale">
  ): Recipe<In, Scaled<Out, Name>> =>
    adding(
      recipe,
      each(columns).map((name) => Scale.make(name, factor))
    )

/** Turns categories into tensors of one number per level: 1 for the row's level, 0 for the others. */
export const oneHot =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>) =>
  <In extends Columns, Out extends Columns>(
    recipe: Accepts<Recipe<In, Out>, Out, Name, "category", "oneHot">
  ): Recipe<In, Encoded<Out, Name>> =>
    adding(
      recipe,
      each(columns).map((name) => OneHot.make(name))
    )

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
 * were cast away.
 */
export const fitDataset = Effect.fn("Recipe.fit")(function* <In extends Columns, Out extends Columns>(
  recipe: Recipe<In, Out>,
  train: Dataset.Dataset<In, "train">
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
    yield* each.columns(table.columns)
    const learned = yield* Effect.mapError(each.fit(table), placed("train"))
    steps.push({ step: each, learned })
    if (index + 1 < recipe.steps.length) table = yield* Effect.mapError(each.apply(table, learned), placed("train"))
  }
  return { columns: train.columns, steps }
})

/** Applies a fitted recipe to a table, now: for rows that a trained model meets later. Pipelines use `apply`. */
export const applyTable = Effect.fn("Recipe.apply")(function* <In extends Columns, Out extends Columns>(
  fitted: Fitted<In, Out>,
  table: Table.Table<In>
): Effect.fn.Return<Table.Table<Out>, Step.RecipeError> {
  const column = differing(fitted.columns, table.columns)
  if (column !== undefined) {
    const reason = "differs from the column of that name the recipe was fitted on, or one of the two is missing"
    return yield* new Step.RecipeError({ step: "Recipe.apply", column, reason })
  }
  let current: Table.Table = table
  for (const { learned, step } of fitted.steps) current = yield* step.apply(current, learned)
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
 * Fits a recipe on the train partition. The result is stored as JSON: every statistic can be read. Fails with a
 * `RecipeError` on NaN and infinity, naming column and row, and on an empty partition.
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
      learns: { dataset: ["train"] },
      codec: codec(recipe),
      run: (inputs: { readonly dataset: Dataset.Dataset<In, "train"> }) => fitDataset(recipe, inputs.dataset)
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
      Effect.map(applyTable(fitted, table), (ready) =>
        part.partition === "train" ? Shared.withSharedTensors(ready) : ready
      )
    ),
    placed(part.partition)
  )
