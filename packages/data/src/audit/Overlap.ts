/**
 * What two partitions share and must not: rows, features, groups, stretches of time. Rows of train are pointed at; of the
 * other partition only counts leave.
 */
import { counted, percent } from "../internal/prose.ts"
import * as RowKeys from "../internal/rows/rowKeys.ts"
import * as IdOrder from "../internal/rows/idOrder.ts"
import * as Radix from "../internal/statistics/radix.ts"
import * as RowId from "../RowId.ts"
import { type Table, numbers as valuesOf } from "../Table.ts"
import * as LeakFinding from "./LeakFinding.ts"

/** A partition as an audit sees it. */
export interface Side {
  readonly name: "train" | "validation" | "test"
  readonly table: Table
  /** Where its rows are in the table it was taken from. */
  readonly places: Uint32Array | undefined
}

/** Where more rows than this share of train have equals in train itself, equal rows are no sign of copies. */
const common = 0.2

/** The share of rows that have an equal one in the same table. */
const repeating = (keys: Float64Array): number => {
  const sorted = Radix.sort(keys.slice())
  let rows = 0
  for (let start = 0; start < sorted.length;) {
    let end = start + 1
    while (end < sorted.length && sorted[end] === sorted[start]) end++
    if (end - start > 1) rows += end - start
    start = end
  }
  return sorted.length === 0 ? 0 : rows / sorted.length
}

/** Marks the rows of `left` that have an equal one in `right`. */
const shared = (
  left: Float64Array,
  right: Float64Array,
  areEqual: (left: number, right: number) => boolean
): Uint8Array => {
  const first = new Map<number, number>()
  right.forEach((key, row) => {
    if (!first.has(key)) first.set(key, row)
  })
  return Uint8Array.from(left, (key, row) => {
    const found = first.get(key)
    return found !== undefined && areEqual(row, found) ? 1 : 0
  })
}

const sum = (marks: Uint8Array): number => marks.reduce((all, mark) => all + mark, 0)

/** Rows may be pointed at when they are rows of train. */
const pointed = ({ name, places, table }: Side, marks: Uint8Array): Partial<LeakFinding.LeakFinding> =>
  name === "train" ? LeakFinding.pick(table.ids, (row) => marks[row] === 1, places) : { count: sum(marks) }

/** Finds rows with equal ids, and rows with equal features whatever their target, on both sides. */
export const copies = (left: Side, right: Side, target: string | undefined): ReadonlyArray<LeakFinding.LeakFinding> => {
  const [a, b] = [left.table, right.table]
  const [leftIds, rightIds] = [IdOrder.keysOf(a.ids), IdOrder.keysOf(b.ids)]
  const exact = shared(leftIds, rightIds, () => true)
  const byChance = repeating(leftIds) > common
  const remedy =
    'Split with duplicates: "together", or drop the copies before the split: a copy of a tested row was learned by heart.'
  const count = sum(exact)
  const copied =
    count === 0
      ? []
      : [
          LeakFinding.make({
            code: "duplicates",
            severity: byChance ? "note" : "problem",
            leakage: "L1.4",
            message:
              `${counted(count, "row")} of ${left.name} (${percent(count / a.length)}) ${count === 1 ? "has" : "have"} an equal row in ${right.name}` +
              (byChance ? "; rows of this table are often equal, so these need not be copies" : ""),
            remedy,
            ...pointed(left, exact)
          })
        ]
  const features = Object.keys(a.columns).filter((name) => name !== target)
  if (target === undefined || features.length === 0) return copied
  const [leftKeys, rightKeys] = [RowKeys.keysOf(a, features), RowKeys.keysOf(b, features)]
  if (repeating(leftKeys) > common) return copied
  const alike = shared(leftKeys, rightKeys, RowKeys.equality(a, b, features)).map(
    (mark, row) => mark & (1 - exact[row])
  )
  const more = sum(alike)
  if (more === 0) return copied
  return [
    ...copied,
    LeakFinding.make({
      code: "equal-features",
      severity: "warning",
      leakage: "L1.4",
      message: `${counted(more, "row")} of ${left.name} (${percent(more / a.length)}) ${more === 1 ? "has" : "have"} a row in ${right.name} with equal features and another ${target}`,
      remedy:
        "Find out whether they are one thing recorded twice: if so, keep one, or split by what they have in common.",
      ...pointed(left, alike)
    })
  ]
}

