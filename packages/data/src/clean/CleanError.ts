/**
 * Why rows cannot be cleaned as asked, and what to change.
 */
import { Schema } from "effect"

/** A table cannot be cleaned as asked. */
export class CleanError extends Schema.TaggedError<CleanError>()("CleanError", {
  /** The step's name. */
  step: Schema.String,
  column: Schema.optionalKey(Schema.String),
  reason: Schema.String,
  /** What to change, as a sentence. */
  hint: Schema.String,
  /** Rows that are in trouble, from 1, as they stand in the source. */
  rows: Schema.optionalKey(Schema.Array(Schema.Int))
}) {
  override get message() {
    return `${this.step}: ${this.column === undefined ? "" : `"${this.column}" `}${this.reason}. ${this.hint}`
  }
}
