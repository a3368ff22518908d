/**
 * Why rows cannot be split as asked, and what to change.
 */
import { Schema } from "effect"

/** A table cannot be split as asked. */
export class SplitError extends Schema.TaggedError<SplitError>()("SplitError", {
  /** The split's name. */
  split: Schema.String,
  reason: Schema.String,
  /** What to change, as a sentence. */
  hint: Schema.String,
  /** The partition that is in trouble, if it is one. */
  partition: Schema.optionalKey(Schema.Literals(["train", "validation", "test"]))
}) {
  override get message() {
    return `${this.split}: ${this.reason}. ${this.hint}`
  }
}