/** The group of each row; undefined where it is missing. */
const groupsOf = (table: Table, column: string): ReadonlyArray<string | number | undefined> => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const values = named[column]
  if (RowId.isTexts(values)) return values
  const isCode = table.columns[column].kind.endsWith("category")
  return Array.from(values, (value) => (Number.isNaN(value) || (isCode && value < 0) ? undefined : value))
}

/** Finds groups that are on both sides. */
export const groups = (
  left: Side,
  right: Side,
  columns: ReadonlyArray<string>
): ReadonlyArray<LeakFinding.LeakFinding> =>
  columns.flatMap((column) => {
    const others = new Set(groupsOf(right.table, column))
    const own = groupsOf(left.table, column)
    const marks = Uint8Array.from(own, (group) => (group !== undefined && others.has(group) ? 1 : 0))
    const rows = sum(marks)
    if (rows === 0) return []
    const both = new Set(own.filter((_, row) => marks[row] === 1))
    return [
      LeakFinding.make({
        code: "groups",
        severity: "problem",
        leakage: "L3.2",
        column,
        message: `${counted(both.size, "group")} of ${left.name} ${both.size === 1 ? "is" : "are"} in ${right.name} too: ${percent(rows / left.table.length)} of its rows`,
        remedy: "Split with Split.grouped: a model that has met a group is not tested on a new one.",
        ...pointed(left, marks)
      })
    ]
  })

/** Marks the intervals that overlap one of the others; touching is no overlap. Missing ends mark nothing. */
const overlapping = (
  starts: RowId.Numbers,
  ends: RowId.Numbers,
  otherStarts: RowId.Numbers,
  otherEnds: RowId.Numbers
): Uint8Array => {
  const order = Uint32Array.from(otherStarts.keys())
    .filter((row) => otherEnds[row] >= otherStarts[row])
    .sort((a, b) => otherStarts[a] - otherStarts[b])
  const latest = new Float64Array(order.length)
  order.forEach((row, place) => {
    latest[place] = Math.max(otherEnds[row], place === 0 ? -Infinity : latest[place - 1])
  })
  return Uint8Array.from(starts, (start, row) => {
    let [low, high] = [0, order.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (otherStarts[order[middle]] < ends[row]) low = middle + 1
      else high = middle
    }
    return low > 0 && latest[low - 1] > start ? 1 : 0
  })
}

/** Finds rows whose label is made of a stretch of time that labels of the other side are made of too. */
export const labels = (
  left: Side,
  right: Side,
  predictedAt: string,
  labelEnd: string
): ReadonlyArray<LeakFinding.LeakFinding> => {
  const [starts, ends] = [valuesOf(left.table, predictedAt), valuesOf(left.table, labelEnd)]
  const marks = overlapping(starts, ends, valuesOf(right.table, predictedAt), valuesOf(right.table, labelEnd))
  const rows = sum(marks)
  if (rows === 0) return []
  const message = `the labels of ${counted(rows, "row")} of ${left.name} (${percent(rows / left.table.length)}) reach into times that labels of ${right.name} are made of`
  const remedy = "Give the split labelEnd and a gap: it leaves such rows out of the earlier partition."
  return [
    LeakFinding.make({
      code: "label-overlap",
      severity: "problem",
      leakage: "L3.1",
      column: labelEnd,
      message,
      remedy,
      ...pointed(left, marks)
    })
  ]
}

const earliest = ({ table }: Side, on: string): number => {
  let first = Infinity
  for (const time of valuesOf(table, on)) if (time < first) first = time
  return first
}

/** Tells whether all rows of `left` are earlier than all of `right`. */
export const isBefore = (left: Side, right: Side, on: string): boolean => {
  const first = earliest(right, on)
  return valuesOf(left.table, on).every((time) => !(time >= first))
}

/** Finds rows that are not earlier than the earliest of the other side. */
export const order = (left: Side, right: Side, on: string): ReadonlyArray<LeakFinding.LeakFinding> => {
  const first = earliest(right, on)
  const marks = Uint8Array.from(valuesOf(left.table, on), (time) => (time >= first ? 1 : 0))
  const rows = sum(marks)
  if (rows === 0) return []
  const message = `${counted(rows, "row")} of ${left.name} (${percent(rows / left.table.length)}) are not earlier than the first of ${right.name}`
  const remedy = "Split with Split.temporal: a model that predicts the future must not have learned from it."
  return [
    LeakFinding.make({
      code: "time-order",
      severity: "warning",
      leakage: "L3.1",
      column: on,
      message,
      remedy,
      ...pointed(left, marks)
    })
  ]
}
