/** Lists of numbers in Arrow files as tensors of one shape. */
import * as Arrow from "apache-arrow"
import * as Column from "../../Column.ts"
import * as Exact from "../columns/exact.ts"

/** Tells whether a type's values are numbers that count or measure. */
export const isNumber = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isInt(type) || (Arrow.DataType.isFloat(type) && type.precision !== Arrow.Precision.HALF)

/** Tells whether a type's values are lists. */
export const isList = (type: Arrow.DataType): type is Arrow.List | Arrow.LargeList | Arrow.FixedSizeList =>
  Arrow.DataType.isList(type) || Arrow.DataType.isLargeList(type) || Arrow.DataType.isFixedSizeList(type)

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
  if (own !== undefined && JSON.stringify(shapeIn(own)) !== JSON.stringify(column.shape)) return undefined
  const shape = own === undefined ? column.shape : [Column.width(column)]
  let leaf = type
  for (let depth = 0; depth < shape.length; depth++) {
    if (!isList(leaf)) return undefined
    leaf = leaf.children[0].type
  }
  return isNumber(leaf) && shape.length > 0 ? shape : undefined
}

/** Guesses the tensors that lists may be: of the shape that the field's note or else the first of them has. */
export const guess = ({ metadata, type }: Arrow.Field, rows: Arrow.Data): Column.Tensor | undefined => {
  const own = metadata.get("ARROW:extension:metadata")
  const shape: Array<number> = []
  let [leaf, first] = [type, rows]
  while (isList(leaf)) {
    if (first.length === 0) return undefined
    shape.push(Arrow.DataType.isFixedSizeList(leaf) ? leaf.listSize : first.valueOffsets[1] - first.valueOffsets[0])
    leaf = leaf.children[0].type
    first = first.children[0]
  }
  if (!isNumber(leaf) || shape.length === 0 || shape.includes(0)) return undefined
  const dtype = Arrow.DataType.isFloat(leaf) ? "float32" : leaf.bitWidth === 8 && !leaf.isSigned ? "uint8" : "int32"
  return Column.tensor(own === undefined ? shape : (shapeIn(own) ?? shape), dtype)
}

/** The shape in a tensor's note, which is none if its axes are in another order. Throws where the note is damaged. */
const shapeIn = (note: string): ReadonlyArray<number> | undefined => {
  const found: unknown = JSON.parse(note)
  if (typeof found !== "object" || found === null || "permutation" in found || !("shape" in found)) return undefined
  const { shape } = found
  return Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size) && size > 0) ? shape : undefined
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
