/**
 * What predicts the target and should not: a column that is the target in other words, ids, the place of a row in its
 * file, the date alone. All of it is looked for in train rows only.
 */
import * as IdOrder from "../internal/rows/idOrder.ts"
import { quantile as normalQuantile } from "../internal/statistics/normal.ts"
import * as Single from "../internal/statistics/singleFeature.ts"
import * as Suspicions from "../profile/Suspicions.ts"
import * as Target from "../profile/Target.ts"
import { type Table, numbers as valuesOf } from "../Table.ts"
import * as LeakFinding from "./LeakFinding.ts"
import type { Side } from "./Overlap.ts"

type Powers = ReadonlyArray<Target.Power & { readonly z: number }>

const shown = ({ metric, score }: Pick<Target.Power, "metric" | "score">): string =>
  `${metric} ${score.toFixed(3)} on train rows it was not fitted to`

/** Tells whether a column holds ids: another whole number, or another level, in every row. */
export const isId = (table: Table, name: string): boolean => {
  const { kind } = table.columns[name]
  return kind !== "tensor" && kind !== "text" && !kind.endsWith("timestamp") && Suspicions.areIds(valuesOf(table, name))
}

const proxies = (powers: Powers, target: string, z: number): ReadonlyArray<LeakFinding.LeakFinding> =>
  powers
    .filter((power) => power.strength >= Target.thresholds.high && power.z > z)
    .map((power) => {
      const isNear = power.strength >= Target.thresholds.near
      const how = isNear ? "almost perfectly" : "very well"
      const threshold = isNear ? Target.thresholds.near : Target.thresholds.high
      const from = power.metric === "AUC" ? (1 + threshold) / 2 : threshold
      return LeakFinding.make({
        code: "proxy",
        severity: isNear ? "problem" : "note",
        leakage: "L2",
        column: power.column,
        message: `alone predicts ${target} ${how}: ${shown(power)}; from ${from.toFixed(3)} on it is looked at`,
        remedy:
          "Ask when this value is known, and from what: leave the column out if it is written after, or made from, the target."
      })
    })

const ids = (table: Table, powers: Powers, target: string, z: number): ReadonlyArray<LeakFinding.LeakFinding> =>
  powers
    .filter((power) => power.strength >= Target.leastStrength && power.strength < Target.thresholds.high && power.z > z)
    .filter(({ column }) => isId(table, column))
    .map((power) =>
      LeakFinding.make({
        code: "id",
        severity: "warning",
        leakage: "L2",
        column: power.column,
        message: `is an id, and predicts ${target}: ${shown(power)}`,
        remedy: "Leave it out of the features: it tells when or where a row was recorded, which new rows do not share."
      })
    )

const dates = (table: Table, powers: Powers, target: string, z: number): ReadonlyArray<LeakFinding.LeakFinding> =>
  powers
    .filter((power) => table.columns[power.column].kind.endsWith("timestamp"))
    .filter((power) => power.strength >= Target.leastStrength && power.strength < Target.thresholds.high && power.z > z)
    .map((power) =>
      LeakFinding.make({
        code: "date",
        severity: "warning",
        leakage: "L3.1",
        column: power.column,
        message: `alone predicts ${target}, and train rows lie between validation and test rows in time: ${shown(power)}`,
        remedy:
          "Split with Split.temporal: rows that are near in time are alike, so those in between give the answer away."
      })
    )

const isSortedByTime = (table: Table): boolean =>
  Object.entries(table.columns).some(([name, { kind }]) => {
    if (!kind.endsWith("timestamp")) return false
    const times = valuesOf(table, name)
    return times.every((time, row) => row === 0 || time >= times[row - 1])
  })

/** How well the place of a row in its table predicts the target. */
const byPlace = (train: Side, target: string): Single.Power | null => {
  if (train.table.length < Target.fewestRows) return null
  const rows = IdOrder.sample(train.table.ids, Target.mostRows)
  const outcome = Target.outcomeOf(train.table, target, rows)
  if (outcome === undefined) return null
  const places = Float64Array.from(rows, (row) => train.places?.[row] ?? row)
  return Single.measure(Single.binsOf(places), outcome, IdOrder.halves(train.table.ids, rows))
}

