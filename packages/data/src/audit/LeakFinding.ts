/**
 * What an audit points at, named after the taxonomy of Kapoor and Narayanan (2023), "Leakage and the reproducibility crisis
 * in machine-learning-based science", Patterns 4 (9). Rows that it lists are rows of train.
 */
import { Schema } from "effect"
import * as Finding from "../profile/Finding.ts"
import * as RowId from "../RowId.ts"

/** The types of leakage an audit can see, by their number in the taxonomy; those that Watertight's types prevent are absent. */
export const taxonomy = {
  "L1.4": "duplicates in data sets",
  L2: "a feature that is not legitimate",
  "L3.1": "temporal leakage",
  "L3.2": "train and test are not independent",
  "L3.3": "the test distribution is not the one of interest"
} as const

/** A type of leakage. */
export type Leakage = keyof typeof taxonomy

/** Something to look at before a result is believed. */
export const LeakFinding = Schema.Struct({
  ...Finding.Finding.fields,
  /** Null for what is no leakage, such as a validation set that is too small. */
  leakage: Schema.NullOr(Schema.Literals(["L1.4", "L2", "L3.1", "L3.2", "L3.3"])),
  /** The ids of `rows`, as hexadecimal digits. */
  ids: Schema.Array(Schema.String)
})

/** Something to look at before a result is believed. */
export type LeakFinding = typeof LeakFinding.Type

/** Rows of train: places in the table they are taken from, ids, and how many there are in all. */
export interface TrainRows {
  readonly count: number
  readonly rows: ReadonlyArray<number>
  readonly ids: ReadonlyArray<string>
}

/** Picks rows of train. */
export const pick = (ids: Uint8Array, isIn: (row: number) => boolean, places: Uint32Array | undefined): TrainRows => {
  const length = ids.length / RowId.bytes
  const first = Finding.pick(length, isIn, undefined)
  const hex = (row: number) => Buffer.from(ids.subarray(row * RowId.bytes, (row + 1) * RowId.bytes)).toString("hex")
  return { count: first.count ?? 0, rows: first.rows.map((row) => places?.[row] ?? row), ids: first.rows.map(hex) }
}

/** Makes a finding; it is about no column and no rows unless it says so. */
export const make = (
  finding: Pick<LeakFinding, "code" | "severity" | "message" | "remedy" | "leakage"> & Partial<LeakFinding>
): LeakFinding => ({ column: null, count: null, rows: [], ids: [], ...finding })
