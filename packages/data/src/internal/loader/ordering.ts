/** Makes the order of a loader's rows from a sampler: checks the column it reads, and builds the tables it needs. */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Column from "../../Column.ts"
import type { Config, Sampler } from "../../Sampler.ts"
import * as Table from "../../Table.ts"
import type { Order } from "./rows.ts"
import { LoaderError, columnDefect } from "./pack.ts"
import * as Shared from "./shared.ts"
import { classesOf, evenly } from "./strata.ts"

type Of<Kind extends Config["kind"]> = Extract<Config, { readonly kind: Kind }>

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= 2 ** 32

const perEpochDefect = (perEpoch: number | null): LoaderError | undefined =>
  perEpoch === null || isCount(perEpoch)
    ? undefined
    : new LoaderError({ reason: `the sampler draws ${perEpoch} rows an epoch; give an integer from 1 to 2^32` })

/** Adds up weights; rows after `last` weigh nothing. */
const summed = (column: string, weightOf: (row: number) => number, rows: number) => {
  const sums = Shared.float64(rows)
  let [sum, last] = [0, -1]
  for (let row = 0; row < rows; row++) {
    const weight = weightOf(row)
    if (!(weight >= 0 && weight < Infinity)) {
      return new LoaderError({ column, row, reason: `weighs ${weight}; a weight is a finite number of at least 0` })
    }
    if (weight > 0) last = row
    sums[row] = sum += weight
  }
  if (last < 0)
    return new LoaderError({ column, reason: "weighs nothing in every row; some row needs a weight above 0" })
  if (sum === Infinity)
    return new LoaderError({ column, reason: "has weights whose sum is infinite; make them smaller" })
  return { sums, last }
}

const weightedBy = (
  { column, perEpoch }: { readonly column: string; readonly perEpoch: number | null },
  weightOf: (row: number) => number,
  rows: number,
  key: Key.Key
): Order | LoaderError => {
  const defect = perEpochDefect(perEpoch)
  if (defect !== undefined) return defect
  const found = summed(column, weightOf, rows)
  return found instanceof LoaderError ? found : { kind: "weighted", length: perEpoch ?? rows, key, ...found }
}

const levelsOf = (table: Table.Table, name: string): ReadonlyArray<string> =>
  (table.columns[name] as Column.Category).levels // its kind was checked

const weightedByClass = (config: Of<"weightedByClass">, table: Table.Table, key: Key.Key): Order | LoaderError => {
  const { column, weights } = config
  const levels = levelsOf(table, column)
  const codes = Table.numbers(table, column)
  const unknown = Object.keys(weights).find((name) => !levels.includes(name))
  if (unknown !== undefined) {
    return new LoaderError({ column, reason: `has no level "${unknown}"; there are ${levels.join(", ")}` })
  }
  const row = codes.findIndex((code) => !Object.hasOwn(weights, levels[code]))
  if (row >= 0) return new LoaderError({ column, row, reason: `is "${levels[codes[row]]}", which is given no weight` })
  const byCode = levels.map((level) => weights[level])
  return weightedBy(config, (place) => byCode[codes[place]], table.length, key)
}

const bucketed = ({ buckets, column }: Of<"bucketed">, table: Table.Table, batchSize: number, key: Key.Key) => {
  if (!isCount(buckets))
    return new LoaderError({ reason: `the sampler has ${buckets} buckets; give a positive integer` })
  const lengths = Table.numbers(table, column)
  const row = lengths.findIndex((length) => !(length >= 0 && length < Infinity))
  if (row >= 0) {
    const reason = `is ${lengths[row]} long; a length is a finite number of at least 0`
    return new LoaderError({ column, row, reason })
  }
  const rows = Shared.uint32(table.length)
  rows.set(
    Uint32Array.from({ length: table.length }, (_, place) => place).sort((a, b) => lengths[a] - lengths[b] || a - b)
  )
  const batches = Math.max(1, Math.floor(table.length / batchSize / buckets))
  return { kind: "bucketed", length: table.length, key, mixing: Key.foldIn(key, "mixing"), rows, batches } as const
}

const make = (sampler: Sampler, table: Table.Table, batchSize: number, key: Key.Key): Order | LoaderError => {
  const { config, reads } = sampler
  const defect = reads === undefined ? undefined : columnDefect(table.columns, reads.name, [reads.kind])
  if (defect !== undefined) return defect
  const { length } = table
  const mixing = Key.foldIn(key, "mixing")
  switch (config.kind) {
    case "sequential":
      return { kind: "sequential", length }
    case "shuffled":
      return { kind: "shuffled", length, key }
    case "weighted": {
      const weights = Table.numbers(table, config.column)
      return weightedBy(config, (row) => weights[row], length, key)
    }
    case "weightedByClass":
      return weightedByClass(config, table, key)
    case "balanced": {
      const classes = classesOf(Table.numbers(table, config.column), levelsOf(table, config.column).length)
      const count = classes.starts.length - 1
      return { kind: "balanced", length: Math.ceil(length / count) * count, key, mixing, classes }
    }
    case "stratified": {
      const classes = classesOf(Table.numbers(table, config.column), levelsOf(table, config.column).length)
      return { kind: "stratified", length, key, mixing, classes, ...evenly(classes) }
    }
    case "bucketed":
      return bucketed(config, table, batchSize, key)
  }
}

/** Makes the order in which a table's rows are visited. */
export const orderOf = (
  sampler: Sampler,
  table: Table.Table,
  batchSize: number,
  key: Key.Key
): Effect.Effect<Order, LoaderError> =>
  Effect.suspend(() => {
    const made = make(sampler, table, batchSize, key)
    return made instanceof LoaderError ? Effect.fail(made) : Effect.succeed(made)
  })
