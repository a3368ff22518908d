/**
 * The three partitions of a data set as nodes, and doing one thing to all three.
 */
import type { Node } from "@watertight/core"
import type { Columns } from "./Columns.ts"
import type { Dataset, Partition } from "./Dataset.ts"

/** The train, validation and test rows of one table. */
export interface Partitions<out C extends Columns = Columns, out E = unknown, out R = unknown> {
  readonly train: Node.Node<Dataset<C, "train">, E, R>
  readonly validation: Node.Node<Dataset<C, "validation">, E, R>
  readonly test: Node.Node<Dataset<C, "test">, E, R>
}

/**
 * Applies a function that works on any partition to each of the three. What learns from rows takes train only, so it
 * cannot be such a function.
 */
export const map = <C extends Columns, E, R, D extends Columns, E2, R2>(
  partitions: Partitions<C, E, R>,
  f: <P extends Partition>(part: Node.Node<Dataset<C, P>, E, R>) => Node.Node<Dataset<D, P>, E2, R2>
): Partitions<D, E2, R2> => ({
  train: f(partitions.train),
  validation: f(partitions.validation),
  test: f(partitions.test)
})
