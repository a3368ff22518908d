/** Makes an augmentation ready for the rows of a train partition: checks it against them and measures what it needs. */
import { Key } from "@watertight/core"
import type { Augment } from "../../augment/Describe.ts"
import { type Operation, type Range, type Single, isMixing } from "../../augment/Operation.ts"
import * as Column from "../../Column.ts"
import type * as RowId from "../../RowId.ts"
import * as Table from "../../Table.ts"
import type { AugmentPlan, Planned } from "./planned.ts"
import { moments, range } from "../statistics/lanes.ts"
import { LoaderError, type Selection, widthOf } from "../loader/pack.ts"

/** Operations on images, on signals, and on numbers of any shape. */
const images: ReadonlyArray<string> = [
  "flipHorizontal",
  "flipVertical",
  "rotate",
  "crop",
  "colourJitter",
  "cutout",
  "randAugment",
  "cutmix"
]
const coloured: ReadonlyArray<string> = ["colourJitter", "randAugment"]
const signals: ReadonlyArray<string> = ["timeShift", "scale", "maskTime"]
const tokens: ReadonlyArray<string> = ["maskTokens", "replaceTokens"]

const isIds = (column: Column.Column): boolean => column.kind === "tensor" && column.dtype === "int32"

const refuse = (operation: Operation, reason: string): LoaderError =>
  new LoaderError({
    ...("column" in operation ? { column: operation.column } : {}),
    reason: `cannot be augmented by ${operation.name}: ${reason}`
  })

/** Reads a shape as height, width and channels, or as steps, 1 and channels. */
const shapeOf = (operation: Operation, column: Column.Column): Planned["shape"] | undefined => {
  const shape = column.kind === "tensor" ? column.shape : []
  if (images.includes(operation.name)) {
    return shape.length === 2 || shape.length === 3 ? [shape[0], shape[1], shape[2] ?? 1] : undefined
  }
  if (signals.includes(operation.name)) {
    return shape.length === 1 || shape.length === 2 ? [shape[0], 1, shape[1] ?? 1] : undefined
  }
  return [Column.width(column), 1, 1]
}

const shapeDefect = (operation: Operation, [height, width, channels]: Planned["shape"]): string | undefined => {
  if (coloured.includes(operation.name) && channels !== 1 && channels !== 3) {
    return `it has ${channels} channels; colours need 1 (grey) or 3 (red, green, blue)`
  }
  switch (operation.name) {
    case "colourJitter":
      return channels === 1 && operation.saturation + operation.hue > 0
        ? "it is grey: leave out saturation and hue"
        : undefined
    case "crop":
      return operation.padding >= Math.min(height, width)
        ? `a padding of ${operation.padding} can leave nothing of an image of ${height} by ${width}`
        : undefined
    case "cutout":
      return operation.height > height || operation.width > width
        ? `a rectangle of ${operation.height} by ${operation.width} is larger than the image, ${height} by ${width}`
        : undefined
    case "timeShift":
    case "maskTime":
      return operation.steps >= height
        ? `${operation.steps} steps can leave nothing of a signal of ${height}`
        : undefined
    default:
      return undefined
  }
}

/** What stands for black and white in each channel: as given, that of the type, or the extremes of the train rows. */
const rangeOf = (
  table: Table.Table,
  name: string,
  channels: number,
  given: Range | undefined
): Pick<Planned, "black" | "white"> => {
  const values = Table.numbers(table, name)
  const fixed = given ?? (values instanceof Uint8Array ? ([0, 255] as const) : undefined)
  if (fixed !== undefined) {
    return {
      black: Array.from({ length: channels }, () => fixed[0]),
      white: Array.from({ length: channels }, () => fixed[1])
    }
  }
  const { max, min } = range(values, channels)
  return {
    black: [...min],
    white: Array.from(max, (white, channel) => (white > min[channel] ? white : min[channel] + 1))
  }
}

/** To six digits, on which the order of the rows that are summed has no say. */
const deviationOf = (values: RowId.Numbers): number => Number(Math.sqrt(moments(values, 1).variance[0]).toPrecision(6))

/** The code that each code of the target becomes. */
const codesOf = (
  operation: Operation,
  table: Table.Table,
  target: string,
  isMixed: boolean
): Int32Array | LoaderError | undefined => {
  if (!("labels" in operation) || operation.labels === true) return undefined
  const other = Object.keys(operation.labels).find((name) => name !== target)
  const column = table.columns[target]
  if (other !== undefined || column.kind !== "category") {
    return refuse(
      operation,
      `it changes labels of "${other ?? target}", but the target is the ${column.kind} "${target}"`
    )
  }
  if (isMixed) return refuse(operation, "it changes labels after they were blended: put it before mixup and cutmix")
  const codes = Int32Array.from(column.levels, (_, code) => code)
  for (const [from, to] of Object.entries(operation.labels[target] ?? {})) {
    const [before, after] = [column.levels.indexOf(from), column.levels.indexOf(to)]
    if (before < 0 || after < 0) {
      return refuse(
        operation,
        `"${target}" has no level "${before < 0 ? from : to}"; it has ${column.levels.join(", ")}`
      )
    }
    codes[before] = after
  }
  return codes
}

interface Given {
  readonly table: Table.Table
  readonly selection: Selection
  readonly key: Key.Key
  /** Whether labels were blended by an operation before. */
  readonly isMixed: boolean
}

