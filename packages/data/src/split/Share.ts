/**
 * Shares of rows: checking the fractions that a caller asks for, and rounding them to whole rows so that nothing is lost
 * and every count is within one row of its share.
 */
import { Effect } from "effect"
import * as Assignment from "../Assignment.ts"
import type { Column } from "../Column.ts"
import type { Partition } from "../Dataset.ts"
import type { Table } from "../Table.ts"
import { SplitError } from "./SplitError.ts"

/** The fractions of rows for validation and test, each in (0, 1), together less than 1; train gets the rest. */
export interface Shares {
  readonly validation: number
  readonly test: number
}

/** Fractions for train, validation and test, in the order of their places. */
export type Fractions = readonly [train: number, validation: number, test: number]

/** Fractions that differ from a whole number by less than this are rounding errors of the shares. */
export const tolerance = 1e-9

const isFraction = (share: number): boolean => share > 0 && share < 1

/** Fails unless the value is a fraction. */
export const fraction = (split: string, partition: Partition, share: number): Effect.Effect<number, SplitError> =>
  isFraction(share)
    ? Effect.succeed(share)
    : Effect.fail(
        new SplitError({
          split,
          partition,
          reason: `${partition} is to have the share ${share} of the rows`,
          hint: "Give a number between 0 and 1, such as 0.1 for a tenth."
        })
      )

/** Checks shares. */
export const fractions = Effect.fnUntraced(function* (split: string, { test, validation }: Shares) {
  yield* fraction(split, "validation", validation)
  yield* fraction(split, "test", test)
  const train = 1 - validation - test
  if (train > tolerance) return [train, validation, test] as const
  return yield* new SplitError({
    split,
    partition: "train",
    reason: `validation ${validation} and test ${test} leave nothing for train`,
    hint: "Give shares that add up to less than 1, such as 0.1 each."
  })
})

/** Rounds quotas that add up to a whole number, by largest remainder; of equal remainders the first wins. */
export const largestRemainder = (quotas: ReadonlyArray<number>): Array<number> => {
  const counts = quotas.map((quota) => Math.floor(quota + tolerance))
  const missing = Math.round(sum(quotas)) - sum(counts)
  quotas
    .map((quota, place) => ({ place, remainder: quota - counts[place] }))
    .sort((a, b) => (Math.abs(b.remainder - a.remainder) < tolerance ? a.place - b.place : b.remainder - a.remainder))
    .slice(0, missing)
    .forEach(({ place }) => counts[place]++)
  return counts
}

/** Lists places, as many of each as counted, the last place first. */
export const inTurn = (counts: ReadonlyArray<number>): Uint8Array => {
  const places = new Uint8Array(sum(counts))
  let at = 0
  for (let place = counts.length - 1; place >= 0; place--) {
    places.fill(place, at, at + counts[place])
    at += counts[place]
  }
  return places
}

/** Adds numbers up. */
export const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, value) => total + value, 0)

/** Fails when a partition that was asked for has no row. */
export const refuseEmpty = (
  split: string,
  assignment: Assignment.Assignment,
  partitions: ReadonlyArray<Partition>,
  hint = "Give it a larger share, or bring more rows."
): Effect.Effect<Assignment.Assignment, SplitError> => {
  const empty = partitions.find((partition) => Assignment.count(assignment, partition) === 0)
  if (empty === undefined) return Effect.succeed(assignment)
  const reason = `${empty} would get none of the ${assignment.places.length} rows`
  return Effect.fail(new SplitError({ split, partition: empty, reason, hint }))
}

/** Fails for a table with a column of instants: rows near in time are alike, and a random split leaks between them. */
export const refuseTimestamps = (
  split: string,
  table: Pick<Table, "columns">,
  instead = "Split.temporal"
): Effect.Effect<void, SplitError> => {
  const timestamp = Object.keys(table.columns).find((name) => table.columns[name].kind.endsWith("timestamp"))
  return timestamp === undefined
    ? Effect.void
    : Effect.fail(
        new SplitError({
          split,
          reason: `the table has instants in "${timestamp}", and rows near in time would land on both sides`,
          hint: `Split by time: use ${instead}.`
        })
      )
}

/**
 * Fails for a table with a column declared by `Column.group` that the split does not go by: its groups would land on
 * both sides.
 */
export const refuseGroups = (
  split: string,
  table: Pick<Table, "columns">,
  respected: ReadonlyArray<string> = [],
  hint = "Split by group: use Split.grouped."
): Effect.Effect<void, SplitError> => {
  const group = Object.entries(table.columns).find(([name, column]) => isGroup(column) && !respected.includes(name))
  if (group === undefined) return Effect.void
  const reason = `"${group[0]}" is declared as a group, and its groups would land on both sides`
  return Effect.fail(new SplitError({ split, reason, hint }))
}

const isGroup = (column: Column): boolean => "group" in column && column.group === true
