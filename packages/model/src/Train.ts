/**
 * The stage that fits a module to the train partition, watching validation: early stopping, the best weights restored,
 * checkpoints on the way. Only a train partition fits, and only columns of the right kinds.
 */
import { Node, Stage } from "@watertight/core"
import {
  type Augment,
  type Column,
  type Columns,
  type Dataset,
  type Loader,
  Sampler,
  type Table
} from "@watertight/data"
import type { Transform } from "@watertight/optim"
import { Effect, type Schema } from "effect"
import { Engine } from "./Engine.ts"
import type * as Loss from "./Loss.ts"
import type * as Module from "./Module.ts"
import * as Trained from "./Trained.ts"
import * as TrainLoop from "./TrainLoop.ts"

export { LossNotFinite, TrainError } from "./TrainLoop.ts"
export type { Errors, Stopping } from "./TrainLoop.ts"

/** `unknown` when `A` is the partition `P` of rows of `C`; else the sentence that the compiler shows. */
type Only<A, P extends Dataset.Partition> =
  A extends Dataset.Dataset<Columns.Columns, infer Q>
    ? [Q] extends [P]
      ? unknown
      : `Train.fit: ${P} takes the ${P} partition; this is the ${Q} partition`
    : A extends Table.Table
      ? `Train.fit: ${P} takes the ${P} partition; this table is not split yet: use Split first`
      : `Train.fit: ${P} takes the ${P} partition of a Split`

type ColumnsOf<A> = A extends Dataset.Dataset<infer C, Dataset.Partition> ? C : never

type FeatureRefusal<C extends Columns.Columns, Feature extends string, Target extends string> = Feature extends Target
  ? `${Feature} is the target: a feature that holds it tells the answer`
  : Feature extends keyof C
    ? C[Feature]["kind"] extends "float" | "tensor"
      ? never
      : C[Feature] extends Column.Optional
        ? `${Feature} may be missing: impute it first`
        : C[Feature] extends Column.Text
          ? `${Feature} is a text column: make numbers of it first, with Recipe.tokenize or Recipe.tfIdf`
          : `${Feature} is a ${C[Feature]["kind"]} column: encode it first, with Recipe.oneHot for instance`
    : `there is no column ${Feature}`

type Features<C extends Columns.Columns, Feature extends string, Target extends string> = [
  FeatureRefusal<C, Feature, Target>
] extends [never]
  ? unknown
  : FeatureRefusal<C, Feature, Target>

/** A target's name, or the sentence that the compiler shows when it cannot be one. */
type TargetOf<C extends Columns.Columns, Target extends string, Kind extends string> = Target extends keyof C
  ? C[Target]["kind"] extends Kind
    ? Target
    : C[Target] extends Column.Optional
      ? `${Target} may be missing: a target is known in every row`
      : `this loss is for a ${Kind} target; ${Target} is a ${C[Target]["kind"]}`
  : `there is no column ${Target}`

type TargetKind = Loss.Loss["target"]

/** What to fit to, and how. */
export interface Options<
  Train,
  Validation,
  Feature extends string,
  Target extends string,
  Kind extends TargetKind,
  E,
  R,
  E2,
  R2,
  S extends Sampler.Sampler = Sampler.Sampler
