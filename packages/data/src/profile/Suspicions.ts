/**
 * What a profile points at, column by column: values that are no numbers, columns that say nothing, ids, codes for missing
 * values, instants after the prediction. Each rule says its own threshold; each finding says what to do.
 */
import * as Column from "../Column.ts"
import { counted, instant, percent, significant, some } from "../internal/prose.ts"
import { type Table, numbers as valuesOf } from "../Table.ts"
import type { ColumnProfile } from "./ColumnProfile.ts"
import * as Finding from "./Finding.ts"

/** Where a partition's rows are in the table they were taken from. */
export type Places = Uint32Array | undefined

const near = 0.99
const often = 0.5
/** One-hot encoding is for fewer levels than about this (PRACTICES D24 and D25). */
const manyLevels = 20
const fewestForIds = 20
const longestId = 40
/** Numbers that files commonly write where a value is missing. */
const sentinels = new Set([-1, -9, -99, -999, -9999, -99999, 99, 999, 9999, 99999, 999999])

const notNumbers = (table: Table, profile: ColumnProfile, places: Places): ReadonlyArray<Finding.Finding> => {
  if (profile.nan + profile.infinite === 0) return []
  const values = valuesOf(table, profile.name)
  const width = Column.width(table.columns[profile.name])
  const isMissing = Column.isOptional(table.columns[profile.name])
  const isBad = (row: number) => {
    for (let place = row * width; place < (row + 1) * width; place++) {
      if (isMissing ? Math.abs(values[place]) === Infinity : !Number.isFinite(values[place])) return true
    }
    return false
  }
  const what = [
    ...(profile.nan > 0 ? [`${profile.nan.toLocaleString("en-US")} NaN`] : []),
    ...(profile.infinite > 0 ? [`${profile.infinite.toLocaleString("en-US")} infinite`] : [])
  ]
  return [
    Finding.make({
      code: "not-finite",
      severity: "problem",
      column: profile.name,
      message: `holds numbers that are none: ${what.join(" and ")}`,
      remedy: "Repair or drop these rows at the source, or declare the column with Column.optional and impute it.",
      ...Finding.pick(table.length, isBad, places)
    })
  ]
}

const missing = ({ missing, name, rows }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (missing === 0 || rows === 0) return []
  if (missing === rows) {
    const remedy = "Leave the column out: there is nothing to learn from, and nothing to impute it with."
    return [Finding.make({ code: "all-missing", severity: "problem", column: name, message: "has no values", remedy })]
  }
  if (missing / rows < often) return []
  const message = `${percent(missing / rows)} of its values are missing`
  const remedy =
    "Ask why they are missing: add Recipe.missingIndicator before imputing, or leave the column out where it says nothing."
  return [Finding.make({ code: "mostly-missing", severity: "warning", column: name, message, remedy, count: missing })]
}

/** The most frequent value, how it is written, and its rows. */
const topOf = (profile: ColumnProfile): { readonly text: string; readonly rows: number } | undefined => {
  const { kind, levels, numbers, tensor, texts } = profile
  if (tensor !== null || texts !== null) return undefined
  if (levels !== null) return levels[0] === undefined ? undefined : { text: levels[0].level, rows: levels[0].rows }
  if (numbers === null) return undefined
  const { rows, value } = numbers.top
  return { text: kind.endsWith("timestamp") ? instant(value) : significant(value), rows }
}

const constant = (profile: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  const { missing, name, rows } = profile
  const top = topOf(profile)
  const known = rows - missing
  if (top === undefined || known < 2 || profile.nan + profile.infinite > 0) return []
  if (top.rows === known) {
    const where = missing === 0 ? "in every row" : "wherever it is not missing"
    const message = `is ${top.text} ${where}`
    const remedy = "Leave the column out: a model cannot learn from what never changes."
    return [Finding.make({ code: "constant", severity: "warning", column: name, message, remedy })]
  }
  if (top.rows / known < near) return []
  const message = `is ${top.text} in ${percent(top.rows / known)} of the rows`
  const remedy =
    "Look at the few other rows: are they errors? Else leave the column out or use Recipe.varianceThreshold."
  const count = known - top.rows
  return [Finding.make({ code: "near-constant", severity: "warning", column: name, message, remedy, count })]
}

