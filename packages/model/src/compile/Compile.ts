/**
 * Compiles a program to the bytes of an ONNX model. It is recorded twice: what is not a function of its arguments alone
 * (a random draw, the time, a counter) would be frozen into the model, and shows as a difference.
 */
import { Digest } from "@watertight/core"
import { Effect } from "effect"
import type { Program } from "../Program.ts"
import { CompileError } from "./CompileError.ts"
import type { Graph } from "./Graph.ts"
import * as Onnx from "./Onnx.ts"
import * as Trace from "./Trace.ts"

/** A program as a model. */
export interface Compiled {
  readonly graph: Graph
  /** An ONNX `ModelProto`. */
  readonly model: Uint8Array
  /** The digest of the model. */
  readonly digest: Digest.Digest
}

/** Compiles a program. Equal programs give equal bytes, in every process. */
export const compile = Effect.fnUntraced(function* (program: Program): Effect.fn.Return<Compiled, CompileError> {
  const graph = yield* Trace.record(program)
  const model = Onnx.encode(graph)
  const digest = Digest.fromBytes(model)
  const again = Digest.fromBytes(Onnx.encode(yield* Trace.record(program)))
  if (again === digest) return { graph, model, digest }
  return yield* new CompileError({
    program: program.name,
    reason: "recorded twice it computes two things, so it depends on more than its state and inputs"
  })
})
