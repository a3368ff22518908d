/** An operation of one's own: a function that worker threads load by its module and name. */
import type { Schema } from "effect"
import type { Columns } from "../Columns.ts"
import type { MakeOwn } from "../internal/augment/own.ts"
import { type Accepts, type Augment, adding, within } from "./Describe.ts"
import type { Chance } from "./Images.ts"

/** An operation of one's own, and where it is. */
export interface OperationOptions extends Chance {
  /** The module that exports `make`, `import.meta.url` in most cases; a small one starts workers fast. */
  readonly module: string
  /** Exported under its own name. Its files' digests are part of the cache key, when the pipeline imports it. */
  readonly make: MakeOwn
  readonly config?: Schema.Json
}

/**
 * Adds an operation of one's own on float and tensor columns: `make` gets the shape of a column's rows and the config, and
 * returns how many random words it takes for a row and what it does to a row's numbers, in place, with these words alone.
 * It runs in worker threads: the loader fails unless `module` exports `make` under its name.
 *
 * @example
 * import { Augment, Column } from "@watertight/data"
 * const negate: Augment.MakeOwn = () => ({
 *   words: 1,
 *   change: (row, words) => {
 *     if (words[0] % 2 === 0) row.forEach((value, place) => (row[place] = -value))
 *   }
 * })
 * const waves = Augment.forColumns({ wave: Column.tensor([100]) })
 * waves.pipe(Augment.operation("wave", { module: import.meta.url, make: negate })).operations.length // => 1
 */
export const operation =
  <const Name extends string>(columns: Name | ReadonlyArray<Name>, options: OperationOptions) =>
  <C extends Columns>(augment: Accepts<Augment<C>, C, Name, "numbers", "operation">): Augment<C> => {
    const { make, module } = options
    return adding(
      augment,
      columns,
      (column) => ({
        name: "operation",
        version: 1,
        column,
        probability: within("operation", "probability", options.probability ?? 1, 0, 1),
        function: make.name,
        config: options.config ?? null
      }),
      { [make.name]: { href: module, make } }
    )
  }
