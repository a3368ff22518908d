/** Tables that are not in memory as Apache Arrow without their values: Arrow's writer then says where in a file these go. */
import type * as Arrow from "apache-arrow"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Batches from "./batches.ts"
import { idPart, lookThrough, partOf, tableOf, textPart } from "./toArrow.ts"

/** A table as it would be if its columns were in memory: arrays of the right lengths, which nobody fills. */
export interface Outline {
  readonly table: Arrow.Table
  /** The columns of instants that are written as integers. */
  readonly integers: ReadonlySet<string>
}

/**
 * Makes the outline of a table whose batches start at some rows; all its arrays are views of `empty`, which must be as large
 * as the largest. Of texts it needs to know where they end.
 */
export const make = (
  columns: Columns,
  length: number,
  entries: Readonly<Record<string, Columnar.Entry>>,
  ends: Readonly<Record<string, Int32Array>>,
  starts: ReadonlyArray<number>,
  empty: ArrayBuffer
): Outline => {
  const integers = new Set<string>()
  const parts = Object.keys(columns).map((name, index) => {
    const own = entries[name]
    if (Columnar.isTextual(own)) {
      const batches = starts.map((start, batch) => {
        const offsets = Batches.offsets(ends[name], start, starts[batch + 1] ?? length)
        return { offsets, bytes: new Uint8Array(empty, 0, offsets[offsets.length - 1]) }
      })
      return textPart(name, batches)
    }
    const { isWhole, valid } = lookThrough(columns[name], own.length, Columnar.blocks(own))
    if (isWhole) integers.add(name)
    const Values = Columnar.isLazy(own) ? own.Values : (own.constructor as typeof Float64Array) // any typed array's
    const hollow = new (Values as typeof Float64Array)(empty, 0, own.length) // likewise
    return partOf(name, columns[name], hollow, length, index, valid, isWhole)
  })
  return {
    table: tableOf([idPart(new Uint8Array(empty, 0, length * RowId.bytes), length), ...parts], length, starts),
    integers
  }
}
