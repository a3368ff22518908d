/** Whatever threads can be asked to do with whole columns: plain functions over typed arrays, by name. */
import type { Numbers } from "../../RowId.ts"
import * as Codes from "../columns/codes.ts"
import * as Components from "../statistics/components.ts"
import * as Columnar from "../columns/columnar.ts"
import * as ValuesDigest from "../columns/valuesDigest.ts"
import * as Float64 from "../statistics/float64.ts"
import * as Lanes from "../statistics/lanes.ts"
import * as Normal from "../statistics/normal.ts"
import * as Order from "../statistics/order.ts"
import * as Products from "../statistics/products.ts"
import type { Answer } from "./pool.ts"
import * as Shared from "./shared.ts"

const shares = (
  values: Numbers,
  bounds: Float64.Bounds,
  normal: readonly [least: number, largest: number] | undefined,
  out: Float64Array | Float32Array
): void => Float64.shares(values, bounds, normal === undefined ? undefined : Normal.ofShares(...normal), out)

/** The functions. They write into arrays that they are given, and return what is small. */
export const kernels = {
  clamp: Lanes.clamp,
  digest: ValuesDigest.ofNumbers,
  evenQuantiles: Order.evenQuantiles,
  fill: Float64.fill,
  firstNotFinite: Lanes.firstNotFinite,
  gather: Columnar.gatherTo,
  mark: Float64.mark,
  markMissing: Codes.markMissing,
  moments: Lanes.moments,
  multiply: Products.multiply,
  normalize: Lanes.normalize,
  numbersOf: Codes.numbersOf,
  ofPresent: Order.ofPresent,
  oneHot: Codes.oneHot,
  project: Components.projectTo,
  quantiles: Order.quantiles,
  quantilesOfGroups: Order.quantilesOfGroups,
  range: Lanes.range,
  scatter: Components.scatter,
  search: Float64.search,
  shares
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

/** Of arrays that nobody else uses any more a thread may keep about so many bytes. */
const mostHeld = 2 ** 27

/** Tasks over arrays of so many bytes take so long that what they were given is no longer young afterwards. */
const old = 2 ** 25

const held = { bytes: 0, times: 0 }

const garbage: Array<ReadonlyArray<number>> = []

/** Makes V8 look through what is young, so arrays of tasks before: in half a millisecond, where all it holds takes ten. */
const collectYoung = (): void => {
  for (let made = 0; made < 256; made++) garbage[0] = new Array<number>(1000).fill(made)
}

export const task = ({ given, name }: Asked): Answer<unknown> => {
  const kernel = kernels[name] as (...given: ReadonlyArray<unknown>) => unknown // `compute` sees to the types
  const value = kernel(...given)
  const sizes = arraysOf(given).map(({ byteLength }) => byteLength)
  held.bytes += sizes.reduce((sum, bytes) => sum + bytes, 0)
  if (held.bytes > mostHeld) {
    held.bytes = 0
    held.times++
    if (held.times % 8 === 0 || sizes.some((bytes) => bytes >= old)) Shared.collect()
    else collectYoung()
  }
  return { value }
}
