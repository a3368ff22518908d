/** Whatever threads can be asked to do with whole columns: plain functions over typed arrays, by name. */
import * as Columnar from "../columns/columnar.ts"
import * as ValuesDigest from "../columns/valuesDigest.ts"
import * as Lanes from "../statistics/lanes.ts"
import * as Order from "../statistics/order.ts"
import type { Answer } from "./pool.ts"
import * as Shared from "./shared.ts"

/** The functions. They write into arrays that they are given, and return what is small. */
export const kernels = {
  digest: ValuesDigest.ofNumbers,
  firstNotFinite: Lanes.firstNotFinite,
  gather: Columnar.gatherTo,
  moments: Lanes.moments,
  normalize: Lanes.normalize,
  quantiles: Order.quantiles,
  range: Lanes.range
}

/** The functions' names. */
export type Name = keyof typeof kernels

/** Asks for a function's result. */
export interface Asked {
  readonly name: Name
  readonly given: ReadonlyArray<unknown>
}

/** Lists the arrays among what a function is given, also those in lists. */
export const arraysOf = (given: ReadonlyArray<unknown>): ReadonlyArray<ArrayBufferView> =>
  given.flatMap((each) =>
    ArrayBuffer.isView(each) ? [each] : Array.isArray(each) ? each.filter(ArrayBuffer.isView) : []
  )

export const task = ({ given, name }: Asked): Answer<unknown> => {
  const kernel = kernels[name] as (...given: ReadonlyArray<unknown>) => unknown // `compute` sees to the types
  const value = kernel(...given)
  for (const array of arraysOf(given)) Shared.untouched(array.byteLength) // so that this thread lets go of it soon
  return { value }
}
