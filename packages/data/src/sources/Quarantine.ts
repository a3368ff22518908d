/**
 * Rows that do not decode, set aside instead of ending the run: the table of the others, and a list of what left and why.
 * Every row that came is in the one or the other.
 */
import { Codec, type Digest, Node, Stage } from "@watertight/core"
import { Effect, Schema } from "effect"
import { basename } from "node:path"
import type { Columns } from "../Columns.ts"
import * as Table from "../Table.ts"
import { SourceError } from "./SourceError.ts"

/** A row that was set aside. Rows count from 1 within their file; for folders of files, a file is a row. */
export const SetAside = Schema.Struct({
  /** From the source's folder on. */
  file: Schema.String,
  row: Schema.Int,
  /** The first column that does not take its value; empty where the row as a whole is none. */
  column: Schema.String,
  /** What stands there, at most 200 characters of it. */
  value: Schema.String,
  /** What is wrong, as the rest of a sentence that starts with the value. */
  reason: Schema.String
})

/** A row that was set aside. */
export type SetAside = typeof SetAside.Type

/** How many rows came, how many stayed, how many left for which reason, and which they are. */
export const Quarantine = Schema.Struct({
  rows: Schema.Int,
  kept: Schema.Int,
  steps: Schema.Array(Schema.Struct({ reason: Schema.String, rows: Schema.Int })),
  /** In the source's order; at most 10,000. The counts are of all. */
  setAside: Schema.Array(SetAside)
})

/** How many rows came, how many stayed, how many left for which reason, and which they are. */
export type Quarantine = typeof Quarantine.Type

/** A table without the rows that do not decode, and those. */
export type Quarantined<C extends Columns, E = never, R = never> = {
  readonly table: Node.Node<Table.Table<C>, E, R>
  readonly quarantine: Node.Node<Quarantine, E, R>
}

/** What a reader makes of its rows. */
export interface Sorted<C extends Columns> {
  readonly table: Table.Table<C>
  readonly quarantine: Quarantine
}

/** Whether a reader fails on the first bad row or sets all of them aside. */
export type OnBadRow = "fail" | "set aside"

declare const SetsRowsAside: unique symbol

/** A source that can set rows aside: see `Source.quarantine`. */
export interface Source<out C extends Columns, out E = never, out R = never> extends Node.Node<Table.Table<C>, E, R> {
  readonly [SetsRowsAside]: true
}

/** `S`, or a sentence where it is no source that can set rows aside. */
export type Separable<S> =
  S extends Source<Columns, unknown, unknown>
    ? S
    : "only a source that reads files, a database or rows sets rows aside, and only itself: give the source"

/** The table and quarantine of a source. */
export type QuarantinedOf<S> = S extends Source<infer C, infer E, infer R> ? Quarantined<C, E | SourceError, R> : never

/** How much may leave. */
export interface Options {
  /** The largest share of the rows that may be set aside, in [0, 1]; without it, at least one row must stay. */
  readonly atMost?: number
}

/** So many rows are listed. */
export const listed = 10_000

/** A row that left, and why. */
export interface Left {
  readonly reason: string
  readonly row: SetAside
}

/** Counts rows that leave. */
export interface Tally {
  readonly add: (left: Left) => void
  /** What became of so many rows. */
  readonly of: (rows: number) => Quarantine
}

/** Starts to count rows that leave, which come in the source's order; no more of them are kept than are listed. */
export const counting = (): Tally => {
  const counts = new Map<string, number>()
  const setAside: Array<SetAside> = []
  let left = 0
  return {
    add: ({ reason, row }) => {
      left++
      counts.set(reason, (counts.get(reason) ?? 0) + 1)
      if (setAside.length < listed) setAside.push({ ...row, value: short(row.value) })
    },
    of: (rows) => {
      const steps = [...counts].map(([reason, rows]) => ({ reason, rows }))
      return { rows, kept: rows - left, steps, setAside }
    }
  }
}

/** Counts rows that left, in the order in which their reasons first came. */
export const make = (rows: number, left: ReadonlyArray<Left>): Quarantine => {
  const tally = counting()
  left.forEach(tally.add)
  return tally.of(rows)
}

/** Cuts a value between characters. */
const short = (value: string): string => (value.length <= 200 ? value : `${value.slice(0, 199).toWellFormed()}…`)

/** What a reader is made of. */
export interface Reader<C extends Columns, E, R> {
  readonly name: string
  readonly version: number
  readonly params: Schema.Json
  readonly external: Effect.Effect<Digest.Digest, E, R>
  /** Names the source in errors about all of it. */
  readonly label: string
  readonly read: (onBadRow: OnBadRow) => Effect.Effect<Sorted<C>, E, R>
}

const readers = new WeakMap<object, Reader<Columns, unknown, unknown>>()

/** Makes the node of a source whose reader can set rows aside. */
export const source = <C extends Columns, E, R>(reader: Reader<C, E, R>): Source<C, E, R> => {
  const stage = Stage.make({
    name: reader.name,
    version: reader.version,
    code: "versioned",
    origin: "unsplit",
    params: reader.params,
    external: reader.external,
    codec: Table.codec<C>(),
    run: () => Effect.map(reader.read("fail"), ({ table }) => table)
  })
  readers.set(stage, reader)
  return Node.make(stage, {}) as unknown as Source<C, E, R> // a mark of types alone; the reader is kept by the stage
}

