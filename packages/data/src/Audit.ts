/**
 * Looks for leaks between the partitions of a split before a model is believed: copies, groups and labels on both sides,
 * columns that are the target in other words, orders and dates that give it away, partitions that differ. Each finding
 * is named after Kapoor and Narayanan's taxonomy and says what to do. Test rows are compared without being shown: counts,
 * distances and scores are all that leaves them, and nothing that learns can take an audit.
 */
import { Codec, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Drift from "./audit/Drift.ts"
import * as LeakFinding from "./audit/LeakFinding.ts"
import * as NearDuplicates from "./audit/NearDuplicates.ts"
import * as Look from "./audit/Look.ts"
import { page } from "./audit/Render.ts"
import type { Columns, KeysOf } from "./Columns.ts"
import type * as Dataset from "./Dataset.ts"
import * as Contents from "./internal/columns/contents.ts"
import * as Near from "./Near.ts"
import type { Partitions } from "./Partitions.ts"
import * as Target from "./profile/Target.ts"

export { LeakFinding as Finding, type Leakage, taxonomy } from "./audit/LeakFinding.ts"
export { thresholds } from "./audit/DriftFindings.ts"

const Counts = Schema.Struct({ train: Schema.Int, validation: Schema.Int, test: Schema.Int })

/** What an audit found. */
export const Audit = Schema.Struct({
  version: Schema.Literal(1),
  target: Schema.NullOr(Schema.String),
  rows: Counts,
  /** In how many of a hundred audits of clean data, as a share, chance alone gives a finding at most. */
  falseAlarm: Schema.Finite,
  /** How many comparisons share that rate. */
  comparisons: Schema.Int,
  drifts: Schema.Array(Drift.Drift),
  /** What each column predicts of the target by itself, in train rows, the strongest first. */
  powers: Schema.Array(Target.Power),
  checks: Schema.Array(Schema.Struct({ check: Schema.String, skipped: Schema.NullOr(Schema.String) })),
  findings: Schema.Array(LeakFinding.LeakFinding)
})

/** What an audit found. */
export type Audit = typeof Audit.Type

/** Partitions cannot be audited as asked. */
export class AuditError extends Schema.TaggedError<AuditError>()("AuditError", {
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `Audit: ${this.reason}. ${this.hint}`
  }
}

/** What an audit is about. */
export interface Options<Name extends string = string, Instant extends string = string> {
  /** What is to be predicted: without it nothing can be said about what predicts it. */
  readonly target?: Name
  /** Columns whose values must not be on two sides, beside those declared by `Column.group`. */
  readonly groups?: ReadonlyArray<Name>
  /** The instant at which a row's prediction is made. */
  readonly predictedAt?: Instant
  /** The instant at which a row's label is known: its label is made of the time from `predictedAt` to it. */
  readonly labelEnd?: Instant
  /** In what share of audits of clean data chance alone may give a finding: 0.01 unless given. */
  readonly falseAlarm?: number
}

/** The options that name columns of `C`. */
export type Named<C extends Columns> = Options<
  keyof C & string,
  string extends keyof C ? string : KeysOf<C, "timestamp" | "optional timestamp">
>

const aboutOf = ({ falseAlarm = 0.01, groups, labelEnd, predictedAt, target }: Options): Look.About => {
  if (!(falseAlarm > 0 && falseAlarm < 0.5)) {
    throw new RangeError(`Audit.of: ${falseAlarm} is no rate of false alarms between 0 and 0.5`)
  }
  return { target, groups: groups ?? [], predictedAt, labelEnd, falseAlarm }
}

/** When rows of two partitions are nearly the same: nothing, or a sentence about the columns it takes. */
export interface Nearness<C extends Columns, N extends Near.Near> {
  readonly near?: N & ([Near.Refusal<C, N>] extends [never] ? unknown : Near.Refusal<C, N>)
}

/** Keeps an audit as JSON, shown as its page. */
export const codec: Codec.Codec<Audit> = Codec.json("audit", Audit, { show: page })

/**
 * Audits the partitions of a split. Its lineage is that of the test rows: whatever learns refuses it. Fails with an
 * `AuditError` for columns that are not there or of another kind. Throws a `RangeError` for a rate of false alarms outside
 * (0, 0.5).
 *
 * @example
 * import { Audit, Column, Columns, Source, Split } from "@watertight/data"
 * const Taxi = Columns.make({ pickup: Column.timestamp, distance: Column.float, fare: Column.float })
 * const trips = Source.csv("trips.csv", Taxi)
 * const parts = Split.temporal(trips, { on: "pickup", validation: "7 days", test: "7 days" })
 * const audit = Audit.of(parts, { target: "fare", predictedAt: "pickup" })
 * audit.lineage.has("test") // => true
 */
export const of = <C extends Columns, E, R, const N extends Near.Near = never>(
  parts: Partitions<C, E, R>,
  options: Named<NoInfer<C>> & Nearness<NoInfer<C>, N> = {}
): Node.Node<Audit, E | AuditError | Near.NearError, R> => {
  const near: Near.Near | undefined = options.near
  const about = aboutOf(options)
  const { falseAlarm, groups, labelEnd, predictedAt, target } = about
  const stage = Stage.make({
    name: "audit",
    version: 1,
    code: "versioned",
    params: {
      target: target ?? null,
      groups,
      predictedAt: predictedAt ?? null,
      labelEnd: labelEnd ?? null,
      falseAlarm,
      near: near === undefined ? null : Near.toJson(near)
    },
    codec,
    run: (inputs: Datasets<C>) => audited(inputs, about, near)
  })
  return Node.make(stage, { train: parts.train, validation: parts.validation, test: parts.test })
}

/** The three partitions of a split. */
export type Datasets<C extends Columns> = {
  readonly train: Dataset.Dataset<C, "train">
  readonly validation: Dataset.Dataset<C, "validation">
  readonly test: Dataset.Dataset<C, "test">
}

const sideOf = <P extends Dataset.Partition>(dataset: Dataset.Dataset<Columns, P>) => ({
  name: dataset.partition,
  table: Contents.open(dataset),
  places: Contents.of(dataset).rows
})

const check = ({ test, train, validation }: Datasets<Columns>, about: Look.About): AuditError | undefined => {
  for (const [wanted, { partition }] of Object.entries({ train, validation, test })) {
    if (partition !== wanted) {
      const reason = `${wanted} is the ${partition} partition`
      return new AuditError({ reason, hint: "Give it the three partitions of one split." })
    }
  }
  const { columns } = train
  const hint = `The columns are ${Object.keys(columns).join(", ")}.`
  const instants = [about.predictedAt, about.labelEnd].filter((name) => name !== undefined)
  for (const name of [about.target, ...about.groups, ...instants]) {
    if (name !== undefined && columns[name] === undefined) {
      return new AuditError({ reason: `there is no column "${name}"`, hint })
    }
  }
  const odd = instants.find((name) => !columns[name].kind.endsWith("timestamp"))
  if (odd !== undefined)
    return new AuditError({ reason: `"${odd}" is a ${columns[odd].kind}`, hint: "Name an instant." })
  const tensor = about.groups.find((name) => columns[name].kind === "tensor")
  if (tensor !== undefined)
    return new AuditError({ reason: `"${tensor}" is a tensor`, hint: "Name a column of groups." })
  if (about.labelEnd === undefined || about.predictedAt !== undefined) return undefined
  return new AuditError({
    reason: "labelEnd is named without predictedAt",
    hint: "Name both: a label is made between them."
  })
}

/** Audits three partitions, now. Pipelines use `of`. */
export const ofDatasets = <C extends Columns, const N extends Near.Near = never>(
  datasets: Datasets<C>,
  options: Named<NoInfer<C>> & Nearness<NoInfer<C>, N> = {}
): Effect.Effect<Audit, AuditError | Near.NearError> => audited(datasets, aboutOf(options), options.near)

const audited = Effect.fnUntraced(function* <C extends Columns>(
  datasets: Datasets<C>,
  about: Look.About,
  near: Near.Near | undefined
): Effect.fn.Return<Audit, AuditError | Near.NearError> {
  const error = check(datasets, about)
  if (error !== undefined) return yield* error
  const { test, train, validation } = datasets
  const isOneTable = Contents.of(train).table === Contents.of(test).table
  const sides = { train: sideOf(train), validation: sideOf(validation), test: sideOf(test), isOneTable }
  const copies = near === undefined ? undefined : yield* NearDuplicates.of(sides, near)
  return {
    version: 1,
    target: about.target ?? null,
    rows: { train: train.length, validation: validation.length, test: test.length },
    falseAlarm: about.falseAlarm,
    ...Look.at(sides, about, copies)
  }
})

/** Writes an audit as text: findings first, then the figures, then what was not checked and why. */
export const render: (audit: Audit) => string = page
