/**
 * What runs programs. The engine is a service, so a pipeline says what it computes and the caller decides on what; the
 * engine's identity is part of the provenance of everything it computed.
 */
import { Context, Effect, Layer } from "effect"
import type { Scope } from "effect"
import type { CompileError } from "./compile/CompileError.ts"
import type { Executable } from "./engines/Executable.ts"
import * as Onnx from "./engines/onnx.ts"
import * as Reference from "./engines/reference.ts"
import type { Program } from "./Program.ts"

export { CompileError } from "./compile/CompileError.ts"
export { type Executable, ExecutionError } from "./engines/Executable.ts"
export { EngineError, type Options } from "./engines/onnx.ts"

/** Compiles programs and runs them. */
export class Engine extends Context.Service<
  Engine,
  {
    /** Names the engine and its version: results of one id agree in every bit. */
    readonly id: string
    /** Compiles a program. Closing the scope frees what the program holds. */
    readonly compile: (program: Program) => Effect.Effect<Executable, CompileError, Scope.Scope>
  }
>()("@watertight/model/Engine") {}

/**
 * Runs programs on ONNX Runtime, on the processor. A program is recorded once as a graph and runs as a whole; results
 * do not depend on the number of threads. Fails with `EngineError` where the library does not load.
 */
export const onnx = (options: Onnx.Options = {}): Layer.Layer<Engine, Onnx.EngineError> =>
  Layer.effect(Engine, Onnx.make(options))

/** Runs programs eagerly on TensorFlow.js's cpu backend: slow, and what other engines are compared with. */
export const reference: Layer.Layer<Engine> = Layer.effect(Engine, Effect.sync(Reference.make))
