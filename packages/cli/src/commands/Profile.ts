/** `watertight profile FILE`: shows what the train rows of a pipeline, or of a data file, look like. */
import { Pipeline } from "@watertight/core"
import { Profile, Review, Split } from "@watertight/data"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Environment from "../Environment.ts"
import * as PipelineModule from "../PipelineModule.ts"
import * as Splits from "../Splits.ts"

/** A file cannot be profiled as asked. */
class ProfileFailed extends Schema.TaggedError<ProfileFailed>()("ProfileFailed", { message: Schema.String }) {}

interface Asked {
  readonly target: Option.Option<string>
  readonly predictedAt: Option.Option<string>
  readonly whole: Option.Option<string>
  readonly labels: boolean
  readonly seed: number
}

/** A profile, and a line that says where its rows are from. */
interface Shown {
  readonly head: string
  readonly profile: Profile.Profile
  readonly labels?: Review.Review
}

/** Profiles train rows, and reviews their labels if that is asked for. */
const looked = Effect.fnUntraced(function* (
  train: Splits.AnyPartitions["train"],
  options: Profile.Options,
  { labels, seed }: Asked
) {
  if (!labels) return yield* Splits.compute({ profile: Profile.of(train, options) }, seed)
  if (options.target === undefined) {
    return yield* new ProfileFailed({ message: "--labels reviews the labels of a target: name it with --target." })
  }
  const { target } = options
  return yield* Splits.compute({ profile: Profile.of(train, options), labels: Review.labels(train, { target }) }, seed)
})

const optionsOf = ({ predictedAt, target }: Asked, about: Profile.Options): Profile.Options => ({
  ...about,
  ...(Option.isSome(target) ? { target: target.value } : {}),
  ...(Option.isSome(predictedAt) ? { predictedAt: predictedAt.value } : {})
})

const ofFile = Effect.fnUntraced(function* (file: string, asked: Asked) {
  const { columns, notes, table } = yield* Splits.readFile(file)
  const options = optionsOf(asked, {})
  const unknown = [options.target, options.predictedAt].find(
    (name) => name !== undefined && columns[name] === undefined
  )
  if (unknown !== undefined) {
    const left = notes.find((note) => note.startsWith(`${unknown} is left out`))
    const message = `${file} has no column "${unknown}"${left === undefined ? "" : ` that can be used (${left})`}. It has ${Object.keys(columns).join(", ")}.`
    return yield* new ProfileFailed({ message })
  }
  const isWhole = Option.isSome(asked.whole)
  if (isWhole && asked.labels) {
    return yield* new ProfileFailed({ message: "--labels reviews train rows: it does not go with --whole." })
  }
  const found = isWhole
    ? yield* Splits.compute({ profile: Profile.ofWhole(table, { ...options, because: asked.whole.value }) }, asked.seed)
    : yield* Effect.catchIf(looked(Splits.hashed(table).train, options, asked), isSplitError, ({ reason }) =>
        Effect.fail(new ProfileFailed({ message: `${file}: of a split for looking, ${reason}. ${wholeInstead}` }))
      )
  const rows = isWhole
    ? "all rows"
    : "the train side, four rows in five, of a split made up for looking (all rows: --whole REASON)"
  const shown: Shown = { head: [`${file}: ${rows}`, ...notes].join("\n"), ...found }
  return [shown]
})

const ofPipeline = Effect.fnUntraced(function* (file: string, asked: Asked) {
  const { pipeline } = yield* PipelineModule.load(file)
  const splits = Splits.inPipeline(yield* Pipeline.plan(pipeline))
  if (Option.isSome(asked.whole)) {
    const message = `${file} is a pipeline, which has a train partition: --whole is for data files.`
    return yield* new ProfileFailed({ message })
  }
  if (splits.length === 0) {
    return yield* new ProfileFailed({
      message: `${file}: this pipeline has no split, so no train partition to profile.`
    })
  }
  return yield* Effect.forEach(splits, ({ about, name, train }) => {
    const profile = (options: Profile.Options) => looked(train, options, asked)
    const { predictedAt, target } = about
    const guessed = {
      ...(target === undefined ? {} : { target }),
      ...(predictedAt === undefined ? {} : { predictedAt })
    }
    const options = optionsOf(asked, guessed)
    // the target of a model may be made by a recipe, after the split
    const isGuess = Option.isNone(asked.target) && target !== undefined
    const found = isGuess
      ? Effect.catchIf(profile(options), isNoColumn, () =>
          profile(optionsOf(asked, predictedAt === undefined ? {} : { predictedAt }))
        )
      : profile(options)
    return Effect.map(found, (found): Shown => ({ head: `${file}: ${name}, seed ${asked.seed}`, ...found }))
  })
})

const isSplitError = (error: unknown): error is Split.SplitError => error instanceof Split.SplitError

const wholeInstead = 'Look at all rows: --whole "there are few".'

const isNoColumn = (error: unknown): error is Profile.ProfileError => error instanceof Profile.ProfileError

const flags = {
  file: Argument.String("file").pipe(
    Argument.withDescription(
      "A module whose default export is a pipeline, or a CSV, TSV, JSON, JSON Lines, Parquet, Arrow or .npz file"
    )
  ),
  target: Flag.String("target").pipe(
    Flag.withDescription("The column to be predicted; for a pipeline, its model's target unless given"),
    Flag.optional
  ),
  predictedAt: Flag.String("predicted-at").pipe(
    Flag.withDescription("The column with the instant of the prediction: what is later is not known then"),
    Flag.optional
  ),
  whole: Flag.String("whole").pipe(
    Flag.withDescription(
      "Look at all rows of a data file, those of a later test partition too, for this reason; the profile shows it"
    ),
    Flag.optional
  ),
  labels: Flag.Boolean("labels").pipe(
    Flag.withDescription("Also review the target's labels: which rows are likely to bear a wrong one"),
    Flag.withDefault(false)
  ),
  ...Environment.looking
}

const textOf = ({ head, labels, profile }: Shown): string =>
  [head, Profile.render(profile), ...(labels === undefined ? [] : [Review.render(labels)])].join("\n\n")

/** The `profile` command. */
export const command = Command.make("profile", flags, ({ file, json, ...asked }) =>
  Effect.gen(function* () {
    const shown = yield* Splits.isData(file) ? ofFile(file, asked) : ofPipeline(file, asked)
    if (json) {
      const profiles = shown.map(({ labels, profile }) => {
        const encoded = Schema.encodeSync(Profile.Profile)(profile)
        return labels === undefined ? encoded : { profile: encoded, labels: Schema.encodeSync(Review.Review)(labels) }
      })
      return yield* Console.log(JSON.stringify(profiles.length === 1 ? profiles[0] : profiles, null, 2))
    }
    yield* Console.log(shown.map(textOf).join("\n\n\n"))
  }).pipe(Effect.provide(Environment.layerEngine("onnx", Option.none())))
).pipe(
  Command.withDescription("Show what the train rows of FILE look like: each column, the target, and what looks wrong"),
  Command.withExamples([
    { command: "watertight profile taxi.ts", description: "The train partition of every split in a pipeline" },
    { command: "watertight profile trips.csv --target fare", description: "Four rows in five of a data file" },
    {
      command: "watertight profile mails.csv --target spam --labels",
      description: "Also the rows whose labels are likely to be wrong"
    },
    {
      command: 'watertight profile trips.csv --whole "new source, test rows come next year"',
      description: "All rows, for a reason"
    }
  ])
)
