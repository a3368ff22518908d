/**
 * What one column of a table holds: its kind, and for categories the levels, for tensors the shape of one row. A kind is
 * a type as well as a value, so that a step for numbers cannot be given a category.
 */
import { Schema } from "effect"

/** Real numbers, kept in float64. */
export interface Float {
  readonly kind: "float"
  /** Whether rows of one value must stay together: see `group`. */
  readonly group?: true
}

/** One of a fixed list of levels, kept as an int32 code: the level's place in the list. */
export interface Category<out Level extends string = string> {
  readonly kind: "category"
  readonly levels: ReadonlyArray<Level>
  /** Whether rows of one level must stay together: see `group`. */
  readonly group?: true
}

/** Instants, kept as float64 milliseconds since 1970-01-01T00:00:00Z. */
export interface Timestamp {
  readonly kind: "timestamp"
}

/** A block of numbers per row, of one fixed shape: an image, an embedding, a one-hot vector. */
export interface Tensor<out Shape extends ReadonlyArray<number> = ReadonlyArray<number>> {
  readonly kind: "tensor"
  readonly shape: Shape
  readonly dtype: "uint8" | "float32"
}

/** A column's declaration. */
export type Column = Float | Category | Timestamp | Tensor

/** The kinds of columns there are. */
export type Kind = Column["kind"]

/** Declares a column of real numbers. */
export const float: Float = { kind: "float" }

/** Declares a column of instants. */
export const timestamp: Timestamp = { kind: "timestamp" }

/**
 * Declares a column of categories with its levels, in the order of their codes. Throws a `RangeError` when a level
 * appears twice or holds half a character.
 *
 * @example
 * import { Column } from "@watertight/data"
 * Column.category(["drizzle", "rain", "sun"]).levels.indexOf("rain") // => 1
 */
export const category = <const Level extends string>(levels: ReadonlyArray<Level>): Category<Level> => {
  if (new Set(levels).size !== levels.length) throw new RangeError("Column.category: a level appears twice")
  if (!levels.every((level) => level.isWellFormed()))
    throw new RangeError("Column.category: a level is not Unicode text")
  return { kind: "category", levels }
}

/** Declares a column of tensors: `shape` is that of one row, `[28, 28]` for an image of 28 rows and 28 columns. */
export const tensor = <const Shape extends ReadonlyArray<number>>(
  shape: Shape,
  dtype: "uint8" | "float32" = "float32"
): Tensor<Shape> => ({ kind: "tensor", shape, dtype })

/** A column that says which rows belong together. */
export type Grouping<C extends Float | Category = Float | Category> = C & { readonly group: true }

/**
 * Declares that rows of one value are alike and must stay on one side of every split: those of one patient, user or
 * document. Splits that would part them do not compile then.
 *
 * @example
 * import { Column } from "@watertight/data"
 * Column.group(Column.category(["ann", "bob"])).group // => true
 */
export const group = <C extends Float | Category>(column: C): Grouping<C> => ({ ...column, group: true })

/** Counts the numbers one row of a column holds. */
export const width = (column: Column): number =>
  column.kind === "tensor" ? column.shape.reduce((product, size) => product * size, 1) : 1

/** The declaration as data, for manifests and stored tables. */
export const Declaration: Schema.Codec<Column, Schema.Json> = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("float"), group: Schema.optionalKey(Schema.Literal(true)) }),
  Schema.Struct({ kind: Schema.Literal("timestamp") }),
  Schema.Struct({
    kind: Schema.Literal("category"),
    levels: Schema.Array(Schema.String),
    group: Schema.optionalKey(Schema.Literal(true))
  }),
  Schema.Struct({
    kind: Schema.Literal("tensor"),
    shape: Schema.Array(Schema.Int),
    dtype: Schema.Literals(["uint8", "float32"])
  })
])
