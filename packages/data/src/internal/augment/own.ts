/** Operations of a user's own: found by the module they are in, so that worker threads can load them too. */
import type { Own } from "../../augment/Operation.ts"
import type { Kernel, Planned } from "./planned.ts"

const unit = 2 ** -32

/** What an operation of one's own is given: the shape of the column's rows, and the config it was described with. */
export interface OwnContext {
  readonly shape: ReadonlyArray<number>
  readonly config: unknown
}

/** An operation of one's own: how many random words it takes for a row, and what it does to a row with them, in place. */
export interface OwnOperation {
  readonly words: number
  readonly change: (row: Float32Array, words: Uint32Array) => void
}

/** Makes an operation; called once in every thread. */
export type MakeOwn = (context: OwnContext) => OwnOperation

/** Functions by their names. */
export type Functions = Readonly<Record<string, MakeOwn>>

/** Loads functions by their names from the modules that export them. */
export const load = (modules: Readonly<Record<string, string>>): Promise<Functions> =>
  Promise.all(
    Object.entries(modules).map(([name, href]) =>
      import(href).then((module: Functions): readonly [string, MakeOwn] => [name, module[name]])
    )
  ).then((entries) => Object.fromEntries(entries))

/** Does an operation of one's own on rows. */
export const own = ({ dimensions, offset, operation, size }: Planned<Own>, functions: Functions): Kernel => {
  const made = functions[operation.function]({ shape: dimensions, config: operation.config })
  const words = made.words + 1
  return {
    words,
    run: ({ count, features, width }, drawn) => {
      for (let row = 0; row < count; row++) {
        if (drawn[row * words] * unit >= operation.probability) continue
        const from = row * width + offset
        made.change(features.subarray(from, from + size), drawn.subarray(row * words + 1, (row + 1) * words))
      }
    }
  }
}
