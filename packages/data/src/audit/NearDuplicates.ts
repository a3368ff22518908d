/**
 * Rows of one partition that are near to rows of another, directly or through others: what `near` keeps together in a
 * split. Rows of train are pointed at; of the other partition only the count leaves.
 */
import { Effect } from "effect"
import { counted, percent } from "../internal/prose.ts"
import * as Near from "../Near.ts"
import * as RowId from "../RowId.ts"
import type { Table } from "../Table.ts"
import * as LeakFinding from "./LeakFinding.ts"
import type { Side } from "./Overlap.ts"

const joinedValues = (parts: ReadonlyArray<RowId.Values>): RowId.Values => {
  const numbers = parts.filter((part): part is RowId.Numbers => !RowId.isTexts(part))
  if (numbers.length < parts.length) return parts.flatMap((part) => (RowId.isTexts(part) ? part : []))
  const Values = numbers[0].constructor as new (length: number) => RowId.Numbers // a typed array's constructor makes its own kind
  const out = new Values(numbers.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of numbers) {
    out.set(part, at)
    at += part.length
  }
  return out
}

const joined = (tables: ReadonlyArray<Table>): Table => {
  const [first] = tables
  const valuesOf = ({ values }: Table): Readonly<Record<string, RowId.Values>> => values
  const values = Object.fromEntries(
    Object.keys(first.columns).map((name) => [name, joinedValues(tables.map((table) => valuesOf(table)[name]))])
  )
  const length = tables.reduce((sum, table) => sum + table.length, 0)
  return { columns: first.columns, length, values, ids: Buffer.concat(tables.map(({ ids }) => ids)) }
}

const idOf = ({ ids }: Table, row: number): string =>
  Buffer.from(ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)).toString("latin1")

const finding = (left: Side, right: Side, near: Near.Near, marks: Uint8Array) => {
  const rows = marks.reduce((sum, mark) => sum + mark, 0)
  if (rows === 0) return []
  const by = near.by === "row" ? null : near.column
  const about =
    left.name === "train" ? LeakFinding.pick(left.table.ids, (row) => marks[row] === 1, left.places) : { count: rows }
  return [
    LeakFinding.make({
      code: "near-duplicates",
      severity: "problem",
      leakage: "L1.4",
      column: by,
      message: `${counted(rows, "row")} of ${left.name} (${percent(rows / left.table.length)}) ${rows === 1 ? "is" : "are"} nearly the same as a row in ${right.name}`,
      remedy: "Give the split near, which keeps such rows on one side, or drop them with Clean.dropNearDuplicates.",
      ...about
    })
  ]
}

/** Finds rows of a partition that are near to rows of another, beside those that are equal to one. */
export const of = (
  sides: { readonly train: Side; readonly validation: Side; readonly test: Side },
  near: Near.Near
): Effect.Effect<ReadonlyArray<LeakFinding.LeakFinding>, Near.NearError> =>
  Effect.map(
    Near.firsts(near, joined([sides.train, sides.validation, sides.test].map(({ table }) => Near.select(near, table)))),
    (firsts) => {
      const offsets = {
        train: 0,
        validation: sides.train.table.length,
        test: sides.train.table.length + sides.validation.table.length
      }
      const setsOf = ({ name, table }: Side) => firsts.subarray(offsets[name], offsets[name] + table.length)
      const pairs = [
        [sides.train, sides.test],
        [sides.train, sides.validation],
        [sides.validation, sides.test]
      ] as const
      return pairs.flatMap(([left, right]) => {
        const others = new Set(setsOf(right))
        const equal = new Set(Array.from({ length: right.table.length }, (_, row) => idOf(right.table, row)))
        const marks = Uint8Array.from(setsOf(left), (set, row) =>
          others.has(set) && !equal.has(idOf(left.table, row)) ? 1 : 0
        )
        return finding(left, right, near, marks)
      })
    }
  )