const levels = (profile: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  const { levels, name, rows, texts } = profile
  if (levels === null || texts !== null || rows === 0) return []
  const empty = levels.filter((level) => level.rows === 0).map(({ level }) => level)
  const used = levels.length - empty.length
  const found: Array<Finding.Finding> = []
  if (empty.length > 0) {
    const message = `${counted(empty.length, "declared level")} ${empty.length === 1 ? "has" : "have"} no rows: ${some(empty, 5)}`
    const remedy = "Check their spelling. If they only appear later, nothing can be learned about them from these rows."
    found.push(Finding.make({ code: "unused-levels", severity: "note", column: name, message, remedy }))
  }
  const single = levels.filter((level) => level.rows === 1).length
  if (single === rows && rows >= fewestForIds)
    return [...found, identifies(name, "has a level of its own for every row")]
  const rare = levels.filter((level) => level.rows > 0 && level.rows <= 2).map(({ level }) => JSON.stringify(level))
  if (rare.length > 0 && rows >= 100) {
    const message = `${counted(rare.length, "level")} with one or two rows: ${some(rare, 5)}`
    const remedy =
      "Check their spelling, and merge rare levels in Recipe.oneHot: so few rows tell nothing about a level."
    found.push(Finding.make({ code: "rare-levels", severity: "note", column: name, message, remedy }))
  }
  if (used > manyLevels) {
    const message = `has ${counted(used, "level")}`
    const remedy = "Encode it by Recipe.targetEncode or Recipe.frequency, or merge rare levels in Recipe.oneHot."
    found.push(Finding.make({ code: "many-levels", severity: "note", column: name, message, remedy }))
  }
  return found
}

const identifies = (column: string, message: string): Finding.Finding =>
  Finding.make({
    code: "id",
    severity: "warning",
    column,
    message: `${message}: it looks like an id`,
    remedy:
      "Do not use it as a feature: a model can only learn rows by heart from it. If it names a group, declare Column.group."
  })

/** Whole numbers that are drawn at random from so wide a range would have this many equal pairs; ids have none. */
const expectedPairs = 5

const isRising = (values: ArrayLike<number>): boolean => {
  for (let row = 1; row < values.length; row++) if (!(values[row] > values[row - 1])) return false
  return true
}

/**
 * Tells whether numbers look like ids: another whole number in every row, rising from row to row, or where measurements of
 * the same range would hold some numbers twice.
 */
