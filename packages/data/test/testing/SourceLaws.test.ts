import { NodeFileSystem } from "@effect/platform-node"
import { Node, Stage } from "@watertight/core"
import type { Law } from "@watertight/core/testing"
import { assert, describe, it } from "@effect/vitest"
import { tableToIPC } from "apache-arrow"
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { Column, Columns, RowId, Source, Table } from "../../src/index.ts"
import * as DuckDB from "../../src/internal/sources/duckdb.ts"
import { SourceLaws, Tables } from "../../src/testing/index.ts"

const runs = Math.ceil(Number(process.env.WATERTIGHT_RUNS ?? 50) / 12)

const Trips = Columns.make({
  fare: Column.float,
  zone: Column.category(["a", 'b"', "ı, I"]),
  moment: Column.timestamp,
  note: Column.text
})
type Trips = typeof Trips
type Format = SourceLaws.Format<Trips>

/** Text formats write 0 for -0, and have no line breaks but those they quote. */
const tables = Tables.arbitrary(Trips, { minLength: 1, maxLength: 12 }).map((table) => {
  const values = { ...table.values, fare: table.values.fare.map((value) => value + 0) }
  return { ...table, values, ids: RowId.ofContent(Trips, values, table.length) }
})

const rowsOf = ({ length, values }: Table.Table<Trips>) =>
  Array.from({ length }, (_, row) => ({
    fare: values.fare[row],
    zone: Trips.zone.levels[values.zone[row]],
    moment: new Date(values.moment[row]).toISOString(),
    note: values.note[row]
  }))

const text = (make: (table: Table.Table<Trips>) => string) => (table: Table.Table<Trips>, path: string) =>
  Effect.flatMap(FileSystem.FileSystem, (fileSystem) => fileSystem.writeFileString(path, make(table)))

const quoted = (cell: unknown) => `"${String(cell).replaceAll('"', '""')}"`

const json: Format = {
  name: "JSON",
  file: "it.json",
  write: text((table) => JSON.stringify(rowsOf(table))),
  read: (path) => Source.json(path, Trips)
}
const lines: Format = {
  name: "JSON Lines",
  file: "it.jsonl",
  write: text((table) =>
    rowsOf(table)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join("")
  ),
  read: (path) => Source.json(path, Trips)
}
const csv: Format = {
  name: "CSV",
  file: "it.csv",
  write: text((table) =>
    ["fare,zone,moment,note", ...rowsOf(table).map((row) => Object.values(row).map(quoted).join(","))].join("\n")
  ),
  read: (path) => Source.csv(path, Trips)
}
const arrow: Format = {
  name: "Arrow",
  file: "it.arrow",
  write: (table, path) =>
    Effect.flatMap(FileSystem.FileSystem, (fileSystem) =>
      fileSystem.writeFile(path, tableToIPC(Table.toArrow(table), "file"))
    ),
  read: (path) => Source.arrow(path, Trips)
}
const parquet: Format = {
  name: "Parquet",
  file: "it.parquet",
  write: (table, path) =>
    Effect.gen(function* () {
      const connection = yield* DuckDB.connect
      yield* connection.rows("CREATE TABLE main.t (fare DOUBLE, zone VARCHAR, moment VARCHAR, note VARCHAR)")
      const rows = rowsOf(table).map((row) => Object.values(row))
      yield* connection.fill("main", "t", ["DOUBLE", "VARCHAR", "VARCHAR", "VARCHAR"], rows.values())
      yield* connection.rows(`COPY t TO ${DuckDB.text(path)} (FORMAT parquet)`)
    }).pipe(Effect.scoped),
  read: (path) => Source.parquet(path, Trips)
}

const check = (laws: ReadonlyArray<Law.Law>, share = 1) =>
  Effect.gen(function* () {
    for (const law of laws) yield* law.check({ runs: Math.ceil(runs * share), seed: 1 })
  })

const fails = (law: Law.Law) =>
  Effect.gen(function* () {
    const violation = yield* Effect.flip(law.check({ runs: 30, seed: 1 }))
    assert.strictEqual(violation.law, law.name)
  })

/** A source whose tables are changed once they are read. */
const broken = (
  format: Format,
  change: (table: Table.Table<Trips>) => Effect.Effect<Table.Table<Trips>, unknown>
): Format => ({
  ...format,
  read: (path) => {
    const source = format.read(path)
    const run = () => Effect.flatMap(source.stage.run({} as never, {} as never) as ReturnType<typeof change>, change)
    return Node.make(Stage.make({ ...source.stage, run, codec: Table.codec<Trips>() } as never), {}) as typeof source
  }
})

const without = (table: Table.Table<Trips>, values: Partial<Table.Table<Trips>["values"]>) =>
  Table.make(Trips, { ...table.values, ...values }, { length: table.length })

describe("SourceLaws", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    const files = Effect.service(FileSystem.FileSystem)
    for (const format of [csv, json, lines, arrow, parquet]) {
      it.effect(`${format.name} is read as it was written, by its content, and changes nothing`, () =>
        Effect.flatMap(files, (fileSystem) => check(SourceLaws.all({ format, tables, fileSystem })))
      )
    }

    it.effect("all formats give the same table", () =>
      Effect.flatMap(files, (fileSystem) =>
        check(
          [json, lines, arrow, parquet].map((other) =>
            SourceLaws.agreement({ format: csv, other, tables, fileSystem })
          ),
          0.4
        )
      )
    )

    it.effect("rows of a folder come in the order of paths", () =>
      Effect.flatMap(files, (fileSystem) =>
        check(
          [json, parquet].map((format) => SourceLaws.order({ format, tables, fileSystem })),
          0.4
        )
      )
    )

    it.effect("fail for sources that lose, round, reorder or write", () =>
      Effect.gen(function* () {
        const fileSystem = yield* files
        const [table] = fc.sample(
          tables.filter(({ length, values }) => length > 5 && values.fare.some((x) => x !== Math.fround(x))),
          { numRuns: 1, seed: 1 }
        )
        const of = (format: Format) => ({
          format,
          tables: fc.constantFrom(table, Table.take(table, Uint32Array.of(0))),
          fileSystem
        })
        const lost = broken(json, (table) =>
          Effect.succeed(
            Table.take(
              table,
              Uint32Array.from({ length: Math.min(table.length, 3) }, (_, row) => row)
            )
          )
        )
        yield* fails(SourceLaws.identity(of(lost)))
        const rounded = broken(arrow, (table) => without(table, { fare: table.values.fare.map(Math.fround) }))
        yield* fails(SourceLaws.agreement({ ...of(rounded), other: arrow }))
        const writing: Format = {
          ...arrow,
          read: (path) => {
            const source = arrow.read(path)
            const external = Effect.tap(source.stage.external ?? Effect.void, () =>
              fileSystem.writeFileString(`${path}.seen`, "")
            )
            return Node.make({ ...source.stage, external } as never, {}) as typeof source
          }
        }
        yield* fails(SourceLaws.purity(of(writing)))
        const unversioned: Format = {
          ...arrow,
          read: (path) => {
            const source = arrow.read(path)
            return Node.make({ ...source.stage, external: Effect.succeed("same") } as never, {}) as typeof source
          }
        }
        yield* fails(SourceLaws.versioned(of(unversioned)))
        const turned = broken(json, (table) =>
          Effect.succeed(
            Table.take(
              table,
              Uint32Array.from({ length: table.length }, (_, row) => table.length - 1 - row)
            )
          )
        )
        yield* fails(SourceLaws.order(of(turned)))
      })
    )
  })
})
