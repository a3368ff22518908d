/** `watertight audit FILE`: looks for leaks between the partitions of a pipeline's splits. */
import { Pipeline } from "@watertight/core"
import { Audit, Near } from "@watertight/data"
import { Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import * as Environment from "../Environment.ts"
import * as PipelineModule from "../PipelineModule.ts"
import * as Splits from "../Splits.ts"

/** A file cannot be audited as asked. */
class AuditFailed extends Schema.TaggedError<AuditFailed>()("AuditFailed", { message: Schema.String }) {}

interface Asked {
  readonly target: Option.Option<string>
  readonly groups: ReadonlyArray<string>
  readonly predictedAt: Option.Option<string>
  readonly labelEnd: Option.Option<string>
  readonly nearText: Option.Option<string>
  readonly nearImage: Option.Option<string>
  readonly seed: number
}

/** Columns of a pipeline are known at run time only: a column that cannot be compared so is an error then. */
type Options = Audit.Options & { readonly near?: Near.Near }

const nearOf = ({ nearImage, nearText }: Asked): Near.Near | undefined =>
  Option.isSome(nearText)
    ? Near.text(nearText.value)
    : Option.isSome(nearImage)
      ? Near.image(nearImage.value)
      : undefined

const optionsOf = (asked: Asked, about: Options): Options => ({
  ...about,
  ...(Option.isSome(asked.target) ? { target: asked.target.value } : {}),
  ...(Option.isSome(asked.predictedAt) ? { predictedAt: asked.predictedAt.value } : {}),
  ...(Option.isSome(asked.labelEnd) ? { labelEnd: asked.labelEnd.value } : {}),
  ...(asked.groups.length === 0 ? {} : { groups: asked.groups }),
  ...(nearOf(asked) === undefined ? {} : { near: nearOf(asked) })
})

const audit = Effect.fnUntraced(function* (file: string, asked: Asked) {
  if (Splits.isData(file)) {
    const message = `${file} is data, which has no split to audit. Name a pipeline module, or look at the file with: watertight profile ${file}`
    return yield* new AuditFailed({ message })
  }
  const { pipeline } = yield* PipelineModule.load(file)
  const splits = Splits.inPipeline(yield* Pipeline.plan(pipeline))
  if (splits.length === 0) {
    return yield* new AuditFailed({ message: `${file}: this pipeline has no split into train, validation and test.` })
  }
  return yield* Effect.forEach(splits, ({ about, name, parts }) => {
    if (parts === undefined) {
      const message =
        `${file}: no output of this pipeline reaches the validation and test partitions of its ${name}. ` +
        "Add Audit.of(parts) to its outputs and run it, or an output that uses them."
      return Effect.fail(new AuditFailed({ message }))
    }
    const run = (options: Options) => Splits.compute({ audit: Audit.of(parts, options) }, asked.seed)
    const { target, ...others } = about
    // the target of a model may be made by a recipe, after the split
    const found =
      Option.isNone(asked.target) && target !== undefined
        ? Effect.catchIf(run(optionsOf(asked, about)), isUnknown, () => run(optionsOf(asked, others)))
        : run(optionsOf(asked, about))
    return Effect.map(found, ({ audit }) => ({ head: `${file}: ${name}, seed ${asked.seed}`, audit }))
  })
})

const isUnknown = (error: unknown): error is Audit.AuditError => error instanceof Audit.AuditError

const flags = {
  file: Argument.String("file").pipe(Argument.withDescription("A module whose default export is a pipeline")),
  target: Flag.String("target").pipe(
    Flag.withDescription("The column to be predicted; the pipeline's model's target unless given"),
    Flag.optional
  ),
  groups: Flag.String("group").pipe(
    Flag.withDescription("A column whose values must not be on two sides, beside those declared; may be given again"),
    Flag.atLeast(0)
  ),
  predictedAt: Flag.String("predicted-at").pipe(
    Flag.withDescription("The column with the instant of the prediction; a temporal split's own unless given"),
    Flag.optional
  ),
  labelEnd: Flag.String("label-end").pipe(
    Flag.withDescription("The column with the instant at which the label is known; the split's own unless given"),
    Flag.optional
  ),
  nearText: Flag.String("near-text").pipe(
    Flag.withDescription(
      "A column of texts: rows whose texts share four fifths of their words are nearly equal; the split's own near unless given"
    ),
    Flag.optional
  ),
  nearImage: Flag.String("near-image").pipe(
    Flag.withDescription("A column of images: rows whose images look the same are nearly equal"),
    Flag.optional
  ),
  ...Environment.looking
}

/** The exit code when an audit found a problem, so that scripts can stop; errors exit with 1. */
const problemCode = 2

/** The `audit` command. */
export const command = Command.make("audit", flags, ({ file, json, ...asked }) =>
  Effect.gen(function* () {
    const shown = yield* audit(file, asked)
    const audits = shown.map(({ audit }) => Schema.encodeSync(Audit.Audit)(audit))
    yield* Console.log(
      json
        ? JSON.stringify(audits.length === 1 ? audits[0] : audits, null, 2)
        : shown.map(({ audit, head }) => `${head}\n\n${Audit.render(audit)}`).join("\n\n\n")
    )
    const isProblem = shown.some(({ audit }) => audit.findings.some(({ severity }) => severity === "problem"))
    if (isProblem) yield* Effect.sync(() => void (process.exitCode = problemCode))
  }).pipe(Effect.provide(Environment.layerEngine("onnx", Option.none())))
).pipe(
  Command.withDescription(
    "Look for leaks between the partitions of every split in FILE, without showing test rows; exits with 2 when there is a problem"
  ),
  Command.withExamples([
    { command: "watertight audit taxi.ts", description: "Target, instants and groups are read off the pipeline" },
    {
      command: "watertight audit taxi.ts --group driver --json",
      description: "Drivers must be on one side; JSON for scripts"
    }
  ])
)
