/**
 * Which rows hang together: union-find. A component is named by its first row, so that its name depends neither on the
 * order in which rows were joined nor on anything beside them.
 */

/** Rows that are being joined. */
export interface Components {
  /** For each row an earlier row of its component, or the row itself if it is the first. */
  readonly parents: Uint32Array
}

/** Makes components of one row each. */
export const make = (length: number): Components => ({ parents: Uint32Array.from({ length }, (_, row) => row) })

/** Returns the first row of a row's component. */
export const find = ({ parents }: Components, row: number): number => {
  let at = row
  while (parents[at] !== at) at = parents[at] = parents[parents[at]]
  return at
}

/** Makes one component of those of two rows. */
export const join = (components: Components, a: number, b: number): void => {
  const [first, second] = [find(components, a), find(components, b)]
  components.parents[Math.max(first, second)] = Math.min(first, second)
}

/** Returns the first row of each row's component. */
export const firsts = (components: Components): Uint32Array => components.parents.map((_, row) => find(components, row))
