/**
 * A table from files that DuckDB reads with types of their own: the declared columns are looked up letter for letter, each
 * value is decoded as its column declares, and the first that cannot be is named with its file, row and column.
 */
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import * as Quarantine from "../../sources/Quarantine.ts"
import { SourceError } from "../../sources/SourceError.ts"
import * as Collect from "./collect.ts"
import * as Decode from "./decode.ts"
import * as DuckDB from "./duckdb.ts"
import { firstNotFinite } from "../statistics/lanes.ts"
import * as Refusals from "./refusals.ts"
import * as SetAside from "./setAside.ts"

/** What to read. */
export interface Relation<C extends Columns> {
  readonly connection: DuckDB.Connection
  readonly columns: C
  /** The files in the order of their rows; a query's name stands for its files. */
  readonly files: ReadonlyArray<string>
  /** Writes what stands after FROM for some of the files. */
  readonly scan: (files: ReadonlyArray<string>) => string
  /** The type of every column, for formats that have no types. */
  readonly type?: string
  /** Whether the files know how many rows they have; otherwise they are counted as they come. */
  readonly isCounted: boolean
  /** The bytes of the files, where their rows are not counted. */
  readonly bytes?: number
  /** Finds rows that are none at all, and come as nothing but NULL, by their places. */
  readonly isBroken?: Effect.Effect<ReadonlyMap<number, string>, SourceError>
  /** Says what DuckDB refused to read. */
  readonly refused: (file: string, error: DuckDB.DuckDBError) => SourceError
}