> {
  readonly train: Node.Node<Train, E, R> & Only<Train, "train">
  readonly validation: Node.Node<Validation, E2, R2> & Only<Validation, "validation">
  /** Float and tensor columns; the module gets their numbers side by side, in this order. */
  readonly features: ReadonlyArray<Feature> & Features<ColumnsOf<Train>, Feature, Target>
  /** A category for a loss of categories, a float for a loss of numbers. */
  readonly target: TargetOf<ColumnsOf<Train>, Target, Kind>
  readonly loss: Loss.Loss<Kind>
  readonly optimizer: Transform.Transform
  /** Rows per step, commonly 32 to 512. */
  readonly batchSize: number
  /** How often every train row is visited, at most. */
  readonly epochs: number
  /** Which train rows make the batches; `Sampler.shuffled` unless given. */
  readonly sampler?: Sampler.For<ColumnsOf<Train>, S>
  /**
   * Weights of the target's classes in the training loss, learned from train rows when `"balanced"`: a step minimizes
   * `sum(weight · loss) / sum(weight)`. The validation loss is not weighed.
   */
  readonly classWeights?: Loader.ClassWeights<ColumnsOf<Train>, Target, "train">
  /** Whether a last batch that the rows do not fill is padded with rows of weight 0 (unless given) or dropped. */
  readonly last?: "pad" | "drop"
  readonly stopping?: TrainLoop.Stopping
  /**
   * Batches made ahead by worker threads; 0 makes them in the loop. Decided by a batch's size unless given, see
   * `Loader.Settings`. No result depends on it.
   */
  readonly prefetch?: number
  /** How many worker threads make batches; 1 unless given. No result depends on it. */
  readonly workers?: number
  /** Steps between checkpoints inside an epoch; unless given, one is written when 5 seconds have passed. */
  readonly checkpointEvery?: number
  /** What is done to train rows each time they are read; never to those of validation. See `Augment`. */
  readonly augment?: Augment.Augment<ColumnsOf<Train>>
}

/**
 * Fits a module. The result holds the weights of the epoch with the lowest validation loss. Fails with `TrainError` when
 * options do not fit together, with `LossNotFinite` when the loss or a gradient is no number any more, and with the
 * errors of the loader and the engine. An interrupted training continues from its last checkpoint in the same bits.
 *
 * Worker threads make batches while the engine computes, unless they are tiny. At the end a notice, kept in the run's record,
 * says what share of the time the steps waited for them and how long a batch and a step take: above 20 % the training is
 * input-bound, and the notice says what to change.
 */
export const fit = <
  Train,
  Validation,
  const Feature extends string,
  const Target extends string,
  Kind extends TargetKind,
  E,
  R,
  E2,
  R2,
  S extends Sampler.Sampler = Sampler.Sampler<never, never>
>(
  module: Module.Module,
  options: Options<Train, Validation, Feature, Target, Kind, E, R, E2, R2, S>
): Node.Node<Trained.Trained<ColumnsOf<Train>[Target]>, E | E2 | TrainLoop.Errors, R | R2 | Engine> => {
  const { augment, batchSize, epochs, features, last, loss, optimizer, stopping, target } = options
  const sampler = options.sampler as Sampler.Sampler | undefined // `Sampler.For` gives the sampler or nothing that can be passed
  const classWeights = options.classWeights as TrainLoop.Options["classWeights"] // names of levels, and of no others
  const augmenting = augment as Augment.Augment<Columns.Columns> | undefined // of the train rows' columns
  const loop: TrainLoop.Options = { ...options, augment: augmenting, classWeights, module, sampler }
  const stage = Stage.make({
    name: "train-model",
    version: 1,
    code: Stage.codeOf([module, loss, optimizer, ...(augment === undefined ? [] : [augment])]),
    draws: true,
    params: {
      module: module.config,
      features,
      target,
      loss: loss.config,
      optimizer: optimizer.config,
      batchSize,
      epochs,
      sampler: (sampler ?? Sampler.shuffled).config,
      classWeights: classWeights ?? null,
      last: last ?? "pad",
      patience: stopping?.patience ?? null,
      minimumDelta: stopping?.minimumDelta ?? 0,
      ...(augment === undefined ? {} : { augment: augment.operations as unknown as Schema.Json }) // operations are data
    },
    engine: Effect.map(Engine, ({ id }) => id),
    learns: { train: ["train"], validation: ["train", "validation"] },
    codec: Trained.codec<ColumnsOf<Train>[Target]>(),
    run: (data: TrainLoop.Data, context) =>
      Effect.scoped(TrainLoop.run(loop, data, context)) as Effect.Effect<
        Trained.Trained<ColumnsOf<Train>[Target]>,
        TrainLoop.Errors,
        Engine
      > // the loop checks that the target's column is of this kind
  })
  const nodes = { train: options.train, validation: options.validation } as {
    readonly train: Node.Node<TrainLoop.Data["train"], E, R>
    readonly validation: Node.Node<TrainLoop.Data["validation"], E2, R2>
  } // `Only` checked both
  return Node.make(stage, nodes)
}
