/**
 * How a training runs. The loop owns nothing but its position: batches, dropout masks and learning rates are functions of
 * the epoch and step, so a training killed at any moment continues from its last checkpoint and ends in the same bits.
 */
import { Event, Key, type Stage, type Store } from "@watertight/core"
import { Augment, type Column, type Columns, Dataset, Loader, type Sampler, Verdict } from "@watertight/data"
import { Transform } from "@watertight/optim"
import { Clock, Effect, Option, Schema, type Scope } from "effect"
import * as Checkpoint from "./Checkpoint.ts"
import * as Engine from "./Engine.ts"
import type { HostTensor } from "./internal/safetensors.ts"
import * as Loss from "./Loss.ts"
import * as Module from "./Module.ts"
import * as Predict from "./Predict.ts"
import type * as Program from "./Program.ts"
import * as Trained from "./Trained.ts"
import * as TrainStep from "./TrainStep.ts"

/** When to stop before all epochs are done. */
export interface Stopping {
  /** How many epochs in a row may pass without a better validation loss. Commonly 5 to 20. */
  readonly patience: number
  /** How much lower a validation loss must be to count as better; 0 unless given. */
  readonly minimumDelta?: number
}

/** How to train. */
export interface Options {
  readonly module: Module.Module
  readonly features: ReadonlyArray<string>
  readonly target: string
  readonly loss: Loss.Loss
  readonly optimizer: Transform.Transform
  /** Rows per step, commonly 32 to 512. */
  readonly batchSize: number
  /** How often every train row is visited, at most. */
  readonly epochs: number
  readonly sampler?: Sampler.Sampler
  readonly classWeights?: "balanced" | Readonly<Record<string, number>>
  readonly last?: "pad" | "drop"
  readonly stopping?: Stopping
  /** Batches made ahead by worker threads, 0 to make them in the loop; see `Loader.Settings`. No result depends on it. */
  readonly prefetch?: number
  /** How many worker threads make batches. No result depends on it. */
  readonly workers?: number
  /** Steps between checkpoints inside an epoch; unless given, one is written when 5 seconds have passed. */
  readonly checkpointEvery?: number
  /** What is done to train rows each time they are read. Its type was checked for the train partition's columns. */
  readonly augment?: Augment.Augment<Columns.Columns> | undefined
}

/** The loss is no number any more. */
export class LossNotFinite extends Schema.TaggedError<LossNotFinite>()("LossNotFinite", {
  epoch: Schema.Int,
  step: Schema.Int,
  loss: Schema.Number,
  lastFiniteLoss: Schema.NullOr(Schema.Number),
  learningRate: Schema.Number,
  gradientNorm: Schema.Number
}) {
  override get message() {
    const hint =
      this.lastFiniteLoss === null
        ? "It was so from the first step: look for extreme values in the features and targets."
        : "Lower the learning rate tenfold, or clip gradients (Clip.byGlobalNorm)."
    return (
      `The loss became ${this.loss} in epoch ${this.epoch}, step ${this.step}. Last finite loss: ` +
      `${this.lastFiniteLoss ?? "none"}; learning rate: ${this.learningRate}; gradient norm: ${this.gradientNorm}. ${hint}`
    )
  }
}

