/** Lists of numbers in Arrow files as tensors of one shape. */
import * as Arrow from "apache-arrow"
import * as Column from "../../Column.ts"
import * as Exact from "../columns/exact.ts"

/** Tells whether a type's values are numbers that count or measure. */
export const isNumber = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isInt(type) || (Arrow.DataType.isFloat(type) && type.precision !== Arrow.Precision.HALF)

/**
 * Returns the lengths of the lists that a column must have, level by level; undefined where its type has other levels. A
 * fixed-shape tensor is flat in the file; its note has the shape, and no other order of axes.
 */
export const shapeOf = (
  type: Arrow.DataType,
  metadata: ReadonlyMap<string, string>,
  column: Column.Tensor
): ReadonlyArray<number> | undefined => {
  const own = metadata.get("ARROW:extension:metadata")
  if (own !== undefined && !isShape(own, column.shape)) return undefined
  const shape = own === undefined ? column.shape : [Column.width(column)]
  let leaf = type
  for (let depth = 0; depth < shape.length; depth++) {
    if (!Arrow.DataType.isList(leaf) && !Arrow.DataType.isFixedSizeList(leaf)) return undefined
    leaf = leaf.children[0].type
  }
  return isNumber(leaf) && shape.length > 0 ? shape : undefined
}

const isShape = (metadata: string, shape: ReadonlyArray<number>): boolean => {
  const found: unknown = JSON.parse(metadata)
  if (typeof found !== "object" || found === null || "permutation" in found) return false
  return "shape" in found && JSON.stringify(found.shape) === JSON.stringify(shape)
}

/** Converts rows, or finds the first with another shape, a null or a number that the column does not take. */
export const values = (rows: Arrow.Data, shape: ReadonlyArray<number>, column: Column.Tensor): Exact.Made => {
  const elements = elementsOf(rows, shape)
  const made =
    typeof elements === "number" ? { bad: elements * Column.width(column) } : Exact.tensor(numbersOf(elements), column)
  if ("values" in made) return made
  const row = Math.floor(made.bad / Column.width(column))
  const before = row === 0 ? made : values(rows.slice(0, row), shape, column) // lists are looked through level by level
  return "values" in before ? made : before
}

const numbersOf = ({ length, values }: Arrow.Data): Exact.Numbers => {
  const numbers: Exact.Numbers = values // of a type that counts or measures
  return numbers.subarray(0, length)
}

/** The numbers in lists that all have the shape, or the first row that has not, or has a null in it. */
const elementsOf = (lists: Arrow.Data, shape: ReadonlyArray<number>): Arrow.Data | number => {
  let data = lists
  let width = 1
  for (const size of shape) {
    const bad = firstOther(data, size, lists.length * width)
    if (bad >= 0) return Math.floor(bad / width)
    width *= size
    data = data.children[0].slice(Arrow.DataType.isList(data.type) ? data.valueOffsets[0] : 0, lists.length * width)
    for (let place = 0; data.nullCount > 0 && place < data.length; place++) {
      if (!data.getValid(place)) return Math.floor(place / width)
    }
  }
  return data
}

/** The first list that has not `size` elements, or -1. */
const firstOther = ({ type, valueOffsets }: Arrow.Data, size: number, count: number): number => {
  if (Arrow.DataType.isFixedSizeList(type)) return type.listSize === size || count === 0 ? -1 : 0
  for (let list = 0; list < count; list++) if (valueOffsets[list + 1] - valueOffsets[list] !== size) return list
  return -1
}

/** Converts the numbers of one row's lists. */
export const ofRow = (rows: Arrow.Data, row: number, shape: ReadonlyArray<number>, column: Column.Tensor): Exact.Made =>
  values(rows.slice(row, 1), shape, column)
