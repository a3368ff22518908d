/**
 * The engine that runs programs eagerly on TensorFlow.js's cpu backend. It is slow and simple: what other engines are
 * compared with in tests.
 */
import { Digest } from "@watertight/core"
import { Effect } from "effect"
import type { Scope } from "effect"
import type { CompileError } from "../compile/CompileError.ts"
import { tf, withBackend } from "../internal/tfjs.ts"
import * as Program from "../Program.ts"
import type { Executable } from "./Executable.ts"
import { ExecutionError, reasonOf, validate } from "./Executable.ts"

/** Makes the engine. */
export const make = () => ({
  id: `tfjs-cpu/${tf.version.tfjs}`,
  compile: (program: Program.Program): Effect.Effect<Executable, CompileError, Scope.Scope> =>
    Effect.sync(() => {
      let state: Program.Data = Object.fromEntries(
        Object.entries(program.state).map(([name, spec]) => [name, Program.zeros(spec)])
      )
      return {
        digest: Digest.of([program.name, described(program.state), described(program.inputs)]),
        write: (given) =>
          Effect.map(validate(program, "state", given, { partial: true }), () => {
            state = { ...state, ...copies(given) }
          }),
        read: Effect.sync(() => copies(state)),
        run: (inputs) =>
          validate(program, "input", inputs, { partial: false }).pipe(
            Effect.andThen(
              Effect.try({
                try: () => step(program, state, inputs),
                catch: (cause) => new ExecutionError({ program: program.name, reason: reasonOf(cause) })
              })
            ),
            Effect.map((result) => {
              state = { ...state, ...result.state }
              return result.outputs
            })
          )
      }
    })
})

/** Runs the program once. Every tensor made on the way is disposed of. */
const step = (program: Program.Program, state: Program.Data, inputs: Program.Data) =>
  withBackend("cpu", () => {
    const results: { state: Program.Data; outputs: Program.Data } = { state: {}, outputs: {} }
    tf.tidy(() => {
      const result = program.run(tensors(program.state, state), tensors(program.inputs, inputs))
      const problem = Program.misreturned(program, result)
      if (problem !== undefined) throw new Error(problem)
      results.state = valuesOf(result.state)
      results.outputs = valuesOf(result.outputs)
    })
    return results
  })

const tensors = (specs: Program.Specs, data: Program.Data): Program.Tensors =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { dtype, shape }]) => [name, tf.tensor(data[name], [...shape], dtype)])
  )

/** Copies the numbers out. The cpu backend keeps some int32 tensors in bytes and some float32 tensors in integers. */
const valuesOf = (tensors: Program.Tensors): Program.Data =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const values = tensor.dataSync<"float32" | "int32">()
      return [name, tensor.dtype === "int32" ? Int32Array.from(values) : Float32Array.from(values)]
    })
  )

const copies = (data: Program.Data): Program.Data =>
  Object.fromEntries(Object.entries(data).map(([name, array]) => [name, array.slice()]))

const described = (specs: Program.Specs): Record<string, string> =>
  Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, Program.describe(spec)]))
