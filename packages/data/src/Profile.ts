/**
 * What a person looks at before modelling: what each column holds, how the target is spread, and what looks wrong, with
 * what to do about it. A profile takes the train partition, because whoever looks at test rows decides by them; looking
 * at a whole table needs a reason in words, which the profile shows for good.
 */
import { Codec, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import type { Columns, KeysOf } from "./Columns.ts"
import * as Dataset from "./Dataset.ts"
import * as Contents from "./internal/columns/contents.ts"
import { counted } from "./internal/prose.ts"
import * as ColumnProfile from "./profile/ColumnProfile.ts"
import * as Finding from "./profile/Finding.ts"
import { quantile as normalQuantile } from "./internal/statistics/normal.ts"
import { page } from "./profile/Render.ts"
import * as Rows from "./profile/Rows.ts"
import * as Suspicions from "./profile/Suspicions.ts"
import * as Target from "./profile/Target.ts"
import * as TargetFindings from "./profile/TargetFindings.ts"
import type * as RowId from "./RowId.ts"
import { type Table, digest as digestOf } from "./Table.ts"

/** Which rows were looked at. */
export const Scope = Schema.Union([
  Schema.Struct({ of: Schema.Literal("train") }),
  Schema.Struct({ of: Schema.Literal("whole"), because: Schema.String })
])

/** Which rows were looked at. */
export type Scope = typeof Scope.Type

/** What rows look like. */
export const Profile = Schema.Struct({
  version: Schema.Literal(1),
  scope: Scope,
  rows: Schema.Int,
  target: Schema.NullOr(Schema.String),
  predictedAt: Schema.NullOr(Schema.String),
  columns: Schema.Array(ColumnProfile.ColumnProfile),
  /** Rows that have the id of an earlier one. */
  repeats: Rows.Repeats,
  /** Rows with equal features and different targets; null without a target. */
  contradictions: Schema.NullOr(Rows.Contradictions),
  /** What each column predicts of the target by itself, the strongest first. */
  powers: Schema.Array(Target.Power),
  findings: Schema.Array(Finding.Finding)
})

/** What rows look like. */
export type Profile = typeof Profile.Type

/** Rows cannot be profiled as asked. */
export class ProfileError extends Schema.TaggedError<ProfileError>()("ProfileError", {
  reason: Schema.String,
  hint: Schema.String
}) {
  override get message() {
    return `Profile: ${this.reason}. ${this.hint}`
  }
}

/** What a profile is about. */
export interface Options<Name extends string = string, Instant extends string = string> {
  /** What is to be predicted. */
  readonly target?: Name
  /** The instant at which a row's prediction is made: what is later is not known then. */
  readonly predictedAt?: Instant
}

/** `Given` when `A` is a train partition; else the sentence that the compiler shows. */
export type TrainOnly<Given, A> =
  A extends Dataset.Dataset<Columns, infer P>
    ? [P] extends ["train"]
      ? Given
      : `Profile.of takes the train partition; this is the ${P} partition`
    : A extends Table
      ? "Profile.of takes the train partition; this table is not split yet: use Split first, or Profile.ofWhole with a reason"
      : "Profile.of takes the train partition of a Split"

/** The columns of a data set. */
export type ColumnsOf<A> = A extends Dataset.Dataset<infer C, Dataset.Partition> ? C : never

/** The options that name columns of `C`. */
export type Named<C extends Columns> = Options<
  keyof C & string,
  string extends keyof C ? string : KeysOf<C, "timestamp" | "optional timestamp">
>

const names = ({ predictedAt, target }: Options): Schema.Json => ({
  target: target ?? null,
  predictedAt: predictedAt ?? null
})

/** Keeps a profile as JSON, shown as its page. */
export const codec: Codec.Codec<Profile> = Codec.json("profile", Profile, { show: page })

/**
 * Profiles the train partition. Fails with a `ProfileError` for other partitions, also when types were cast away, and for
 * columns that are not there.
 *
 * @example
 * import { Column, Columns, Profile, Source, Split } from "@watertight/data"
 * const Taxi = Columns.make({ pickup: Column.timestamp, distance: Column.float, fare: Column.float })
 * const trips = Source.csv("trips.csv", Taxi)
 * const parts = Split.temporal(trips, { on: "pickup", validation: "7 days", test: "7 days" })
 * Profile.of(parts.train, { target: "fare", predictedAt: "pickup" }).stage.name // => "profile"
 */
export const of = <A, E, R>(
  train: TrainOnly<Node.Node<A, E, R>, A>,
  options: Named<NoInfer<ColumnsOf<A>>> = {}
): Node.Node<Profile, E | ProfileError, R> => {
  const accepted: unknown = train
  const dataset = accepted as Node.Node<Dataset.Dataset<Columns, "train">, E, R> // TrainOnly says so
  const stage = Stage.make({
    name: "profile",
    version: 1,
    code: "versioned",
    params: names(options),
    learns: { dataset: ["train"] },
    codec,
    run: (inputs: { readonly dataset: Dataset.Dataset<Columns, "train"> }) => ofDataset(inputs.dataset, options)
  })
  return Node.make(stage, { dataset })
}

/**
 * Profiles a table that is not split, or all of it whatever the split: rows that will be test rows are looked at. The
 * reason is part of the profile, and of the page. Throws a `RangeError` where it has no words.
 *
 * @example
 * import { Column, Columns, Profile, Source } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ distance: Column.float, fare: Column.float }))
 * const because = "the source is new to us; the test rows will be next year's"
 * Profile.ofWhole(trips, { because, target: "fare" }).stage.params // => { because, target: "fare", predictedAt: null }
 */
export const ofWhole = <C extends Columns, E, R>(
  table: Node.Node<Table<C>, E, R>,
  options: Named<NoInfer<C>> & { readonly because: string }
): Node.Node<Profile, E | ProfileError, R> => {
  const { because } = options
  if (!/\p{L}{2}/u.test(because)) {
    throw new RangeError("Profile.ofWhole: say in words why rows that will be test rows may be looked at")
  }
  const params = { because, target: options.target ?? null, predictedAt: options.predictedAt ?? null }
  const stage = Stage.make({
    name: "profile-whole",
    version: 1,
    code: "versioned",
    params,
    codec,
    run: (inputs: { readonly table: Table<C> }) => ofRows(inputs.table, undefined, { of: "whole", because }, options)
  })
  return Node.make(stage, { table })
}

/** Profiles a train partition, now. Pipelines use `of`. */
export const ofDataset = Effect.fn("Profile.of")(function* (
  train: Dataset.Dataset<Columns, "train">,
  options: Options = {}
): Effect.fn.Return<Profile, ProfileError> {
  const partition: Dataset.Partition = train.partition
  if (partition !== "train") {
    const reason = `it takes the train partition; this is the ${partition} partition`
    return yield* new ProfileError({
      reason,
      hint: "Give it the train side: whoever looks at other rows decides by them."
    })
  }
  const table = yield* Effect.orDie(Dataset.rows(train)) // train rows are not sealed
  return yield* ofRows(table, Contents.of(train).rows, { of: "train" }, options)
})

const check = (table: Table, { predictedAt, target }: Options): ProfileError | undefined => {
  const hint = `The columns are ${Object.keys(table.columns).join(", ")}.`
  for (const name of [target, predictedAt]) {
    if (name !== undefined && table.columns[name] === undefined) {
      return new ProfileError({ reason: `there is no column "${name}"`, hint })
    }
  }
  const kind = predictedAt === undefined ? "timestamp" : table.columns[predictedAt].kind
  if (kind.endsWith("timestamp")) return undefined
  return new ProfileError({ reason: `"${predictedAt}" is a ${kind}`, hint: "A prediction is made at an instant." })
}

const ofRows = (
  table: Table,
  places: Uint32Array | undefined,
  scope: Scope,
  options: Options
): Effect.Effect<Profile, ProfileError> =>
  Effect.suspend(() => {
    const error = check(table, options)
    return error === undefined ? Effect.sync(() => made(table, places, scope, options)) : Effect.fail(error)
  })

const repeated = ({ rows, sets }: Rows.Repeats, some: Pick<Finding.Finding, "count" | "rows">, all: number) => {
  if (rows === 0) return []
  const message = `${counted(rows, "row")} ${rows === 1 ? "repeats" : "repeat"} an earlier one (${counted(sets, "set")} of equal rows)`
  const remedy =
    'Find out whether they were recorded twice: if so, drop them; if not, split with duplicates: "together" so that no copy is tested on.'
  const severity = rows / all >= 0.01 ? "warning" : "note"
  return [Finding.make({ code: "duplicates", severity, message, remedy, ...some })]
}

/** What a column holds, as a digest that is equal for equal columns. */
const contentOf = (table: Table) => (name: string) =>
  digestOf({ ...table, columns: { "": table.columns[name] }, values: { "": valuesIn(table, name) }, ids: noIds })

const noIds = new Uint8Array(0)

const valuesIn = (table: Table, name: string): RowId.Values => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  return named[name]
}

