/**
 * A compiled program with its state. Engines differ in how they run it; what they accept and refuse is the same, and is
 * decided here.
 */
import type { Digest } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Program from "../Program.ts"

/** A compiled program that keeps its state between runs. One run happens at a time. */
export interface Executable {
  /** Identifies what is computed: the same program on the same engine has the same digest. */
  readonly digest: Digest.Digest
  /** Replaces state tensors; names left out keep their value. State starts at zero. The arrays are copied. */
  readonly write: (state: Program.Data) => Effect.Effect<void, ExecutionError>
  /** Copies the state out. */
  readonly read: Effect.Effect<Program.Data, ExecutionError>
  /**
   * Runs the program once. Inputs are read during the run only; outputs are the caller's own. The state advances,
   * unless the run fails: then it is what it was.
   */
  readonly run: (inputs: Program.Data) => Effect.Effect<Program.Data, ExecutionError>
}

/** A compiled program was given something it has no place for, or its engine failed to run it. */
export class ExecutionError extends Schema.TaggedError<ExecutionError>()("ExecutionError", {
  program: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `The program "${this.program}" did not run: ${this.reason}.`
  }
}

/** Says what is wrong with the given arrays, if anything. */
export const mismatch = (
  what: "input" | "state",
  specs: Program.Specs,
  data: Program.Data,
  options: { readonly partial: boolean }
): string | undefined => {
  let matched = 0
  for (const name in specs) {
    const array = data[name]
    if (array === undefined) {
      if (options.partial) continue
      return `${what} "${name}" is missing; it must be ${Program.describe(specs[name])}`
    }
    matched++
    const problem = unlike(specs[name], array)
    if (problem !== undefined) return `${what} "${name}" must be ${Program.describe(specs[name])} and is ${problem}`
  }
  if (Object.keys(data).length === matched) return undefined
  const unknown = Object.keys(data).filter((name) => !(name in specs))
  const known = Object.keys(specs).join(", ") || "none"
  return `it has no ${what} ${unknown.map((name) => `"${name}"`).join(", ")}; it has ${known}`
}

const unlike = (spec: Program.TensorSpec, array: Program.TensorData): string | undefined => {
  const right = spec.dtype === "float32" ? array instanceof Float32Array : array instanceof Int32Array
  if (!right) return `no ${spec.dtype === "float32" ? "Float32Array" : "Int32Array"}`
  return array.length === Program.size(spec) ? undefined : `${array.length} numbers, not ${Program.size(spec)}`
}

/** Fails with what is wrong with the given arrays, if anything. */
export const validate = (
  program: Program.Program,
  what: "input" | "state",
  data: Program.Data,
  options: { readonly partial: boolean }
): Effect.Effect<void, ExecutionError> => {
  const reason = mismatch(what, what === "input" ? program.inputs : program.state, data, options)
  return reason === undefined ? Effect.void : Effect.fail(new ExecutionError({ program: program.name, reason }))
}

/** Says what went wrong, from whatever was thrown, as the end of a sentence. */
export const reasonOf = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\.$/, "")
