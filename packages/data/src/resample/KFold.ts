/**
 * K-fold cross-validation: every row validates exactly one fold and is in train of all others; plain, stratified, by
 * group, and by group stratified. Repeated, each repetition draws anew.
 */
import type { Key } from "@watertight/core"
import { Effect, type Schema } from "effect"
import type { Columns } from "../Columns.ts"
import type * as Near from "../Near.ts"
import * as Blocks from "../split/Blocks.ts"
import * as Grouped from "../split/Grouped.ts"
import * as Random from "../split/Random.ts"
import * as Share from "../split/Share.ts"
import type { SplitError } from "../split/SplitError.ts"
import * as Stratified from "../split/Stratified.ts"
import * as StratifiedGrouped from "../split/StratifiedGrouped.ts"
import type { Table } from "../Table.ts"
import * as Plan from "./Plan.ts"

/** How many folds, from 2 to 255, and how often; once unless given. */
export interface Folds {
  readonly folds: number
  readonly repeats?: number
  /** Rows that are near are in one fold. */
  readonly near?: Near.Near | undefined
}

interface Kind {
  readonly resample: string
  readonly name: string
  readonly params: Readonly<Record<string, Schema.Json>>
  /** The columns that are read, beside those by which rows are near. */
  readonly reads: ReadonlyArray<string>
  readonly check: (columns: Columns) => Effect.Effect<void, SplitError>
  readonly deal: (
    table: Table,
    fractions: ReadonlyArray<number>,
    key: Key.Key
  ) => Effect.Effect<ArrayLike<number>, SplitError>
}

const plans = (kind: Kind, { folds, near, repeats = 1 }: Folds): ReadonlyArray<Plan.Plan> => {
  const { check, deal, name, params, reads, resample } = kind
  return Plan.list(repeats, (repeat) => ({
    name: repeats === 1 ? name : `${name}-${repeat + 1}`,
    version: 1,
    code: "versioned",
    draws: true,
    repeats: false,
    params: { ...params, folds, repeats, ...Blocks.toJson(near) },
    reads: near === undefined ? reads : "all",
    check: (columns) =>
      Plan.checkCount(resample, "folds", folds, 2).pipe(
        Effect.andThen(Plan.checkCount(resample, "repeats", repeats, 1)),
        Effect.andThen(check(columns))
      ),
    mark: (table, key) =>
      Effect.map(
        deal(
          table,
          Plan.list(folds, () => 1 / folds),
          key
        ),
        (places) => Int32Array.from(places)
      ),
    folds: Plan.list(folds, (fold) => ({
      name: repeats === 1 ? `fold-${fold + 1}` : `repeat-${repeat + 1}-fold-${fold + 1}`,
      sides: Plan.byFold(fold)
    }))
  }))
}

/** Rows that are equal or near, as blocks; undefined where it is not said what near is. */
const alike = (resample: string, table: Table, key: Key.Key, near: Near.Near | undefined) =>
  Effect.map(Blocks.near(resample, table, near), (firsts) =>
    firsts === undefined ? undefined : Blocks.make([Blocks.equalRows(table)], key, firsts)
  )

/** Deals blocks to folds, each to the one that has the fewest rows so far. */
const dealt = ({ of, sizes }: Blocks.Blocks, folds: number): Uint32Array => {
  const foldOf = toLightest(sizes, folds)
  return of.map((block) => foldOf[block])
}

const byTime = "Resample.expanding"

/** Folds at random, whose sizes differ by one row at most. */
export const plain = (options: Folds): ReadonlyArray<Plan.Plan> =>
  plans(
    {
      resample: "Resample.kFold",
      name: "k-fold",
      params: {},
      reads: [],
      check: (columns) =>
        Effect.andThen(
          Share.refuseTimestamps("Resample.kFold", { columns }, byTime),
          Share.refuseGroups("Resample.kFold", { columns }, [], "Resample by group: use Resample.grouped.")
        ),
      deal: (table, fractions, key): Effect.Effect<ArrayLike<number>, SplitError> =>
        Effect.map(alike("Resample.kFold", table, key, options.near), (blocks) =>
          blocks === undefined ? Random.deal(table.length, fractions, key).places : dealt(blocks, fractions.length)
        )
    },
    options
  )

/** Folds in which each class, and the whole, is within one row of its share. */
export const stratified = (on: string, options: Folds): ReadonlyArray<Plan.Plan> => {
  const resample = "Resample.stratified"
  return plans(
    {
      resample,
      name: "stratified-k-fold",
      params: { on },
      reads: [on],
      check: (columns) =>
        Effect.andThen(
          Share.refuseTimestamps(resample, { columns }, byTime),
          Share.refuseGroups(resample, { columns }, [], "Resample by group: use Resample.stratifiedGrouped.")
        ),
      deal: Effect.fnUntraced(function* (table, fractions, key) {
        const { codes, levels } = yield* Stratified.classes(resample, table, on)
        const blocks = yield* alike(resample, table, key, options.near)
        return blocks === undefined
          ? Stratified.deal(levels, codes, fractions, key).places
          : Grouped.toRows(blocks.of, StratifiedGrouped.deal(blocks, codes, levels.length, fractions)).places
      })
    },
    options
  )
}