/** Reads the declared columns; rows that do not decode are set aside, or the first of them is an error. */
export const read = Effect.fnUntraced(function* <C extends Columns>(
  relation: Relation<C>,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Quarantine.Sorted<C>, SourceError> {
  const { columns, connection, files, refused, scan } = relation
  const names = Object.keys(columns)
  const [first] = files
  if (names.length === 0) return yield* Refusals.noColumns(first)
  const types = yield* typesOf(relation)
  const cells = yield* Effect.forEach(names, (name) => cellOf(first, name, columns[name], types.get(name)))
  const counts = relation.isCounted ? yield* Effect.forEach(files, (file) => countRows(relation, file)) : undefined
  const total = counts?.reduce((sum, count) => sum + count, 0)
  const broken = (yield* relation.isBroken ?? Effect.succeed(undefined)) ?? new Map<number, string>()
  const bads: Array<Bad> = []
  const found = yield* Collect.collect({
    connection,
    sql: `SELECT ${cells.join(", ")} FROM ${scan(files)}`,
    columns,
    file: first,
    rows: total,
    ...(relation.bytes === undefined ? {} : { bytes: relation.bytes }),
    onBadRow,
    bad: (block, start) => {
      const bad = badRows(Object.values(columns), block, start, broken)
      for (const each of bad) bads.push(each)
      return bad.map(({ row }) => row - start)
    },
    refused: (error) => refused(first, error)
  })
  if (found.length === 0) return yield* Refusals.noRows(first)
  if (total !== undefined && found.length !== total) {
    const detail = `has ${total} rows by its own count, of which ${found.length} could be read`
    const hint = "Write the file again."
    return yield* new SourceError({ file: first, problem: "wrong format", detail, hint })
  }
  if (bads.length > 0 && onBadRow === "fail") return yield* badValue(relation, bads)
  const left = yield* shownBad(relation, bads, broken)
  return { table: found.table, quarantine: Quarantine.make(found.length, left) }
})

/** Columns and their types, which all files must have in common: DuckDB would convert others, and round, in silence. */
const typesOf = Effect.fnUntraced(function* <C extends Columns>(relation: Relation<C>) {
  const { columns, connection, files, refused, scan, type } = relation
  const names = Object.keys(columns)
  if (type !== undefined) return new Map(names.map((name) => [name, type]))
  let common: ReadonlyMap<string, string> | undefined
  for (const file of files) {
    const described = yield* Effect.mapError(connection.rows(`DESCRIBE FROM ${scan([file])}`), (error) =>
      refused(file, error)
    )
    const types = new Map(described.map((each) => [String(each.column_name), String(each.column_type)]))
    for (const name of names) {
      if (types.has(name)) continue
      const has = [...types.keys()].map((found) => JSON.stringify(found)).join(", ")
      const detail = `has no column "${name}"; its columns are ${has}`
      const hint = "Declare columns by the names the file has, letter for letter."
      return yield* new SourceError({ file, problem: "bad header", detail, hint, column: name })
    }
    common ??= types
    const other = names.find((name) => common?.get(name) !== types.get(name))
    if (other !== undefined) {
      const detail = `holds ${types.get(other)} in column "${other}", but ${files[0]} holds ${common.get(other)}`
      const hint = "Write all files with one schema."
      return yield* new SourceError({ file, problem: "files differ", detail, hint, column: other })
    }
  }
  return common ?? new Map<string, string>()
})

const cellOf = (
  file: string,
  name: string,
  column: Column.Column,
  type: string | undefined
): Effect.Effect<string, SourceError> => {
  if (type !== undefined && Decode.liesReady(type, column)) return Effect.succeed(DuckDB.name(name))
  const cell = type === undefined ? undefined : Decode.decoded(type, column, DuckDB.name(name))
  if (cell !== undefined) return Effect.succeed(cell)
  return Effect.fail(
    new SourceError({
      file,
      problem: "wrong type",
      detail: `holds ${type} in column "${name}", which is no ${column.kind} column`,
      hint: `Declare it otherwise, or convert it when the file is written: a ${column.kind} column takes ${Decode.types(column)}.`,
      column: name
    })
  )
}

const countRows = <C extends Columns>({ connection, refused, scan }: Relation<C>, file: string) =>
  connection.rows(`SELECT count(*)::VARCHAR AS rows FROM ${scan([file])}`).pipe(
    Effect.map(([{ rows }]) => Number(rows)),
    Effect.mapError((error) => refused(file, error))
  )

/** A row with a value that its column does not take: the row's place among all, and the first such column's. */
interface Bad {
  readonly row: number
  readonly column: number
}

/** Finds the rows of a block with a value that its column does not take. */
const badRows = (
  columns: ReadonlyArray<Column.Column>,
  block: DuckDB.Numbers,
  start: number,
  broken: ReadonlyMap<number, string>
): ReadonlyArray<Bad> => {
  const found = new Map<number, number>()
  block.columns.forEach(({ missing, values }, index) => {
    for (const row of [...missing, ...notFinite(columns[index], values)]) if (!found.has(row)) found.set(row, index)
  })
  for (const row of broken.keys()) if (row >= start && row < start + block.length) found.set(row - start, 0)
  return [...found].sort(([one], [other]) => one - other).map(([row, column]) => ({ row: start + row, column }))
}

/** Describes all rows that were set aside. */
const shownBad = Effect.fnUntraced(function* <C extends Columns>(
  relation: Relation<C>,
  bads: ReadonlyArray<Bad>,
  broken: ReadonlyMap<number, string>
) {
  const { columns, connection, files, refused, scan } = relation
  if (bads.length === 0) return []
  const names = Object.keys(columns)
  const shown = bads.slice(0, Quarantine.listed)
  const cells = names.map((name, index) => `left(${DuckDB.name(name)}::VARCHAR, 200) AS c${index}`).join(", ")
  const query =
    `SELECT ${cells} FROM (SELECT row_number() OVER () AS n_, * FROM ${scan(files)}) ` +
    `WHERE n_ IN (SELECT unnest([${shown.map(({ row }) => row + 1).join(", ")}]::BIGINT[])) ORDER BY n_`
  const texts = yield* Effect.mapError(connection.rows(query), (error) => refused(files[0], error))
  const places = yield* placesOf(relation)
  return bads.map(({ column, row: place }, index): Quarantine.Left => {
    const { before, file } = places(place)
    const at = { file, row: place - before + 1 }
    const text = broken.get(place)
    if (text !== undefined) {
      const reason = "is no object with each of its keys once"
      return { reason: "no row of this table", row: { ...at, column: "", value: text, reason } }
    }
    const cell = texts[index]?.[`c${column}`] ?? null
    const isMissing = cell === null || cell === "null"
    const reason = isMissing ? "is missing" : `is not ${Decode.expected(columns[names[column]])}`
    const value = isMissing ? "" : String(cell)
    return { reason: SetAside.because(names[column]), row: { ...at, column: names[column], value, reason } }
  })
})

/** Finds the file that a row of all files is in, and the rows before that file. */
const placesOf = Effect.fnUntraced(function* <C extends Columns>(relation: Relation<C>) {
  const starts = [0]
  for (const file of relation.files.slice(0, -1)) {
    starts.push(starts[starts.length - 1] + (yield* countRows(relation, file)))
  }
  return (row: number) => {
    const place = starts.findLastIndex((start) => start <= row)
    return { file: relation.files[place], before: starts[place] }
  }
})

/** The rows with NaN or infinity where the column takes none. */
const notFinite = (column: Column.Column, values: DuckDB.NumberColumn["values"]): ReadonlyArray<number> => {
  if (RowId.isTexts(values) || Column.isOptional(column) || firstNotFinite(values) < 0) return []
  const width = Column.width(column)
  const rows: Array<number> = []
  values.forEach((value, at) => {
    if (!Number.isFinite(value)) rows.push(Math.floor(at / width))
  })
  return rows
}

/** Says what is wrong with the first bad row, and how many more there are for its column. */
const badValue = Effect.fnUntraced(function* <C extends Columns>(relation: Relation<C>, bads: ReadonlyArray<Bad>) {
  const { columns, connection, files, refused, scan } = relation
  const [{ column, row }] = bads
  const rows = bads.filter((bad) => bad.column === column).length
  const name = Object.keys(columns)[column]
  const query = `SELECT ${DuckDB.name(name)}::VARCHAR AS cell FROM ${scan(files)} LIMIT 1 OFFSET ${row}`
  const [{ cell }] = yield* Effect.mapError(connection.rows(query), (error) => refused(files[0], error))
  const { before, file } = (yield* placesOf(relation))(row)
  const at = `row ${row - before + 1}, column "${name}"`
  const others = rows > 1 ? ` (the first of ${rows} such rows)` : ""
  const place = { file, row: row - before + 1, column: name }
  if (cell === null || cell === "null") {
    const hint = "Columns hold no missing values: fill the place, or leave the row out."
    return yield* new SourceError({ ...place, problem: "bad value", detail: `${at} has no value${others}`, hint })
  }
  const value = String(cell)
  const shown = JSON.stringify(value.length > 200 ? `${value.slice(0, 199)}…` : value)
  const detail = `${at} holds ${shown}, which is not ${Decode.expected(columns[name])}${others}`
  const hint =
    columns[name].kind === "category" ? "Correct the value, or declare the level." : "Correct it, or leave the row out."
  return yield* new SourceError({ ...place, problem: "bad value", detail, hint, value })
})
