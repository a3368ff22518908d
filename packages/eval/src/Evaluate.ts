/**
 * The one reading of the test partition. The ledger writes down which model reads which rows before they are opened;
 * then the model predicts them, and what it comes to is the report. The same model on the same rows is the same reading;
 * another model is refused, unless the rows are spent with a reason.
 */
import { Ledger, Node, Stage, type Store } from "@watertight/core"
import { Clean, type Column, type Columns, Dataset, type Excluded } from "@watertight/data"
import { Engine, Predict, type Trained } from "@watertight/model"
import { Effect, Schema } from "effect"
import * as Classification from "./Classification.ts"
import * as Metric from "./Metric.ts"
import * as Regression from "./Regression.ts"
import * as Report from "./Report.ts"

/** A baseline that says, for each row, what one of its float columns holds: "same as today" for tomorrow. */
export interface Baseline<C extends Columns.Columns, Name extends string, E, R> {
  /** How the report calls it. */
  readonly name: string
  /** The same test rows, in which the column has the target's unit: those before a recipe scaled them, for instance. */
  readonly rows: Node.Node<Dataset.Dataset<C, "test">, E, R>
  readonly column: BaselineColumn<C, Name>
}

/** A float column's name, or the sentence that the compiler shows when it is none. */
export type BaselineColumn<C extends Columns.Columns, Name extends string> = Name extends keyof C
  ? C[Name]["kind"] extends "float"
    ? Name
    : `a baseline is a float column; ${Name} is a ${C[Name]["kind"]}`
  : `there is no column ${Name}`

/** `unknown` for a test partition; else the sentence that the compiler shows. */
export type TestOnly<A> =
  A extends Dataset.Dataset<Columns.Columns, infer P>
    ? [P] extends ["test"]
      ? unknown
      : `Evaluate.test takes the test partition; this is the ${P} partition`
    : "Evaluate.test takes the test partition of a Split"