/** How often chance alone may call a column one that gives a class away. */
const falseAlarm = 0.05

const made = (table: Table, places: Uint32Array | undefined, scope: Scope, options: Options): Profile => {
  const { predictedAt, target } = options
  const columns = Object.keys(table.columns).map((name) => ColumnProfile.of(table, name))
  const { found: repeats, later } = Rows.repeats(table)
  const labels = target === undefined ? undefined : Rows.contradictions(table, target)
  const powers = target === undefined ? [] : Target.powers(table, target).map(({ z: _, ...power }) => power)
  const tried = target === undefined ? 0 : columns.length * Target.classesIn(table, target)
  const ofClasses =
    target === undefined || tried === 0 ? [] : Target.classPowers(table, target, -normalQuantile(falseAlarm / tried))
  const aboutTarget = columns.filter(({ name }) => name === target)
  const picked = (rows: ReadonlySet<number>) => Finding.pick(table.length, (row) => rows.has(row), places)
  const findings = [
    ...aboutTarget.flatMap((column) =>
      labels === undefined
        ? []
        : TargetFindings.of(column, powers, ofClasses, { found: labels.found, first: picked(labels.in).rows })
    ),
    ...columns.flatMap((column) => Suspicions.ofColumn(table, column, places)),
    ...(predictedAt === undefined ? [] : Suspicions.afterPrediction(table, predictedAt, places)),
    ...Suspicions.twins(table, contentOf(table)),
    ...repeated(repeats, picked(later), table.length)
  ]
  return {
    version: 1,
    scope,
    rows: table.length,
    target: target ?? null,
    predictedAt: predictedAt ?? null,
    columns,
    repeats,
    contradictions: labels?.found ?? null,
    powers,
    findings: Finding.sorted(findings)
  }
}

/** Writes a profile as text: findings first, then each column with its distribution, then the target. */
export const render: (profile: Profile) => string = page

export { Finding } from "./profile/Finding.ts"
export { ColumnProfile } from "./profile/ColumnProfile.ts"
export { Numbers } from "./profile/Numbers.ts"
export { thresholds } from "./profile/Target.ts"
