/**
 * The description of an augmentation: operations in order, for the columns of a train partition. Which columns an
 * operation can take is decided here, by type, in sentences; what the operations do is in `internal/augment`.
 */
import type { Node, Stage } from "@watertight/core"
import { Pipeable } from "effect"
import type * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import type * as Dataset from "../Dataset.ts"
import type * as Table from "../Table.ts"
import type { MakeOwn } from "../internal/augment/own.ts"
import type { Operation } from "./Operation.ts"

declare const Takes: unique symbol

/** Operations on train rows of the columns `C`. */
export interface Augment<in C extends Columns> extends Pipeable.Pipeable, Stage.Coded {
  readonly [Takes]?: (columns: C) => void
  /** All that decides what becomes of a row, beside the row, the epoch and the key. */
  readonly operations: ReadonlyArray<Operation>
  /** Functions of a user's own by their names, and the modules they are in. */
  readonly modules?: Modules
}

/** Functions of a user's own by their names, and the modules they are in. */
export type Modules = Readonly<Record<string, { readonly href: string; readonly make: MakeOwn }>>

/** `Given` when `A` is a train partition; else the sentence that the compiler shows. */
export type TrainOnly<Given, A, Verb extends string> =
  A extends Dataset.Dataset<Columns, infer P>
    ? [P] extends ["train"]
      ? Given
      : `${Verb} takes the train partition; this is the ${P} partition`
    : A extends Table.Table
      ? `${Verb} takes the train partition; this table is not split yet: use Split first`
      : `${Verb} takes the train partition of a Split`

/** What an operation works on. */
export type Subject = "image" | "signal" | "tokens" | "numbers"

/** The shapes of a subject in a sentence. */
interface Sentence {
  readonly image: "an image is a tensor of [height, width] or [height, width, channels]"
  readonly signal: "a signal is a tensor of [steps] or [steps, channels]"
  readonly tokens: "tokens are a tensor of ids"
  readonly numbers: "it takes float and tensor columns"
}

interface Ranks {
  readonly image: 2 | 3
  readonly signal: 1 | 2
  readonly tokens: number
  readonly numbers: number
}

type IsSubject<C extends Column.Column, Of extends Subject> =
  C extends Column.Tensor<infer Shape>
    ? number extends Shape["length"]
      ? true
      : Shape["length"] extends Ranks[Of]
        ? true
        : false
    : C["kind"] extends "float"
      ? Of extends "numbers"
        ? true
        : false
      : false

/** Wide columns are checked at run time only. */
type Refusal<C extends Columns, Name extends string, Of extends Subject, Verb extends string> = string extends keyof C
  ? never
  : Name extends keyof C
    ? IsSubject<C[Name], Of> extends true
      ? never
      : C[Name]["kind"] extends "tensor"
        ? `Augment.${Verb}: ${Sentence[Of]}; ${Name} has another shape`
        : `Augment.${Verb}: ${Sentence[Of]}; ${Name} is a ${C[Name]["kind"]}`
    : `Augment.${Verb}: there is no column ${Name}`

/** `Given` when every named column holds what the operation works on; else the sentences that the compiler shows. */
export type Accepts<Given, C extends Columns, Name extends string, Of extends Subject, Verb extends string> = [
  Refusal<C, Name, Of, Verb>
] extends [never]
  ? Given
  : Refusal<C, Name, Of, Verb>

/** Makes an augmentation of operations that the caller has checked. */
export const fromOperations = <C extends Columns>(
  operations: ReadonlyArray<Operation>,
  modules: Modules = {}
): Augment<C> => {
  const code: Stage.Code = Object.keys(modules).length === 0 ? "versioned" : "sources"
  return Object.assign(Object.create(Pipeable.Prototype), { operations, modules, code })
}

/** Adds an operation for each column to what a combinator accepted as an augmentation. */
export const adding = <C extends Columns>(
  accepted: unknown,
  names: string | ReadonlyArray<string>,
  make: (column: string) => Operation,
  added: Modules = {}
): Augment<C> => {
  const { modules, operations } = accepted as Augment<C> // a combinator's type accepts augmentations only
  const all = [...operations, ...(typeof names === "string" ? [names] : names).map(make)]
  const twice = Object.keys(added).find(
    (name) => modules?.[name] !== undefined && modules[name].make !== added[name].make
  )
  if (twice !== undefined) throw new RangeError(`Augment.operation: two functions are called ${twice}; rename one`)
  return fromOperations(all, { ...modules, ...added })
}

/** Throws when a number is none of an option's: a mistake in the program. */
export const within = (verb: string, option: string, value: number, least: number, most: number): number => {
  if (!(value >= least && value <= most)) {
    throw new RangeError(`Augment.${verb}: ${option} is ${value}; give a number from ${least} to ${most}`)
  }
  return value
}

/** Throws when a number is no whole number of at least `least`: a mistake in the program. */
export const whole = (verb: string, option: string, value: number, least: number): number => {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`Augment.${verb}: ${option} is ${value}; give a whole number of at least ${least}`)
  }
  return value
}

/** Starts an augmentation of the rows of a train partition. The node only says which columns there are. */
export const of = <A, E, R>(
  _train: TrainOnly<Node.Node<A, E, R>, A, "Augment.of">
): A extends Dataset.Dataset<infer C, infer _P> ? Augment<C> : never =>
  fromOperations([]) as A extends Dataset.Dataset<infer C, infer _P> ? Augment<C> : never // TrainOnly: A is a Dataset

/** Starts an augmentation of train rows of the given columns. */
export const forColumns = <const C extends Columns>(_columns: C): Augment<C> => fromOperations([])