/** The baseline's rows are not the rows the model is tested on, or its column is missing. */
export class BaselineError extends Schema.TaggedError<BaselineError>()("BaselineError", {
  baseline: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Baseline "${this.baseline}": ${this.reason}.`
  }
}

/** What can go wrong in the reading of a test partition. */
export type Errors =
  | Ledger.TestAlreadyOpened
  | Ledger.LedgerTampered
  | Store.StoreError
  | Dataset.SealedError
  | Predict.Errors
  | BaselineError
  | Report.ReportError

interface Inputs {
  readonly [name: string]: unknown
  readonly model: Trained.Trained
  readonly test: Dataset.Dataset<Columns.Columns, "test">
  readonly baseline?: Dataset.Dataset<Columns.Columns, "test">
  /** The rows that the model's training validated on. */
  readonly validation?: Dataset.Dataset<Columns.Columns, "validation">
}

interface BaselineValues {
  readonly name: string
  readonly values: Float64Array
}

/** What a report is told besides the figures. */
interface Context {
  /** The name of the target. */
  readonly name: string
  readonly reading: Report.Reading
  readonly excluded: ReadonlyArray<Excluded.Excluded>
  readonly inputs: Inputs
}

const classify = (
  column: Column.Category,
  { predicted, target }: Predict.Predictions,
  { excluded, inputs: { model, validation }, name, reading }: Context
) => {
  // what the training's record says of the epoch whose weights were kept
  const accuracy = model.epochs[model.bestEpoch - 1]?.validationAccuracy ?? null
  const isKnown = accuracy !== null && validation !== undefined
  return Report.classification({
    ...(isKnown ? { validation: { accuracy, rows: validation.length, epochs: model.epochs.length } } : {}),
    target: name,
    result: Metric.collect(Classification.fromLogits(column.levels), [{ target, logits: predicted }]),
    excluded,
    reading
  })
}

const measure = ({ predicted, target }: Predict.Predictions) =>
  Metric.collect(Regression.metric, [{ target, prediction: predicted }])

const regress = Effect.fnUntraced(function* (
  predictions: Predict.Predictions,
  { excluded, inputs: { model, validation }, name, reading }: Context,
  baseline: BaselineValues | undefined
) {
  const seen = validation === undefined ? undefined : yield* Predict.run(model, yield* Dataset.rows(validation))
  const parts = {
    target: name,
    result: measure(predictions),
    excluded,
    reading,
    ...(seen === undefined ? {} : { validation: { result: measure(seen), epochs: model.epochs.length } })
  }
  if (baseline === undefined) return yield* Report.regression(parts)
  const { predicted, target } = predictions
  const comparison = Metric.collect(Regression.comparison, [
    { target, prediction: predicted, baseline: baseline.values }
  ])
  return yield* Report.regression({ ...parts, baseline: { name: baseline.name, comparison } })
})

/** Reads a column of the same rows, opened with the same permit. */
const readBaseline = Effect.fnUntraced(function* (
  { column, name }: { readonly name: string; readonly column: string },
  rows: Dataset.Dataset<Columns.Columns, "test">,
  test: Dataset.Dataset<Columns.Columns, "test">,
  permit: Ledger.Permit
) {
  if (!Buffer.from(Dataset.ids(rows)).equals(Buffer.from(Dataset.ids(test)))) {
    return yield* new BaselineError({ baseline: name, reason: "its rows are not the test rows in the same order" })
  }
  const table = yield* Dataset.unseal(rows, permit)
  const values: unknown = table.values[column]
  if (values instanceof Float64Array) return { name, values }
  return yield* new BaselineError({ baseline: name, reason: `there is no float column "${column}"` })
})

/** The input that has the count of a cleaned table. */
const excludedInput = (place: number): string => `excluded${place + 1}`

const excludedIn = (inputs: Inputs): ReadonlyArray<Excluded.Excluded> =>
  Object.keys(inputs)
    .filter((name) => /^excluded\d+$/.test(name))
    .map((_, place) => inputs[excludedInput(place)] as Excluded.Excluded) // put there by `test`

const read = Effect.fn("Evaluate.test")(function* (
  inputs: Inputs,
  context: Stage.Context,
  pipeline: string,
  baseline: { readonly name: string; readonly column: string } | undefined
): Effect.fn.Return<Report.Report, Errors, Ledger.Ledger | Engine.Engine> {
  const { model, test } = inputs
  const ledger = yield* Ledger.Ledger
  const opening = yield* ledger.open({ ids: Dataset.ids(test), model: context.digests["model"], pipeline })
  const table = yield* Dataset.unseal(test, opening.permit)
  const predictions = yield* Predict.run(model, table)
  const values =
    baseline === undefined || inputs.baseline === undefined
      ? undefined
      : yield* readBaseline(baseline, inputs.baseline, test, opening.permit)
  const told = { name: model.target, reading: opening, excluded: excludedIn(inputs), inputs }
  const report =
    model.column.kind === "category"
      ? yield* classify(model.column, predictions, told)
      : yield* regress(predictions, told, values)
  yield* opening.report(Report.summary(report))
  return report
})

/**
 * Reads the test partition with a trained model: a report with accuracy, per-class figures and the confusion matrix for
 * a category; mean absolute and root mean squared error, R2 and bias for a number, against a baseline if one is given.
 * It says whether test is worse than validation by more than chance, and how exactly the validation rows tell (practice D38).
 * Where tables were cleaned on the way to the model or the rows, it shows what left them by reason. Fails with
 * `TestAlreadyOpened` when another model has read any of these rows.
 */
export function test<A, Target extends Column.Column, E, R, E2, R2>(
  model: Node.Node<Trained.Trained<Target>, E, R>,
  rows: Node.Node<A, E2, R2> & TestOnly<A>
): Node.Node<Report.Report, E | E2 | Errors, R | R2 | Ledger.Ledger | Engine.Engine>
export function test<
  A,
  Target extends Column.Column,
  E,
  R,
  E2,
  R2,
  C extends Columns.Columns,
  Name extends string,
  E3,
  R3
>(
  model: Node.Node<Trained.Trained<Target>, E, R>,
  rows: Node.Node<A, E2, R2> & TestOnly<A>,
  options: { readonly baseline: Baseline<C, Name, E3, R3> }
): Node.Node<Report.Report, E | E2 | E3 | Errors, R | R2 | R3 | Ledger.Ledger | Engine.Engine>
export function test<E, R>(
  model: Node.Node<Trained.Trained, E, R>,
  rows: Node.Node<unknown, E, R>,
  options: { readonly baseline?: Baseline<Columns.Columns, string, E, R> } = {}
): Node.Node<Report.Report, E | Errors, R | Ledger.Ledger | Engine.Engine> {
  const { baseline } = options
  const described = baseline === undefined ? undefined : { name: baseline.name, column: String(baseline.column) }
  const stage = Stage.make({
    name: "test-report",
    version: 4,
    code: "versioned",
    params: { baseline: described ?? null },
    engine: Effect.map(Engine.Engine, ({ id }) => id),
    codec: Report.codec,
    run: (inputs: Inputs, context) => read(inputs, context, context.pipeline, described)
  })
  const validation: Node.Any | undefined = model.stage.name === "train-model" ? model.inputs["validation"] : undefined
  const counts = Clean.waterfalls<E, R>([model, rows])
  return Node.make(stage, {
    model,
    test: rows as Node.Node<Inputs["test"], E, R>, // TestOnly checked it
    ...(baseline === undefined ? {} : { baseline: baseline.rows }),
    ...(validation === undefined
      ? {}
      : { validation: validation as Node.Node<Dataset.Dataset<Columns.Columns, "validation">, E, R> }), // Train.fit's
    ...Object.fromEntries(counts.map((count, place) => [excludedInput(place), count]))
  })
}