/** Returns what a source reads with. */
export const readerOf = <C extends Columns, E, R>(source: Source<C, E, R>): Reader<C, E, R> => {
  const reader = readers.get(source.stage)
  if (reader === undefined) throw new TypeError("this node is no source that csv, json, parquet, sql or rows made")
  return reader as unknown as Reader<C, E, R> // the reader this source was made with
}

/** The table and the list are made by one reading, and kept as two artifacts. */
const sortedCodec = <C extends Columns>(): Codec.Codec<Sorted<C>> => {
  const tables = Table.codec<C>() as Codec.Stored<Table.Table<C>> // tables are always stored
  return Codec.stored<Sorted<C>>({
    name: "table and quarantine",
    encode: ({ quarantine, table }) => {
      const { blobs, meta } = tables.encode(table)
      return { meta: { table: meta, quarantine: Schema.encodeSync(Quarantine)(quarantine) }, blobs }
    },
    decode: Effect.fnUntraced(
      function* ({ blobs, meta }) {
        const stored = yield* Schema.decodeUnknownEffect(Stored)(meta, { onExcessProperty: "error" })
        const table = yield* tables.decode({ meta: stored.table, blobs })
        return { table, quarantine: stored.quarantine }
      },
      Effect.mapError((error) => new Codec.ArtifactError({ codec: "table and quarantine", reason: error.message }))
    )
  })
}

const Stored = Schema.Struct({ table: Schema.Json, quarantine: Quarantine })

/**
 * Reads a source so that rows that do not decode are set aside, not failed on: the table has the others, in their order,
 * and `quarantine` says how many left, for which reason, and which they are, with file, row, column and value. What is
 * wrong with a file as a whole still fails: it is missing, has another header, is cut off inside its structure. Fails also
 * when more leaves than `atMost`, or everything.
 *
 * @example
 * import { Column, Columns, Source } from "@watertight/data"
 * const Trips = Columns.make({ at: Column.timestamp, fare: Column.float })
 * const { table, quarantine } = Source.quarantine(Source.csv("trips.csv", Trips), { atMost: 0.01 })
 * table.stage.name // => "kept-rows"
 * quarantine.stage.name // => "quarantine"
 */
export const quarantine = <S extends Node.Any>(source: S & Separable<S>, options: Options = {}): QuarantinedOf<S> => {
  const reader = readers.get((source as Node.Any).stage) // a source, or the sentence that did not compile
  if (reader === undefined) throw new TypeError("Source.quarantine: this node is no source that can set rows aside")
  const { atMost = 1 } = options
  if (!(atMost >= 0 && atMost <= 1)) throw new RangeError(`Source.quarantine: atMost is ${atMost}, not in [0, 1]`)
  return nodesOf(reader, atMost) as unknown as QuarantinedOf<S> // the reader this source was made with
}

const nodesOf = <C extends Columns, E, R>(
  { external, label, name, params, read, version }: Reader<C, E, R>,
  atMost: number
): Quarantined<C, E | SourceError, R> => {
  const sorted = Node.make(
    Stage.make({
      name: `${name}-sorted`,
      version,
      code: "versioned",
      origin: "unsplit",
      params: { source: params, atMost },
      external,
      codec: sortedCodec<C>(),
      run: () => Effect.flatMap(read("set aside"), (found) => enough(label, placed(label, found), atMost))
    }),
    {}
  )
  const table = Stage.make({
    name: "kept-rows",
    version: 1,
    code: "versioned",
    codec: Table.codec<C>(),
    run: ({ sorted }: { readonly sorted: Sorted<C> }) => Effect.succeed(sorted.table)
  })
  const left = Stage.make({
    name: "quarantine",
    version: 1,
    code: "versioned",
    codec: Codec.json("quarantine", Quarantine),
    run: ({ sorted }: { readonly sorted: Sorted<C> }) => Effect.succeed(sorted.quarantine)
  })
  return { table: Node.make(table, { sorted }), quarantine: Node.make(left, { sorted }) }
}

/** Names files from the source's folder on: where that lies is no part of what was read. */
const placed = <C extends Columns>(label: string, { quarantine, table }: Sorted<C>): Sorted<C> => {
  const folder = label.replace(/[^/]*[*?].*$/, "").replace(/\/$/, "")
  const nameOf = (file: string) =>
    file === label ? basename(file) : file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : file
  return { table, quarantine: renamed(quarantine, nameOf) }
}

/** Names the files of a list otherwise. */
export const renamed = (quarantine: Quarantine, nameOf: (file: string) => string): Quarantine => ({
  ...quarantine,
  setAside: quarantine.setAside.map((row) => ({ ...row, file: nameOf(row.file) }))
})

const enough = <C extends Columns>(
  file: string,
  sorted: Sorted<C>,
  atMost: number
): Effect.Effect<Sorted<C>, SourceError> => {
  const { kept, rows, setAside, steps } = sorted.quarantine
  const left = rows - kept
  if (kept > 0 && left <= atMost * rows) return Effect.succeed(sorted)
  const [first] = setAside
  const reasons = steps.map((step) => `${step.rows}: ${step.reason}`).join("; ")
  return Effect.fail(
    new SourceError({
      file,
      problem: "bad row",
      detail: `would lose ${left} of ${rows} rows (${reasons})`,
      hint: "Correct the declaration or the rows, or allow more with atMost.",
      ...(first === undefined ? {} : { row: first.row, column: first.column, value: first.value })
    })
  )
}

/** What a reader returns when every row was fine. */
export const nothingLeft = <C extends Columns>(table: Table.Table<C>): Sorted<C> => ({
  table,
  quarantine: { rows: table.length, kept: table.length, steps: [], setAside: [] }
})