/** The training options do not fit together. */
export class TrainError extends Schema.TaggedError<TrainError>()("TrainError", {
  option: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Train.fit cannot use its option "${this.option}": ${this.reason}`
  }
}

/** What can go wrong in a training. */
export type Errors =
  | LossNotFinite
  | TrainError
  | Loss.LossMismatch
  | Checkpoint.CheckpointError
  | Engine.CompileError
  | Engine.ExecutionError
  | Loader.LoaderError
  | Dataset.SealedError
  | Module.ShapeError
  | Store.StoreError
  | Store.CorruptObject

const millisBetweenCheckpoints = 5000
const millisBetweenReadings = 100

/** What a training reads. */
export type Data = {
  readonly train: Dataset.Dataset<Columns.Columns, "train">
  readonly validation: Dataset.Dataset<Columns.Columns, "validation">
}

const sizeOf = (shape: ReadonlyArray<number>): number => shape.reduce((product, size) => product * size, 1)

/** Gives values their shapes back. */
const toHost = (
  specs: Readonly<Record<string, { readonly shape: ReadonlyArray<number> }>>,
  values: Readonly<Record<string, Program.TensorData>>
): Readonly<Record<string, HostTensor>> =>
  Object.fromEntries(
    Object.entries(values).map(([name, data]) => [
      name,
      { data, shape: specs[name].shape, dtype: data instanceof Int32Array ? "int32" : "float32" }
    ])
  )

const isPositiveInteger = (value: number) => Number.isSafeInteger(value) && value > 0

/**
 * Refuses options that do not fit each other or the data. Returns the target's column, and its levels where training is on
 * distributions over them.
 */
const validate = Effect.fnUntraced(function* (
  options: Options,
  column: Column.Column | undefined,
  built: Module.Built
) {
  const refuse = (option: string, reason: string) => new TrainError({ option, reason })
  if (!isPositiveInteger(options.epochs))
    return yield* refuse("epochs", `${options.epochs} is no positive whole number`)
  const patience = options.stopping?.patience
  if (patience !== undefined && !isPositiveInteger(patience)) {
    return yield* refuse("stopping.patience", `${patience} is no positive whole number`)
  }
  if (column === undefined) return yield* refuse("target", `there is no column "${options.target}"`)
  if (column.kind.startsWith("optional")) {
    return yield* refuse("target", `"${options.target}" may be missing: a target is known in every row`)
  }
  if (column.kind !== options.loss.target) {
    return yield* refuse("loss", `it is for a ${options.loss.target}, but "${options.target}" is a ${column.kind}`)
  }
  yield* Loss.check(options.loss, built, column.kind === "category" ? column.levels.length : 0)
  const mixing = options.augment?.operations.find(Augment.isMixing)
  if (mixing !== undefined && column.kind === "category" && options.loss.perBlend === undefined) {
    const reason = `${mixing.name} blends labels, and the loss ${String(options.loss.config.kind)} takes none that are blended`
    return yield* refuse("augment", `${reason}: give the loss a perBlend`)
  }
  const levels = mixing !== undefined && column.kind === "category" ? column.levels.length : undefined
  return { column, levels }
})

/** A training that is ready to take steps. */
interface Session {
  readonly options: Options
  readonly context: Stage.Context
  readonly column: Column.Column
  readonly built: Module.Built
  readonly input: ReadonlyArray<number>
  readonly program: Program.Program
  readonly loader: Loader.Loader
  readonly executable: Engine.Executable
  /** The optimizer's scalars of a step, by the names of the program's inputs. */
  readonly scalars: (step: number) => Program.Data
  readonly predictor: Predict.Predictor
  readonly validation: Loader.Batches
  readonly stepsPerEpoch: number
  readonly totalSteps: number
}

/** What a training has recorded so far. */
interface Recorded {
  readonly epochs: Array<Trained.Epoch>
  bestEpoch: number
  best: Readonly<Record<string, HostTensor>>
  /** One value per step. */
  readonly loss: Float32Array
  readonly gradientNorm: Float32Array
}

const prepare = Effect.fnUntraced(function* (
  options: Options,
  data: Data,
  context: Stage.Context
): Effect.fn.Return<Session, Errors, Engine.Engine | Scope.Scope> {
  const { batchSize, features, loss, target } = options
  const input = [yield* Loader.featureWidth(data.train.columns, features)]
  const built = yield* options.module.build(input)
  const { column, levels } = yield* validate(options, data.train.columns[target], built)
  const reading = { features, target, batchSize }
  const loader = yield* Loader.make(data.train, {
    ...reading,
    key: Key.foldIn(context.key, "batches"),
    noise: Object.entries(built.noise).map(([name, { keep, shape }]) => ({
      name,
      keep,
      size: batchSize * sizeOf(shape)
    })),
    sampler: options.sampler,
    classWeights: options.classWeights,
    last: options.last,
    augment: options.augment,
    prefetch: options.prefetch,
    workers: options.workers
  })
  const validation = yield* Loader.sequential(yield* Dataset.rows(data.validation), reading)
  const parts = { built, input, loss, batchSize }
  const program = TrainStep.training({ ...parts, levels }, options.optimizer)
  const engine = yield* Engine.Engine
  const totalSteps = loader.steps * options.epochs
  return {
    options,
    context,
    column,
    built,
    input,
    program,
    loader,
    executable: yield* engine.compile(program),
    predictor: yield* Predict.predictor(parts),
    validation,
    stepsPerEpoch: loader.steps,
    totalSteps,
    scalars: scalarsAhead(options.optimizer, totalSteps)
  }
})

/** Batch sizes outside of this range train worse or slower in common practice. */
const commonBatchSizes = { least: 32, most: 512 }

const notice = ({ context: { node } }: Pick<Session, "context">, message: string) =>
  Event.emit({ _tag: "Notice", node, message })

/** Says when the batch size is unusual. */
const noteBatchSize = (session: Session) => {
  const { batchSize } = session.options
  const { least, most } = commonBatchSizes
  if (batchSize >= least && batchSize <= most) return Effect.void
  const effect =
    batchSize < least
      ? "smaller batches give noisier gradients and use the processor less"
      : "larger ones need a higher learning rate with a warm-up, and often generalize worse"
  return notice(session, `batchSize is ${batchSize}; ${least} to ${most} are common: ${effect}`)
}

/** Says whether the training waited for its batches, and whether threads that made them died. */
const noteLoading = Effect.fnUntraced(function* (session: Session) {
  const restarts = yield* session.loader.restarts
  if (restarts > 0) yield* notice(session, `worker threads that died and were replaced: ${restarts}; no batch changed`)
  const verdict = Verdict.of(yield* session.loader.timing)
  if (verdict !== undefined) yield* notice(session, verdict.message)
})

/** A step sweeps the processor's caches: made one by one after each step, scalars take ten times as long as in a row. */
const scalarsInARow = 64

/** Makes the function that gives a step's scalars. It makes those of the steps that follow, too. */
const scalarsAhead = (optimizer: Transform.Transform, totalSteps: number): Session["scalars"] => {
  let first = 0
  let made: ReadonlyArray<Program.Data> = []
  const make = (step: number): Program.Data => {
    const scalars = Object.entries(optimizer.scalars({ step, totalSteps }))
    return TrainStep.under("scalar", Object.fromEntries(scalars.map(([name, value]) => [name, Float32Array.of(value)])))
  }
  return (step) => {
    if (made[step - first] === undefined) {
      first = step
      made = Array.from({ length: Math.min(scalarsInARow, totalSteps - step) }, (_, index) => make(step + index))
    }
    return made[step - first]
  }
}

/** The state a training starts with: drawn parameters, and optimizer state of zeros. */
const initialState = ({ built, context, program }: Session): Readonly<Record<string, Program.TensorData>> => {
  const drawn = TrainStep.under("parameters", Module.initialize(built, Key.foldIn(context.key, "parameters")))
  return Object.fromEntries(
    Object.entries(program.state).map(([name, { shape }]) => [name, drawn[name] ?? new Float32Array(sizeOf(shape))])
  )
}

/** Loads the last checkpoint, or the start. */
const restore = Effect.fnUntraced(function* (session: Session) {
  const { context, executable, totalSteps } = session
  yield* noteBatchSize(session)
  const bytes = yield* context.checkpoints.read
  const recorded: Recorded = {
    epochs: [],
    bestEpoch: 0,
    best: {},
    loss: new Float32Array(totalSteps),
    gradientNorm: new Float32Array(totalSteps)
  }
  const start: Loader.Position = { version: 1, epoch: 0, step: 0 }
  if (Option.isNone(bytes)) {
    yield* executable.write(initialState(session))
    return { recorded, position: start }
  }
  const { best, bestEpoch, epochs, gradientNorm, loss, position, state } = yield* Checkpoint.decode(bytes.value)
  yield* executable.write(Predict.values(state))
  recorded.epochs.push(...epochs)
  recorded.loss.set(loss)
  recorded.gradientNorm.set(gradientNorm)
  const message = `continues from epoch ${position.epoch + 1}, step ${position.step + 1} of ${session.stepsPerEpoch}`
  yield* notice(session, message)
  return { recorded: { ...recorded, best, bestEpoch }, position }
})

/** Writes a checkpoint from which the step at `position` is the next. */
const save = Effect.fnUntraced(function* (session: Session, recorded: Recorded, position: Loader.Position) {
  const { context, executable, program, stepsPerEpoch } = session
  const done = position.epoch * stepsPerEpoch + position.step
  const bytes = Checkpoint.encode({
    position,
    state: toHost(program.state, yield* executable.read),
    best: recorded.best,
    bestEpoch: recorded.bestEpoch,
    epochs: recorded.epochs,
    loss: recorded.loss.subarray(0, done),
    gradientNorm: recorded.gradientNorm.subarray(0, done)
  })
  yield* context.checkpoints.write(bytes)
})

const takeStep = Effect.fnUntraced(function* (session: Session, recorded: Recorded, position: Loader.Position) {
  const { executable, loader, scalars, stepsPerEpoch } = session
  const number = position.epoch * stepsPerEpoch + position.step
  const batch = yield* loader.read(position)
  const outputs = yield* executable.run({
    features: batch.features,
    target: batch.target,
    weight: batch.weight,
    ...TrainStep.under("noise", batch.noise),
    ...scalars(number)
  })
  const loss = outputs["loss"][0]
  const gradientNorm = outputs["gradientNorm"][0]
  recorded.loss[number] = loss
  recorded.gradientNorm[number] = gradientNorm
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
    return yield* new LossNotFinite({
      epoch: position.epoch + 1,
      step: number + 1,
      loss,
      lastFiniteLoss: Number.isFinite(loss) ? loss : number === 0 ? null : recorded.loss[number - 1],
      learningRate: rateAt(session, number),
      gradientNorm
    })
  }
})

/** Evaluates on validation, and keeps the weights when they are the best so far. */
const closeEpoch = Effect.fnUntraced(function* (session: Session, recorded: Recorded, epoch: number) {
  const { built, column, executable, options, predictor, stepsPerEpoch, validation } = session
  const weights = TrainStep.within("parameters", yield* executable.read)
  const predictions = yield* predictor.predict(weights, validation)
  const host = toHost(built.parameters, weights)
  const closed: Trained.Epoch = {
    epoch: epoch + 1,
    steps: stepsPerEpoch,
    trainLoss: mean(recorded.loss.subarray(epoch * stepsPerEpoch, (epoch + 1) * stepsPerEpoch)),
    validationLoss: mean(predictions.loss),
    validationAccuracy: column.kind === "category" ? Predict.accuracy(predictions) : null,
    learningRate: rateAt(session, (epoch + 1) * stepsPerEpoch - 1),
    tensors: Trained.digests(host)
  }
  const best = recorded.epochs[recorded.bestEpoch - 1]
  if (best === undefined || closed.validationLoss < best.validationLoss - (options.stopping?.minimumDelta ?? 0)) {
    recorded.bestEpoch = epoch + 1
    recorded.best = host
  }
  recorded.epochs.push(closed)
})

const hasStopped = ({ options }: Session, { bestEpoch, epochs }: Recorded): boolean =>
  options.stopping !== undefined && epochs.length - bestEpoch >= options.stopping.patience

const tell = (session: Session, recorded: Recorded, done: number, milestone?: string) =>
  Event.emit({
    _tag: "Progress",
    node: session.context.node,
    done,
    total: session.totalSteps,
    values: { epoch: Math.ceil(done / session.stepsPerEpoch), ...readings(recorded, done, rateAt(session, done - 1)) },
    milestone
  })

/** Takes the rest of an epoch's steps, with readings and checkpoints on the way. */
const runEpoch = Effect.fnUntraced(function* (session: Session, recorded: Recorded, from: Loader.Position) {
  const { options, stepsPerEpoch } = session
  let saved = yield* Clock.currentTimeMillis
  let told = 0
  for (let step = from.step; step < stepsPerEpoch; step++) {
    yield* takeStep(session, recorded, { ...from, step })
    const now = yield* Clock.currentTimeMillis
    if (now - told > millisBetweenReadings) {
      yield* tell(session, recorded, from.epoch * stepsPerEpoch + step + 1)
      yield* Effect.yieldNow
      told = now
    }
    const due =
      options.checkpointEvery === undefined
        ? now - saved > millisBetweenCheckpoints
        : (step + 1) % options.checkpointEvery === 0
    if (due && step + 1 < stepsPerEpoch) {
      yield* save(session, recorded, { ...from, step: step + 1 })
      saved = now
    }
  }
})

/** Trains from the last checkpoint, or from the start, to the end. */
export const run = Effect.fn("TrainLoop.run")(function* (
  options: Options,
  data: Data,
  context: Stage.Context
): Effect.fn.Return<Trained.Trained, Errors, Engine.Engine | Scope.Scope> {
  const session = yield* prepare(options, data, context)
  const { position, recorded } = yield* restore(session)
  let epoch = position.epoch
  for (; epoch < options.epochs && !hasStopped(session, recorded); epoch++) {
    yield* runEpoch(session, recorded, { version: 1, epoch, step: epoch === position.epoch ? position.step : 0 })
    yield* closeEpoch(session, recorded, epoch)
    yield* tell(
      session,
      recorded,
      (epoch + 1) * session.stepsPerEpoch,
      describeEpoch(recorded.epochs[epoch], options.epochs)
    )
    yield* save(session, recorded, { version: 1, epoch: epoch + 1, step: 0 })
  }
  yield* noteLoading(session)
  const done = epoch * session.stepsPerEpoch
  return {
    module: options.module,
    loss: options.loss,
    features: options.features,
    input: session.input,
    target: options.target,
    column: session.column,
    weights: recorded.best,
    epochs: recorded.epochs,
    bestEpoch: recorded.bestEpoch,
    stopped: epoch < options.epochs ? "early" : "all epochs",
    steps: { loss: recorded.loss.slice(0, done), gradientNorm: recorded.gradientNorm.slice(0, done) }
  }
})

/** Sums in float64, so that the mean of many small numbers keeps its digits. */
const mean = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length

const rateAt = ({ options, totalSteps }: Session, step: number): number =>
  Option.getOrElse(Transform.learningRateAt(options.optimizer, { step, totalSteps }), () => 0)

const readings = (recorded: Recorded, done: number, learningRate: number): Readonly<Record<string, number>> => {
  const last = recorded.epochs.at(-1)
  return {
    loss: recorded.loss[done - 1],
    learningRate,
    ...(last === undefined ? {} : { validationLoss: last.validationLoss }),
    ...(last === undefined || last.validationAccuracy === null ? {} : { validationAccuracy: last.validationAccuracy })
  }
}

const describeEpoch = (epoch: Trained.Epoch, epochs: number): string => {
  const accuracy =
    epoch.validationAccuracy === null ? "" : `, validation accuracy ${(100 * epoch.validationAccuracy).toFixed(2)} %`
  return (
    `epoch ${epoch.epoch}/${epochs}: loss ${epoch.trainLoss.toFixed(4)}, ` +
    `validation loss ${epoch.validationLoss.toFixed(4)}${accuracy}, learning rate ${epoch.learningRate.toPrecision(3)}`
  )
}
