/** Files for the tests of sources: written for the length of a scope, by hand or by DuckDB. */
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { readFileSync } from "node:fs"
import * as DuckDB from "../../src/internal/sources/duckdb.ts"
import type { Digest, Node } from "@watertight/core"
import { Column, Columns, type Source, type Table } from "../../src/index.ts"
import { run } from "../run.ts"

/** Property runs. */
export const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)

/** The path of a file that pyarrow or NumPy wrote. */
export const fixture = (name: string): URL => new URL(`./fixtures/${name}`, import.meta.url)

/** The path of one of Vega's data sets. */
export const vega = (name: string): URL => new URL(`../data/${name}`, import.meta.resolve("vega-datasets"))

/** Writes a file in a folder that goes away with the test. */
export const write = Effect.fnUntraced(function* (content: string | Uint8Array, name: string) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = `${yield* fileSystem.makeTempDirectoryScoped()}/${name}`
  yield* fileSystem.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content)
  return path
})

/** Writes the rows of a query to a file of the format its name ends in. */
export const copy = Effect.fnUntraced(function* (query: string, path: string) {
  const connection = yield* DuckDB.connect
  yield* connection.rows(
    `COPY (${query}) TO ${DuckDB.text(path)} (FORMAT ${path.endsWith(".jsonl") ? "json" : path.split(".").at(-1)})`
  )
  return path
}, Effect.orDie)

/** What pyarrow's files of all types hold: numbers, instants, texts of levels, tensors. */
export const types: {
  readonly numbers: Readonly<Record<string, ReadonlyArray<number>>>
  readonly times: Readonly<Record<string, ReadonlyArray<number>>>
  readonly categories: Readonly<Record<string, ReadonlyArray<string>>>
  readonly tensors: Readonly<Record<string, ReadonlyArray<unknown>>>
} = JSON.parse(readFileSync(fixture("types.json"), "utf8"))

/** The columns of pyarrow's files of all types. */
export const Types = Columns.make({
  int8: Column.float,
  uint16: Column.float,
  int32: Column.float,
  int64: Column.float,
  uint64: Column.float,
  float: Column.float,
  double: Column.float,
  decimal: Column.float,
  date: Column.timestamp,
  naive: Column.timestamp,
  seconds: Column.timestamp,
  zoned: Column.timestamp,
  text: Column.category(["a", "", "q\"'"]),
  dictionary: Column.category(["", "a"]),
  boolean: Column.category(["false", "true"]),
  label: Column.category(["0", "1", "2"]),
  list: Column.tensor([3], "uint8"),
  nested: Column.tensor([3, 2]),
  fixed: Column.tensor([2])
})

/** A table of `Types` as what `types` says of it. */
export const shown = (table: Table.Table<typeof Types>): typeof types => {
  const { values } = table
  const names = (group: Readonly<Record<string, unknown>>) => Object.keys(group) as Array<keyof typeof Types>
  const each = <A>(group: Readonly<Record<string, unknown>>, show: (name: keyof typeof Types) => A) =>
    Object.fromEntries(names(group).map((name) => [name, show(name)]))
  return {
    numbers: each(types.numbers, (name) => [...values[name]]),
    times: each(types.times, (name) => [...values[name]]),
    categories: each(types.categories, (name) => {
      const column: Column.Column = Types[name]
      return Array.from(values[name], (code) => (column.kind === "category" ? column.levels[code] : ""))
    }),
    tensors: each(types.tensors, (name) => [...values[name]])
  }
}

/** What `shown` should be: tensors flat, and rounded to float32. */
export const expected: typeof types = {
  ...types,
  tensors: Object.fromEntries(
    Object.entries(types.tensors).map(([name, rows]) => [
      name,
      (rows as ReadonlyArray<ReadonlyArray<unknown>>).flat(3).map((value) => Math.fround(Number(value)))
    ])
  )
}

/** Fails where a source succeeds. */
export const failure = <C extends Columns.Columns, R>(
  source: Node.Node<Table.Table<C>, Source.SourceError, R>
): Effect.Effect<Source.SourceError, Table.Table<C>, R> => Effect.flip(run(source))

/** The digest of what a source will read. */
export const externalOf = <A, E, R>({ stage }: Node.Node<A, E, R>): Effect.Effect<Digest.Digest, E, R> =>
  (stage.external ?? Effect.die("no digest")) as Effect.Effect<Digest.Digest, E, R> // a stage of any type has unknown errors

/** Damages bytes: some changed, cut out, doubled or cut off. */
export const damage = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> => {
  const place = fc.nat({ max: Math.max(0, bytes.length - 1) })
  const change = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("set" as const), at: place, to: fc.nat({ max: 255 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("cut" as const), at: place, to: fc.nat({ max: 16 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("end" as const), at: place, to: fc.constant(0) }) }
  )
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let made = Uint8Array.from(bytes)
    for (const { at, kind, to } of changes) {
      if (kind === "set" && at < made.length) made[at] = to
      if (kind === "cut") made = Uint8Array.from([...made.subarray(0, at), ...made.subarray(at + to)])
      if (kind === "end") made = made.slice(0, at)
    }
    return made
  })
}