/** Plans an operation on one column. */
const planColumn = (
  operation: Operation & { readonly column: string },
  { isMixed, key, selection, table }: Given
): Planned | LoaderError => {
  const { features, target } = selection
  const place = features.indexOf(operation.column)
  if (place < 0) return refuse(operation, `it is not among the features ${features.join(", ")}`)
  const column = table.columns[operation.column]
  const shape = shapeOf(operation, column)
  if (shape === undefined) {
    const what = images.includes(operation.name)
      ? "an image is a tensor of [height, width] or [height, width, channels]"
      : "a signal is a tensor of [steps] or [steps, channels]"
    const shape = column.kind === "tensor" ? ` of [${column.shape.join(", ")}]` : ""
    return refuse(operation, `${what}; this is a ${column.kind}${shape}`)
  }
  if (isIds(column) && !tokens.includes(operation.name)) return refuse(operation, "it holds ids, not quantities")
  const defect = shapeDefect(operation, shape)
  if (defect !== undefined) return refuse(operation, defect)
  const codes = codesOf(operation, table, target, isMixed)
  if (codes instanceof LoaderError) return codes
  const needsRange = coloured.includes(operation.name) || ("fill" in operation && operation.fill === "black")
  const none = { black: new Array<number>(shape[2]).fill(0), white: new Array<number>(shape[2]).fill(1) }
  const given = "range" in operation ? operation.range : undefined
  return {
    operation,
    key,
    offset: widthOf(table.columns, features.slice(0, place)),
    size: Column.width(column),
    dimensions: column.kind === "tensor" ? column.shape : [],
    shape,
    ...(needsRange ? rangeOf(table, operation.column, shape[2], given) : none),
    deviation: operation.name === "noise" ? deviationOf(Table.numbers(table, operation.column)) : 0,
    codes
  }
}

const planRow = (operation: Operation, { key, selection, table }: Given): Planned => ({
  operation,
  key,
  offset: 0,
  size: widthOf(table.columns, selection.features),
  shape: [1, 1, 1],
  dimensions: [],
  black: [],
  white: [],
  deviation: 0,
  codes: undefined
})

/** An operation's place among those of its name and column: adding others leaves its draws as they are. */
const addressOf = (operations: ReadonlyArray<Operation>, index: number): string => {
  const nameOf = (operation: Operation) =>
    ["function" in operation ? operation.function : operation.name, "column" in operation ? operation.column : ""].join(
      " "
    )
  const name = nameOf(operations[index])
  return `${operations.slice(0, index).filter((operation) => nameOf(operation) === name).length} ${name}`
}

/** Makes operations ready for the rows of a train partition. */
export const planAugment = (
  augment: Augment<never>,
  table: Table.Table,
  selection: Selection,
  key: Key.Key
): AugmentPlan | LoaderError => {
  const { operations } = augment
  const planned: Array<Planned> = []
  const mixes = operations.findIndex(isMixing)
  const mixed = operations[mixes]
  const masked = operations.find(({ name }) => tokens.includes(name))
  const ids = selection.features.find(
    (name) => isIds(table.columns[name]) || (masked !== undefined && "column" in masked && masked.column === name)
  )
  if (ids !== undefined && mixed?.name === "mixup") {
    const reason = "holds ids, which are names and no quantities: mixup cannot blend them"
    return new LoaderError({ column: ids, reason })
  }
  for (const [index, operation] of operations.entries()) {
    const given = {
      table,
      selection,
      key: Key.foldIn(key, addressOf(operations, index)),
      isMixed: mixes >= 0 && index > mixes
    }
    const made = "column" in operation ? planColumn(operation, given) : planRow(operation, given)
    if (made instanceof LoaderError) return made
    planned.push(made)
  }
  const singles = planned.filter((each): each is Planned<Single> => !isMixing(each.operation))
  const column = table.columns[selection.target]
  const before = mixes < 0 ? singles.length : mixes
  return {
    before: singles.slice(0, before),
    mixing: planned[mixes] as AugmentPlan["mixing"], // the one that is found by `isMixing`
    after: singles.slice(before),
    modules: Object.fromEntries(Object.entries(augment.modules ?? {}).map(([name, { href }]) => [name, href])),
    partners: mixes < 0 ? undefined : placesById(table.ids),
    levels: mixes >= 0 && column.kind === "category" ? column.levels.length : undefined
  }
}

/** The places of all rows in the order of their ids, so that whom a row is blended with does not depend on their order. */
const placesById = (ids: Uint8Array): Uint32Array => {
  const words = idWords(ids)
  return Uint32Array.from({ length: words.length / 4 }, (_, place) => place).sort((a, b) => {
    for (let word = 0; word < 4; word++) {
      const [first, second] = [words[4 * a + word], words[4 * b + word]]
      if (first !== second) return first - second
    }
    return a - b
  })
}

/**
 * Counts up the last word of the id of each copy of a row after the first, so that the copies of a bootstrap or an
 * oversampled class are changed each in its own way. Copies are alike, so it does not matter which is the first.
 */
export const tellCopies = (words: Uint32Array): Uint32Array => {
  const seen = new Map<string, number>()
  for (let at = 0; at < words.length; at += 4) {
    const id = words.subarray(at, at + 4).join()
    const before = seen.get(id) ?? 0
    seen.set(id, before + 1)
    words[at + 3] += before
  }
  return words
}

/** Row ids as words, in shared memory. */
export const idWords = (ids: Uint8Array): Uint32Array => {
  const bytes = new DataView(ids.buffer, ids.byteOffset, ids.byteLength)
  const words = new Uint32Array(new SharedArrayBuffer(ids.byteLength))
  for (let word = 0; word < words.length; word++) words[word] = bytes.getUint32(4 * word)
  return words
}
