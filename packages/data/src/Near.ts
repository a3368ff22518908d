/**
 * When rows are so alike that a model which has seen one knows the other: texts that share most of their words, images
 * that look the same, rows that agree in all but a few columns. `Clean.dropNearDuplicates` keeps one of each set of such
 * rows, splits keep them on one side. What is near does not depend on other rows, and nothing is learned.
 */
import { Effect, Option, Schema } from "effect"
import type * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import * as Tables from "./internal/columns/tables.ts"
import * as Components from "./internal/near/components.ts"
import type { Kind as HashKind } from "./internal/near/perceptualHash.ts"
import * as Images from "./near/Images.ts"
import * as Rows from "./near/Rows.ts"
import * as Texts from "./near/Texts.ts"
import type { Table } from "./Table.ts"

/** Texts of which the sets of shingles have at least a Jaccard similarity. */
export interface Text<out Name extends string = string> {
  readonly by: "text"
  readonly column: Name
  readonly unit: "words" | "characters"
  /** Words or characters in a shingle. */
  readonly size: number
  readonly similarity: number
}

/** Images of which the 64-bit hashes differ in at most some bits. */
export interface Image<out Name extends string = string> {
  readonly by: "image"
  readonly column: Name
  readonly hash: HashKind
  readonly distance: number
}

/** Rows that differ in at most some of the columns, after rounding. */
export interface Row<out Name extends string = string, out Rounded extends string = string> {
  readonly by: "row"
  /** All columns where there is none. */
  readonly columns: ReadonlyArray<Name>
  readonly differing: number
  /** Numbers of these columns are taken to the nearest multiple. */
  readonly round: ReadonlyArray<{ readonly column: Rounded; readonly step: number }>
}

/** A way of being near. */
export type Near = Text | Image | Row

/** Rows cannot be compared as asked. */
export class NearError extends Schema.TaggedError<NearError>()("NearError", {
  column: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `Near duplicates: "${this.column}" ${this.reason}.`
  }
}

type TextRefusal<C extends Columns, Name extends string> = Name extends keyof C
  ? C[Name]["kind"] extends "text"
    ? never
    : `Near.text compares texts; ${Name} is a ${C[Name]["kind"]}`
  : `Near.text: there is no column ${Name}`

type ImageRefusal<C extends Columns, Name extends string> = Name extends keyof C
  ? C[Name] extends Column.Tensor<infer Shape>
    ? Shape["length"] extends 2 | 3
      ? never
      : number extends Shape["length"]
        ? never
        : `Near.image compares tensors of height, width and channels; ${Name} has another shape`
    : `Near.image compares tensors; ${Name} is a ${C[Name]["kind"]}`
  : `Near.image: there is no column ${Name}`

type RowRefusal<C extends Columns, Name extends string, Rounded extends string> =
  | (Name extends keyof C ? never : `Near.row: there is no column ${Name}`)
  | (Rounded extends keyof C
      ? C[Rounded]["kind"] extends "float" | "optional float"
        ? never
        : `Near.row rounds floats; ${Rounded} is a ${C[Rounded]["kind"]}`
      : `Near.row: there is no column ${Rounded}`)

/** Nothing when rows of `C` can be compared so; else the sentence that the compiler shows. */
export type Refusal<C extends Columns, N extends Near> = string extends keyof C
  ? never
  : N extends Text<infer Name>
    ? TextRefusal<C, Name>
    : N extends Image<infer Name>
      ? ImageRefusal<C, Name>
      : N extends Row<infer Name, infer Rounded>
        ? RowRefusal<C, Name, Rounded>
        : never

const check = (isRight: boolean, what: string): void => {
  if (!isRight) throw new RangeError(`Near.${what}`)
}

/**
 * Texts are near when their sets of shingles, runs of three words unless given, share at least `similarity` of what they
 * have together: 0.8 unless given. Case, white space and, between words, punctuation do not count; blank texts are near
 * each other. In languages that put no spaces between words, compare `characters`. Pairs are found by MinHash and compared
 * exactly, by 32-bit hashes of shingles; one at the threshold is missed with a probability of about a millionth. Throws a
 * `RangeError` for a similarity outside [0.1, 1] and a size below 1.
 *
 * @example
 * import { Near } from "@watertight/data"
 * Near.text("body", { characters: 5, similarity: 0.7 }).unit // => "characters"
 */
export const text = <const Name extends string>(
  column: Name,
  options: { readonly similarity?: number } & (
    | { readonly words?: number }
    | { readonly characters: number; readonly words?: never }
  ) = {}
): Text<Name> => {
  const unit = "characters" in options ? "characters" : "words"
  const size = "characters" in options ? options.characters : (options.words ?? 3)
  const similarity = options.similarity ?? 0.8
  check(similarity >= 0.1 && similarity <= 1, `text: ${similarity} is no similarity in [0.1, 1]`)
  check(Number.isSafeInteger(size) && size >= 1, `text: ${size} is no number of ${unit}`)
  return { by: "text", column, unit, size, similarity }
}