/** How well the place of a row predicts in which of two partitions of one table it is. */
const partitionByPlace = (left: Side, right: Side): Single.Power | null => {
  const [some, others] = [left, right].map(({ table }) => IdOrder.sample(table.ids, Target.mostRows))
  if (some.length + others.length < Target.fewestRows) return null
  const place = (side: Side, row: number) => side.places?.[row] ?? row
  const places = [...Array.from(some, (row) => place(left, row)), ...Array.from(others, (row) => place(right, row))]
  const half = Uint8Array.from([...IdOrder.halves(left.table.ids, some), ...IdOrder.halves(right.table.ids, others)])
  const codes = Int32Array.from(places, (_, row) => (row < some.length ? 0 : 1))
  return Single.measure(Single.binsOf(places), { kind: "classes", codes, classes: 2 }, half)
}

const places = (train: Side, test: Side, isOneTable: boolean, target: string, z: number) => {
  const power = isSortedByTime(train.table) ? null : byPlace(train, target)
  if (power === null || power.strength < Target.leastStrength || !(power.z > z)) return []
  const partition = isOneTable ? partitionByPlace(train, test) : null
  const isCut = partition !== null && partition.strength >= Target.leastStrength && partition.z > z
  const sorted = `the place of a row in its table predicts ${target}: ${shown(power)}`
  const message = isCut ? `${sorted}; it predicts the partition too: ${shown(partition).replace(" train", "")}` : sorted
  const remedy = isCut
    ? "Split at random or by a column, not by place: train and test have other targets because of where the table was cut."
    : "Never make a feature of the place; with a split by random, groups or time the order does no harm."
  const severity = isCut ? ("problem" as const) : ("note" as const)
  return [LeakFinding.make({ code: "row-order", severity, leakage: isCut ? "L3.3" : "L2", message, remedy })]
}

/**
 * Points at what predicts the target in train rows and should not. `inTime` is for splits that keep the order of time. Of a
 * predictor's `level` of false alarms all classes together have one half, and the classes one by one the other.
 */
export const of = (
  train: Side,
  test: Side,
  about: {
    readonly target: string
    readonly inTime: boolean
    readonly isOneTable: boolean
    readonly level: number
  },
  powers: Powers
): ReadonlyArray<LeakFinding.LeakFinding> => {
  const { inTime, isOneTable, level, target } = about
  const classes = Target.classesIn(train.table, target)
  const z = -normalQuantile(classes === 0 ? level : level / 2)
  const ofAll = proxies(powers, target, z)
  const ofClasses = classes === 0 ? [] : Target.classPowers(train.table, target, -normalQuantile(level / 2 / classes))
  const known = new Set(ofAll.map(({ column }) => column))
  return [
    ...ofAll,
    ...ofClasses
      .filter(({ column }) => !known.has(column))
      .map((power) => LeakFinding.make({ ...Target.classFinding(power, target), leakage: "L2" })),
    ...ids(train.table, powers, target, z),
    ...(inTime ? [] : dates(train.table, powers, target, z)),
    ...places(train, test, isOneTable, target, z)
  ]
}

/** Points at instants of train rows that are later than their prediction. */
export const later = (
  { places, table }: Side,
  predictedAt: string,
  labelEnd: string | undefined
): ReadonlyArray<LeakFinding.LeakFinding> =>
  Suspicions.afterPrediction(table, predictedAt, places)
    .filter(({ column }) => column !== labelEnd)
    .map((finding) => {
      const [now, values] = [valuesOf(table, predictedAt), valuesOf(table, finding.column ?? predictedAt)]
      const { ids } = LeakFinding.pick(table.ids, (row) => values[row] > now[row], places)
      return LeakFinding.make({ ...finding, severity: "problem", leakage: "L2", ids })
    })