export const areIds = (values: ArrayLike<number>): boolean => {
  const seen = new Set<number>()
  let [low, high] = [Infinity, -Infinity]
  for (let row = 0; row < values.length; row++) {
    const value = values[row]
    if (!Number.isInteger(value)) return false
    seen.add(value)
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  if (values.length < fewestForIds || seen.size < values.length) return false
  return isRising(values) || values.length ** 2 / (2 * (high - low + 1)) >= expectedPairs
}

const ids = (table: Table, { kind, missing, name, numbers, rows }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (!kind.endsWith("float") || numbers === null || !numbers.whole || missing > 0 || numbers.distinct < rows) return []
  const values = valuesOf(table, name)
  if (!areIds(values)) return []
  const how = isRising(values) ? ", rising" : ""
  return [identifies(name, `is a different whole number in every row${how}`)]
}

/** A code for missing values: a value at the edge of the range, far from the others, in more than one row of a hundred. */
const sentinel = ({ kind, name, numbers, rows }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (numbers === null || !kind.endsWith("float") || rows < fewestForIds) return []
  const { quantiles, top } = numbers
  const at = (share: number) => quantiles.find((each) => each.share === share)?.value ?? 0
  const range = at(0.95) - at(0.05)
  const isEdge = top.value === numbers.min || top.value === numbers.max
  const inner = top.value === numbers.min ? at(0.25) : at(0.75)
  const isFar = Math.abs(top.value - inner) > Math.abs(range) / 3 && top.value !== inner
  if (!sentinels.has(top.value) || !isEdge || !isFar || top.rows < 2 || top.rows / rows < 0.01) return []
  const message = `is ${significant(top.value)} in ${percent(top.rows / rows)} of the rows: it looks like a code for a missing value`
  const remedy =
    "If it is one, declare the column with Column.optional, read the code as missing, and impute it in the recipe."
  return [Finding.make({ code: "sentinel", severity: "warning", column: name, message, remedy, count: top.rows })]
}

const tensors = ({ name, rows, tensor }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (tensor === null || tensor.blank === 0 || rows === 0) return []
  const message = `all numbers of ${counted(tensor.blank, "row")} are equal: blank`
  const remedy = "Look at these rows, and drop them if they are corrupt."
  return [Finding.make({ code: "blank", severity: "warning", column: name, message, remedy, count: tensor.blank })]
}

const texts = ({ distinct, name, numbers, rows, texts }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (texts === null || numbers === null || rows < 2) return []
  if (distinct === 1) {
    const remedy = "Leave the column out: a model cannot learn from what never changes."
    const message = "is the same text in every row"
    return [Finding.make({ code: "constant", severity: "warning", column: name, message, remedy })]
  }
  const found: Array<Finding.Finding> = []
  if (texts.empty > 0) {
    const message = `${counted(texts.empty, "text")} (${percent(texts.empty / rows)}) ${texts.empty === 1 ? "is" : "are"} empty or blank`
    const remedy = "Look whether they are missing values, and drop these rows if there is nothing else to learn from."
    found.push(
      Finding.make({ code: "empty-text", severity: "note", column: name, message, remedy, count: texts.empty })
    )
  }
  if (distinct === rows && rows >= fewestForIds && numbers.max <= longestId && numbers.deviation <= 2) {
    found.push(identifies(name, "is another short text in every row"))
  }
  return found
}

const shape = (table: Table, { name, texts }: ColumnProfile): ReadonlyArray<Finding.Finding> => {
  if (texts !== null) return []
  const expected = table.length * Column.width(table.columns[name])
  const found = valuesOf(table, name).length
  if (found === expected) return []
  const message = `holds ${counted(found, "number")} instead of ${expected.toLocaleString("en-US")}`
  const remedy = "Make the table with Table.make, which checks that every row has the declared shape."
  return [Finding.make({ code: "shape", severity: "problem", column: name, message, remedy })]
}

/** Points at what is odd about one column. */
export const ofColumn = (table: Table, profile: ColumnProfile, places: Places): ReadonlyArray<Finding.Finding> => [
  ...shape(table, profile),
  ...notNumbers(table, profile, places),
  ...missing(profile),
  ...constant(profile),
  ...sentinel(profile),
  ...ids(table, profile),
  ...levels(profile),
  ...tensors(profile),
  ...texts(profile)
]

/** Points at instants that are later than the one at which the row's prediction is made. */
export const afterPrediction = (table: Table, predictedAt: string, places: Places): ReadonlyArray<Finding.Finding> => {
  const now = valuesOf(table, predictedAt)
  return Object.entries(table.columns).flatMap(([name, { kind }]) => {
    if (name === predictedAt || !kind.endsWith("timestamp")) return []
    const values = valuesOf(table, name)
    const { count, rows } = Finding.pick(table.length, (row) => values[row] > now[row], places)
    if (count === 0 || count === null) return []
    const message = `is later than ${predictedAt} in ${percent(count / table.length)} of the rows: it is not known when the prediction is made`
    const remedy =
      "Do not use it, or what is computed from it, as a feature. If it is when the label is known, name it labelEnd."
    return [Finding.make({ code: "after-prediction", severity: "warning", column: name, message, remedy, count, rows })]
  })
}

/** Points at columns that hold the same as an earlier one in every row. */
export const twins = (table: Table, hash: (name: string) => string): ReadonlyArray<Finding.Finding> => {
  const first = new Map<string, string>()
  if (table.length < 2) return []
  return Object.keys(table.columns).flatMap((name) => {
    const digest = hash(name)
    const twin = first.get(digest)
    if (twin === undefined) {
      first.set(digest, name)
      return []
    }
    const message = `holds the same as ${twin} in every row`
    const remedy = "Leave one of the two out."
    return [Finding.make({ code: "twin", severity: "warning", column: name, message, remedy })]
  })
}