/**
 * Images are near when their hashes of 64 bits differ in at most `distance` bits: 4 unless given. They are uint8 tensors of
 * height and width, or height, width and 1 to 4 channels. The perceptual hash compares low frequencies, the difference
 * hash neighbouring pixels, as Python's imagehash. Throws a `RangeError` for a distance that is no integer in [0, 32].
 *
 * @example
 * import { Near } from "@watertight/data"
 * Near.image("photo", { hash: "difference", distance: 2 }).distance // => 2
 */
export const image = <const Name extends string>(
  column: Name,
  options: { readonly hash?: HashKind; readonly distance?: number } = {}
): Image<Name> => {
  const { distance = 4, hash = "perceptual" } = options
  check(
    Number.isSafeInteger(distance) && distance >= 0 && distance <= 32,
    `image: ${distance} is no integer in [0, 32]`
  )
  return { by: "image", column, hash, distance }
}

/**
 * Rows are near when they differ in at most `differing` of the columns: all columns unless some are given. Floats named in
 * `round` are taken to the nearest multiple of the given step first; missing values equal each other. None is missed.
 * Throws a `RangeError` for a number of columns that is no integer from 0 on and a step that is not above 0.
 *
 * @example
 * import { Near } from "@watertight/data"
 * Near.row({ columns: ["speed", "zone", "fare"], differing: 1, round: { speed: 0.5 } }).differing // => 1
 */
export const row = <const Name extends string = never, const Rounded extends string = never>(options: {
  readonly columns?: ReadonlyArray<Name>
  readonly differing: number
  readonly round?: { readonly [K in Rounded]: number }
}): Row<Name, Rounded> => {
  const { columns = [], differing } = options
  const steps: { readonly [name: string]: number } = options.round ?? {}
  check(Number.isSafeInteger(differing) && differing >= 0, `row: ${differing} is no number of columns`)
  const round = Object.entries<number>(steps).map(([column, step]) => {
    check(step > 0 && Number.isFinite(step), `row: ${step} is no step to round "${column}" to`)
    return { column: column as Rounded, step } // a key of `round`
  })
  return { by: "row", columns, differing, round }
}

/** A way of being near as data, for parameters of stages. */
export const toJson = (near: Near): Schema.Json =>
  near.by === "row" ? { ...near, round: near.round.map((each) => ({ ...each })) } : { ...near }

const Stored = Schema.Union([
  Schema.Struct({
    by: Schema.Literal("text"),
    column: Schema.String,
    unit: Schema.Literals(["words", "characters"]),
    size: Schema.Int.check(Schema.isGreaterThanOrEqualTo(1)),
    similarity: Schema.Finite.check(Schema.isBetween({ minimum: 0.1, maximum: 1 }))
  }),
  Schema.Struct({
    by: Schema.Literal("image"),
    column: Schema.String,
    hash: Schema.Literals(["perceptual", "difference"]),
    distance: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 32 }))
  }),
  Schema.Struct({
    by: Schema.Literal("row"),
    columns: Schema.Array(Schema.String),
    differing: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
    round: Schema.Array(Schema.Struct({ column: Schema.String, step: Schema.Finite.check(Schema.isGreaterThan(0)) }))
  })
])

/**
 * Reads a way of being near from the parameters of a stage, as `toJson` wrote it; nothing where it is none.
 *
 * @example
 * import { Near } from "@watertight/data"
 * Near.fromJson(Near.toJson(Near.text("body", { similarity: 0.6 }))) // => Near.text("body", { similarity: 0.6 })
 */
export const fromJson = (json: unknown): Near | undefined => Option.getOrUndefined(decode(json))

const decode = Schema.decodeUnknownOption(Stored)

/** Keeps the columns of a table that are compared. */
export const select = (near: Near, table: Table): Table => {
  const names: ReadonlyArray<string> = near.by === "row" ? near.columns : [near.column]
  return names.length === 0 ? table : Tables.select(table, names)
}

/** Joins the rows of a table that are near, now, directly or through others: for each row the first of those it is near. */
export const firsts = (near: Near, table: Table): Effect.Effect<Uint32Array, NearError> =>
  Effect.map(compare(near, table), ({ components }) => Components.firsts(components()))

/** Lists the pairs of near rows of a table, now, each once, the earlier row first. */
export const pairs = (
  near: Near,
  table: Table
): Effect.Effect<ReadonlyArray<readonly [first: number, second: number]>, NearError> =>
  Effect.map(compare(near, table), ({ pairs }) => {
    const found: Array<readonly [number, number]> = []
    pairs((first, second) => found.push([first, second]))
    return found
  })

/** Two ways of looking at what is near. */
interface Compared {
  readonly components: () => Components.Components
  readonly pairs: (visit: (first: number, second: number) => void) => void
}

const compare = (near: Near, table: Table): Effect.Effect<Compared, NearError> =>
  Effect.suspend(() => {
    const found =
      near.by === "text" ? Texts.of(near, table) : near.by === "image" ? Images.of(near, table) : Rows.of(near, table)
    return found.reason !== undefined ? Effect.fail(new NearError(found)) : Effect.succeed(found)
  })