const checkGroups = (resample: string, on: Grouped.On) => (columns: Columns) =>
  Effect.andThen(
    Share.refuseTimestamps(resample, { columns }, byTime),
    Share.refuseGroups(resample, { columns }, Grouped.names(on), 'Name every declared group in "on".')
  )

/** Folds of whole groups, whose sizes differ by the largest group at most. */
export const grouped = (on: Grouped.On, options: Folds): ReadonlyArray<Plan.Plan> => {
  const resample = "Resample.grouped"
  return plans(
    {
      resample,
      name: "grouped-k-fold",
      params: { on },
      reads: Grouped.names(on),
      check: checkGroups(resample, on),
      deal: (table, fractions, key) =>
        Effect.map(Grouped.blocks(resample, table, on, key, options.near), (blocks) => dealt(blocks, fractions.length))
    },
    options
  )
}

/** Gives each block, in its random order, to the fold that has the fewest rows so far. */
const toLightest = (sizes: Uint32Array, folds: number): Uint32Array => {
  const filled = new Float64Array(folds)
  return sizes.map((size) => {
    const fold = filled.indexOf(Math.min(...filled))
    filled[fold] += size
    return fold
  })
}

/** Folds of whole groups with the classes as near to the same proportions as single groups can be moved. */
export const stratifiedGrouped = (on: Grouped.On, stratify: string, options: Folds): ReadonlyArray<Plan.Plan> => {
  const resample = "Resample.stratifiedGrouped"
  return plans(
    {
      resample,
      name: "stratified-grouped-k-fold",
      params: { on, stratify },
      reads: [...Grouped.names(on), stratify],
      check: checkGroups(resample, on),
      deal: Effect.fnUntraced(function* (table, fractions, key) {
        const { codes, levels } = yield* Stratified.classes(resample, table, stratify)
        const blocks = yield* Grouped.blocks(resample, table, on, key, options.near)
        return Grouped.toRows(blocks.of, StratifiedGrouped.deal(blocks, codes, levels.length, fractions)).places
      })
    },
    options
  )
}

/**
 * One fold per group named, which validates it; rows of other groups are in train, unless some of their group are near
 * some of the one that validates, directly or through other groups.
 */
export const leaveOneGroupOut = (
  on: string,
  groups: ReadonlyArray<string | number>,
  near?: Near.Near
): ReadonlyArray<Plan.Plan> => {
  const resample = "Resample.leaveOneGroupOut"
  const wanted = new Map(groups.map((group, index) => [String(group), index]))
  return [
    {
      name: "leave-one-group-out",
      version: 1,
      code: "versioned",
      draws: false,
      repeats: false,
      params: { on, groups, ...Blocks.toJson(near) },
      reads: near === undefined ? [on] : "all",
      check: (columns) =>
        Effect.andThen(
          checkGroups(resample, on)(columns),
          near === undefined ? Effect.void : Plan.checkCount(resample, "groups", wanted.size, 1, mostJoined)
        ),
      mark: Effect.fnUntraced(function* (table) {
        const label = yield* Blocks.groups(resample, table, on)
        const marks = new Int32Array(table.length)
        label.firsts.forEach((first, row) => {
          marks[row] = first === row ? (wanted.get(label.nameOf(row)) ?? -1) : marks[first]
        })
        const firsts = yield* Blocks.near(resample, table, near)
        return firsts === undefined ? marks : withJoined(marks, Blocks.joined([label], firsts), wanted.size)
      }),
      folds: [...wanted].map(([group, index]) => ({
        name: `without-${group}`,
        sides: near === undefined ? Plan.byFold(index) : withoutJoined(index, wanted.size)
      }))
    }
  ]
}

/** Two numbers up to this one fit into a mark. */
const mostJoined = 46_339

/** Marks rows by the fold they validate, or -1, and by the first fold that any row they are joined with validates. */
const withJoined = (marks: Int32Array, firsts: Uint32Array, folds: number): Int32Array => {
  const least = new Int32Array(marks.length).fill(folds)
  marks.forEach((mark, row) => {
    if (mark >= 0) least[firsts[row]] = Math.min(least[firsts[row]], mark)
  })
  return marks.map((mark, row) => least[firsts[row]] * (folds + 1) + mark + 1)
}

/** Reads a fold off such marks: what is joined with its group is on neither side. */
const withoutJoined =
  (fold: number, folds: number) =>
  (marks: Int32Array): Plan.Sides => {
    const joinedOf = (mark: number) => Math.floor(mark / (folds + 1))
    const isOf = (mark: number) => mark % (folds + 1) === fold + 1
    const own = joinedOf(marks.find(isOf) ?? -1)
    return { train: Plan.where(marks, (mark) => joinedOf(mark) !== own), validation: Plan.where(marks, isOf) }
  }
