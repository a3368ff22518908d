/**
 * What one column of a table holds: its kind, and for categories the levels, for tensors the shape of one row. A kind is
 * a type as well as a value, so that a step for numbers cannot be given a category. A column whose values may be missing
 * is of a kind of its own, so that what cannot take missing values does not compile until they are imputed.
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

/** The numbers a tensor holds. */
export type Dtype = "uint8" | "int32" | "float32"

/** A block of numbers per row, of one fixed shape: an image, an embedding, a one-hot vector, the ids of tokens. */
export interface Tensor<out Shape extends ReadonlyArray<number> = ReadonlyArray<number>> {
  readonly kind: "tensor"
  readonly shape: Shape
  readonly dtype: Dtype
}

/** Unicode text of any length, the empty text included: mail, reviews, names. */
export interface Text {
  readonly kind: "text"
}

/** Real numbers, some of them missing: those are NaN. */
export interface OptionalFloat {
  readonly kind: "optional float"
}

/** One of a fixed list of levels, or missing: the code -1. */
export interface OptionalCategory<out Level extends string = string> {
  readonly kind: "optional category"
  readonly levels: ReadonlyArray<Level>
}

/** Instants, some of them missing: those are NaN. */
export interface OptionalTimestamp {
  readonly kind: "optional timestamp"
}

/** A column of which every value is there. */
export type Complete = Float | Category | Timestamp | Tensor | Text

/** A column of which values may be missing. */
export type Optional = OptionalFloat | OptionalCategory | OptionalTimestamp

/** A column's declaration. */
export type Column = Complete | Optional

/** The column that may be missing for one that may not. */
export type OptionalOf<C extends Column> = C extends Float
  ? OptionalFloat
  : C extends Category<infer Level>
    ? OptionalCategory<Level>
    : C extends Timestamp
      ? OptionalTimestamp
      : never

/** The column without missing values for one that may have them; others stay. */
export type CompleteOf<C extends Column> = C extends OptionalFloat
  ? Float
  : C extends OptionalCategory<infer Level>
    ? Category<Level>
    : C extends OptionalTimestamp
      ? Timestamp
      : C

/** The kinds of columns there are. */
export type Kind = Column["kind"]

/** Declares a column of real numbers. */
export const float: Float = { kind: "float" }

/** Declares a column of instants. */
export const timestamp: Timestamp = { kind: "timestamp" }

/** Declares a column of texts. What has few distinct ones is a `category`. */
export const text: Text = { kind: "text" }

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
  dtype: Dtype = "float32"
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
/**
 * Declares that values of a column may be missing: NaN in numbers and instants, the code -1 in categories, null in Arrow
 * files, an empty cell in CSV files. Throws a `RangeError` for a category with an empty level: a file could not tell it
 * from a missing one.
 *
 * @example
 * import { Column, Columns, Recipe } from "@watertight/data"
 * const Taxi = Columns.make({ distance: Column.optional(Column.float), zone: Column.optional(Column.category(["a", "b"])) })
 * Taxi.zone // => { kind: "optional category", levels: ["a", "b"] }
 * Recipe.forColumns(Taxi).pipe(Recipe.imputeMedian("distance"), Recipe.imputeMode("zone")).steps.length // => 2
 */
export const optional = <C extends Float | Category | Timestamp>(column: C): OptionalOf<C> => {
  if (column.kind === "category" && column.levels.includes("")) {
    throw new RangeError("Column.optional: a level is empty text, which is how files write a missing value")
  }
  return { ...column, kind: `optional ${column.kind}` } as unknown as OptionalOf<C> // the kind of C, made optional
}

/** Tells whether values of a column may be missing. */
export const isOptional = (column: Column): column is Optional => column.kind.startsWith("optional ")

/** Returns the column without missing values: what it is once they are imputed. */
export const complete = <C extends Column>(column: C): CompleteOf<C> =>
  ({ ...column, kind: column.kind.replace("optional ", "") }) as unknown as CompleteOf<C> // the kind of C, made complete

/** Counts the numbers one row of a column holds; a text counts as one. */
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
  Schema.Struct({ kind: Schema.Literal("optional float") }),
  Schema.Struct({ kind: Schema.Literal("optional timestamp") }),
  Schema.Struct({ kind: Schema.Literal("optional category"), levels: Schema.Array(Schema.String) }),
  Schema.Struct({
    kind: Schema.Literal("tensor"),
    shape: Schema.Array(Schema.Int),
    dtype: Schema.Literals(["uint8", "int32", "float32"])
  }),
  Schema.Struct({ kind: Schema.Literal("text") })
])
