/** Why a program cannot be compiled. */
import { Schema } from "effect"

/** A program that an engine cannot run. */
export class CompileError extends Schema.TaggedError<CompileError>()("CompileError", {
  program: Schema.String,
  /** The operation or kernel that was running, when one was. */
  operation: Schema.optional(Schema.String),
  reason: Schema.String
}) {
  override get message() {
    const where = this.operation === undefined ? "" : `${this.operation}: `
    return `Cannot compile the program "${this.program}": ${where}${this.reason}.`
  }
}
