/**
 * Which of a batch's nodes and buffers belong to which column: they stand in the order of the columns, and each column's
 * before those of its parts.
 */
import * as Arrow from "apache-arrow"
import type { Batch } from "./message.ts"

/** A column, or a part of one, in a batch. */
export interface Part {
  readonly type: Arrow.DataType
  readonly length: number
  readonly nulls: number
  /** Which of the batch's buffers is its first. */
  readonly buffer: number
  readonly buffers: number
  readonly children: ReadonlyArray<Part>
}

/** What has a type. */
interface Typed {
  readonly type: Arrow.DataType
}

/** How far the nodes and buffers of a batch are given out. */
interface Cursor {
  node: number
  buffer: number
  views: number
}

/** A column of views has so many buffers before those with long texts. */
export const viewBuffers = 2

const hasEnds = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isUtf8(type) ||
  Arrow.DataType.isLargeUtf8(type) ||
  Arrow.DataType.isBinary(type) ||
  Arrow.DataType.isLargeBinary(type)

const countOf = (type: Arrow.DataType, batch: Batch, at: Cursor): number => {
  if (Arrow.DataType.isNull(type)) return 0
  if (hasEnds(type)) return 3
  if (Arrow.DataType.isStruct(type) || Arrow.DataType.isFixedSizeList(type)) return 1
  const isView = Arrow.DataType.isUtf8View(type) || Arrow.DataType.isBinaryView(type)
  if (isView) return viewBuffers + (batch.variadic[at.views++] ?? 0)
  if (Arrow.DataType.isUnion(type)) {
    const isThere = batch.version < Arrow.MetadataVersion.V5 ? 1 : 0
    return isThere + (type.mode === Arrow.UnionMode.Dense ? 2 : 1)
  }
  return 2
}

const partOf = (type: Arrow.DataType, batch: Batch, at: Cursor): Part => {
  const node = 2 * at.node++
  if (node >= batch.nodes.length) throw new Error("a batch lacks columns")
  const buffer = at.buffer
  const buffers = countOf(type, batch, at)
  at.buffer += buffers
  if (2 * at.buffer > batch.buffers.length) throw new Error("a batch lacks buffers")
  const fields: ReadonlyArray<Typed> = Arrow.DataType.isDictionary(type) ? [] : (type.children ?? [])
  const [length, nulls] = [batch.nodes[node], batch.nodes[node + 1]]
  return { type, length, nulls, buffer, buffers, children: fields.map((field) => partOf(field.type, batch, at)) }
}

/**
 * Finds the parts of a batch's columns. Throws where there are fewer nodes or buffers than the columns have, or, of
 * columns of views, more buffers: were a count of these wrong, the columns behind would have others' buffers.
 */
export const parts = (columns: ReadonlyArray<Typed>, batch: Batch): ReadonlyArray<Part> => {
  const at: Cursor = { node: 0, buffer: 0, views: 0 }
  const found = columns.map(({ type }) => partOf(type, batch, at))
  if (at.views > 0 && 2 * at.buffer < batch.buffers.length)
    throw new Error("a batch has other buffers than its columns")
  return found
}

/** The buffers of a part and of its children. */
export const buffersOf = ({ buffer, buffers, children }: Part): ReadonlyArray<number> => [
  ...Array.from({ length: buffers }, (_, index) => buffer + index),
  ...children.flatMap(buffersOf)
]
