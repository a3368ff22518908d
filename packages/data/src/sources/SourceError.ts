/**
 * What is wrong with a file of data, said so that a person can find the place and mend it.
 */
import { Schema } from "effect"

/** The kinds of trouble a file can give. */
export const Problem = Schema.Literals([
  "missing file",
  "not a file",
  "not a folder",
  "unreadable file",
  "broken compression",
  "empty file",
  "wrong format",
  "wrong encoding",
  "wrong shape",
  "truncated",
  "too long",
  "too large",
  "not supported",
  "counts differ",
  "bad header",
  "bad row",
  "bad value",
  "bad columns",
  "wrong type",
  "bad query",
  "files differ",
  "bad option",
  "no scratch space"
])

/** The kinds of trouble a file can give. */
export type Problem = typeof Problem.Type

/** A value that its column does not take, and what would be one. */
export const Bad = Schema.Struct({
  row: Schema.Int,
  column: Schema.String,
  value: Schema.String,
  expected: Schema.String
})

/** A value that its column does not take, and what would be one. */
export type Bad = typeof Bad.Type

/** A file does not hold the table that was declared. Rows count from 1, a header is not a row. */
export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  file: Schema.String,
  problem: Problem,
  /** What is wrong, as the rest of a sentence that starts with the file's name. */
  detail: Schema.String,
  /** What to do about it, as a sentence. */
  hint: Schema.String,
  row: Schema.optionalKey(Schema.Int),
  column: Schema.optionalKey(Schema.String),
  value: Schema.optionalKey(Schema.String),
  /** All that is wrong, where it is known (at most 1,000): the fields above are the first. */
  bad: Schema.optionalKey(Schema.Array(Bad))
}) {
  override get message() {
    return `${this.file}: ${this.detail}. ${this.hint}`
  }
}
