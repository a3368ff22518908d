/**
 * The whole of an audit over the three partitions of a split: which checks run, at which level, and what they may let out.
 */
import type * as Column from "../Column.ts"
import { quantile as normalQuantile } from "../internal/statistics/normal.ts"
import { counted } from "../internal/prose.ts"
import * as Finding from "../profile/Finding.ts"
import * as Target from "../profile/Target.ts"
import * as Size from "../split/Size.ts"
import type { Table } from "../Table.ts"
import * as Drift from "./Drift.ts"
import * as DriftFindings from "./DriftFindings.ts"
import * as LeakFinding from "./LeakFinding.ts"
import * as Overlap from "./Overlap.ts"
import * as Predictors from "./Predictors.ts"

/** What an audit is about, with columns of any table. */
export interface About {
  readonly target: string | undefined
  readonly groups: ReadonlyArray<string>
  readonly predictedAt: string | undefined
  readonly labelEnd: string | undefined
  readonly falseAlarm: number
}

/** The partitions of a split, and whether all were taken from one table. */
export interface Sides {
  readonly train: Overlap.Side
  readonly validation: Overlap.Side
  readonly test: Overlap.Side
  readonly isOneTable: boolean
}

/** What was looked for, or why it was not. */
export interface Checked {
  readonly check: string
  /** Null when it was checked. */
  readonly skipped: string | null
}

/** What an audit comes to. */
export interface Result {
  readonly comparisons: number
  readonly drifts: ReadonlyArray<Drift.Drift>
  readonly powers: ReadonlyArray<Target.Power>
  readonly checks: ReadonlyArray<Checked>
  readonly findings: ReadonlyArray<LeakFinding.LeakFinding>
}

/** Wider than this, in either direction, is too wide to choose between models by. */
const widest = 0.05

/** D37: how exactly a rate is known from the validation rows. */
const size = (rows: number): ReadonlyArray<LeakFinding.LeakFinding> => {
  if (rows === 0) return []
  if (Size.resolution(rows).halfWidth <= widest) return []
  return [
    LeakFinding.make({
      code: "validation-size",
      severity: "note",
      leakage: null,
      message: `validation is small: ${Size.noteOf(rows)}, so smaller differences between models are noise`,
      remedy: `Give validation ${counted(Size.rowsFor(widest), "row")} or more, or choose by Resample.kFold on train.`
    })
  ]
}

const timestampsOf = (table: Table): ReadonlyArray<string> =>
  Object.keys(table.columns).filter((name) => table.columns[name].kind.endsWith("timestamp"))

/** Whether train is earlier than validation and test, by the instant named or by any. */
const isInTime = ({ test, train, validation }: Sides, predictedAt: string | undefined): boolean => {
  const names = predictedAt === undefined ? timestampsOf(train.table) : [predictedAt]
  return names.some((on) => Overlap.isBefore(train, validation, on) && Overlap.isBefore(train, test, on))
}

const checksOf = (
  about: About,
  sides: Sides,
  drifts: ReadonlyArray<Drift.Drift>,
  isNear: boolean
): ReadonlyArray<Checked> => {
  const { groups, labelEnd, predictedAt, target } = about
  const needs = (value: unknown, why: string) => (value === undefined ? why : null)
  const isMeasured = target !== undefined && sides.train.table.columns[target].kind !== "tensor"
  const noPower =
    sides.train.table.length < Target.fewestRows
      ? `train has fewer than ${Target.fewestRows} rows`
      : "no target is named"
  const told = drifts.filter(({ classifier }) => classifier === null).map(({ right }) => right)
  return [
    { check: "equal rows in two partitions", skipped: null },
    { check: "equal features in two partitions", skipped: needs(target, "no target is named") },
    { check: "nearly equal rows in two partitions", skipped: isNear ? null : "no way of being near is named" },
    { check: "groups in two partitions", skipped: groups.length === 0 ? "no groups are declared or named" : null },
    { check: "labels that reach into another partition", skipped: needs(labelEnd, "no labelEnd is named") },
    { check: "train rows later than validation or test rows", skipped: needs(predictedAt, "no predictedAt is named") },
    { check: "instants later than the prediction", skipped: needs(predictedAt, "no predictedAt is named") },
    {
      check: "columns, ids, dates or the order of rows that predict the target by themselves",
      skipped: isMeasured && sides.train.table.length >= Target.fewestRows ? null : noPower
    },
    { check: "columns that differ between partitions", skipped: null },
    {
      check: "partitions that a classifier tells apart",
      skipped: told.length < drifts.length ? null : "the partitions have too few rows"
    }
  ]
}

const pairsOf = ({ test, train, validation }: Sides): ReadonlyArray<readonly [Overlap.Side, Overlap.Side]> => [
  [train, test],
  [train, validation],
  [validation, test]
]

const overlaps = (sides: Sides, { groups, labelEnd, predictedAt, target }: About) =>
  pairsOf(sides).flatMap(([left, right]) => [
    ...Overlap.copies(left, right, target),
    ...Overlap.groups(left, right, groups),
    ...(predictedAt === undefined || labelEnd === undefined ? [] : Overlap.labels(left, right, predictedAt, labelEnd)),
    ...(predictedAt === undefined ? [] : Overlap.order(left, right, predictedAt))
  ])

/** Looks at the partitions of a split; `near` is what was found of near duplicates, if they were looked for. Of validation and test only counts, distances and scores come out. */
export const at = (sides: Sides, about: About, near: ReadonlyArray<LeakFinding.LeakFinding> | undefined): Result => {
  const { columns } = sides.train.table
  const { falseAlarm, labelEnd, predictedAt, target } = about
  const declared = Object.keys(columns).filter((name) => isGroup(columns[name]))
  const groups = [...new Set([...declared, ...about.groups])]
  const isOut = (name: string) => groups.includes(name) || columns[name].kind.endsWith("timestamp")
  const named = Object.keys(columns).filter((name) => !isOut(name) && !Predictors.isId(sides.train.table, name))
  const features = named.filter((name) => name !== target)
  const drifts = pairsOf(sides).map(([left, right]) => Drift.between(left, right, { columns: named, features }))
  // every comparison that chance could get wrong counts: a distance and missing values per column, a classifier, a predictor
  const comparisons = drifts.length * (2 * named.length + 1) + Object.keys(columns).length + 2
  const level = falseAlarm / comparisons
  const z = -normalQuantile(level)
  const powers = target === undefined ? [] : Target.powers(sides.train.table, target)
  const how = { z, isOneTable: sides.isOneTable, inTime: isInTime(sides, predictedAt) }
  const findings = [
    ...(near ?? []),
    ...overlaps(sides, { ...about, groups }),
    ...(predictedAt === undefined ? [] : Predictors.later(sides.train, predictedAt, labelEnd)),
    ...(target === undefined ? [] : Predictors.of(sides.train, sides.test, { ...how, target }, powers)),
    ...drifts.flatMap((drift) => DriftFindings.of(drift, level, z)),
    ...size(sides.validation.table.length)
  ]
  return {
    comparisons,
    drifts,
    powers: powers.map(({ z: _, ...power }) => power),
    checks: checksOf({ ...about, groups }, sides, drifts, near !== undefined),
    findings: Finding.sorted(findings)
  }
}

const isGroup = (column: Column.Column): boolean => "group" in column && column.group === true
