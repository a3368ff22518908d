/**
 * A program is a pure function over named tensors, written in plain `tf.*` operations: state and inputs give the next
 * state and outputs. Every shape is static. An engine compiles it once and then runs it many times; a train step, an
 * evaluation step and a prediction are all programs.
 */
import { tf } from "./internal/tfjs.ts"

/** What a tensor looks like: its shape (`[]` for a scalar) and the type of its numbers. */
export interface TensorSpec {
  readonly shape: ReadonlyArray<number>
  readonly dtype: "float32" | "int32"
}

/** Specs by name. */
export type Specs = Readonly<Record<string, TensorSpec>>

/** The numbers of a tensor in row-major order: a `Float32Array` for float32, an `Int32Array` for int32. */
export type TensorData = Float32Array | Int32Array

/** Numbers by name. */
export type Data = Readonly<Record<string, TensorData>>

/** Tensors by name, inside a program. */
export type Tensors = Readonly<Record<string, tf.Tensor>>

/** What a program returns. */
export interface Result {
  readonly state: Tensors
  readonly outputs: Tensors
}

/** A pure function over named tensors. */
export interface Program {
  /** A word for messages: `"train step"`. */
  readonly name: string
  /** What the program keeps from one run to the next. */
  readonly state: Specs
  readonly inputs: Specs
  /**
   * Computes the next state and the outputs. Returned state has the specs of `state`; a name left out is unchanged. It
   * must be a function of its arguments alone: values cannot be read in it, and random numbers are inputs.
   */
  readonly run: (state: Tensors, inputs: Tensors) => Result
}

/**
 * Makes the spec of a float32 tensor.
 *
 * @example
 * import { Program } from "@watertight/model"
 * Program.float32(128, 784) // => { shape: [128, 784], dtype: "float32" }
 */
export const float32 = (...shape: ReadonlyArray<number>): TensorSpec => ({ shape, dtype: "float32" })

/** Makes the spec of an int32 tensor. */
export const int32 = (...shape: ReadonlyArray<number>): TensorSpec => ({ shape, dtype: "int32" })

/** Counts the numbers of a tensor. */
export const size = (spec: { readonly shape: ReadonlyArray<number> }): number =>
  spec.shape.reduce((product, length) => product * length, 1)

/** Makes the array that holds a tensor's numbers, all zero. */
export const zeros = (spec: TensorSpec): Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> =>
  spec.dtype === "float32" ? new Float32Array(size(spec)) : new Int32Array(size(spec))

/** Writes a spec for messages: `float32[128, 784]`. */
export const describe = (spec: { readonly shape: ReadonlyArray<number>; readonly dtype: string }): string =>
  `${spec.dtype}[${spec.shape.join(", ")}]`

/** Says where a result does not keep to what its program declares, if anywhere. */
export const misreturned = (program: Program, { outputs, state }: Result): string | undefined => {
  for (const [kind, tensors] of [
    ["state", state],
    ["output", outputs]
  ] as const) {
    for (const name of Object.keys(tensors)) {
      const what = `${kind} "${name}"`
      const tensor: unknown = tensors[name]
      if (!(tensor instanceof tf.Tensor)) return `it returns no tensor as ${what}`
      if (tensor.isDisposed) return `it returns ${what} disposed`
      if (tensor.dtype !== "float32" && tensor.dtype !== "int32") {
        return `it returns ${what} as ${tensor.dtype}; cast it to float32 or int32`
      }
      if (kind === "output") continue
      if (!(name in program.state)) return `it returns ${what} and does not declare it`
      const [got, want] = [describe(tensor), describe(program.state[name])]
      if (got !== want) return `it declares ${what} as ${want} and returns ${got}`
    }
  }
}
