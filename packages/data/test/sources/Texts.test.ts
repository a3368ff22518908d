import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Column, Columns, Source, Table } from "@watertight/data"
import { Effect, FileSystem } from "effect"
import * as Ipc from "../../src/internal/arrowIpc.ts"
import { run } from "../run.ts"
import { copy, failure } from "./files.ts"

const Letters = Columns.make({ subject: Column.text, stars: Column.float })
const rows = [
  { subject: "", stars: 1 },
  { subject: 'She said "no", twice\nand left 🚢', stars: 2 },
  { subject: "été, übrigens", stars: 3 }
]

describe("columns of texts", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("are the same table from every format", () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const folder = yield* files.makeTempDirectoryScoped()
        const expected = yield* run(Source.rows(rows, Letters))
        const lines = rows.map((row) => JSON.stringify(row)).join("\n")
        yield* files.writeFileString(`${folder}/it.jsonl`, lines)
        const quoted = rows.map(({ stars, subject }) => `"${subject.replaceAll('"', '""')}",${stars}`)
        yield* files.writeFileString(`${folder}/it.csv`, ["subject,stars", ...quoted].join("\n"))
        yield* copy(`FROM read_json('${folder}/it.jsonl')`, `${folder}/it.parquet`)
        yield* files.writeFile(`${folder}/it.arrow`, Ipc.encode(expected))
        const read = yield* Effect.all([
          run(Source.json(`${folder}/it.jsonl`, Letters)),
          run(Source.csv(`${folder}/it.csv`, Letters)),
          run(Source.parquet(`${folder}/it.parquet`, Letters)),
          run(Source.arrow(`${folder}/it.arrow`, Letters)),
          run(Source.sql("SELECT * FROM t", Letters, { files: { t: `${folder}/it.parquet` } }))
        ])
        assert.deepStrictEqual(
          expected.values.subject,
          rows.map(({ subject }) => subject)
        )
        for (const table of read) assert.strictEqual(Table.digest(table), Table.digest(expected))
      })
    )

    it.effect("take no numbers and nothing missing", () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const path = `${yield* files.makeTempDirectoryScoped()}/it.jsonl`
        const refusal = (subject: string) =>
          Effect.andThen(
            files.writeFileString(path, `{"subject": ${subject}, "stars": 1}`),
            Effect.map(failure(Source.json(path, Letters)), (error) => error.message)
          )
        assert.include(yield* refusal("5"), 'column "subject" holds "5", which is not a text')
        assert.include(yield* refusal("null"), 'column "subject" has no value')
        const bad = yield* failure(Source.rows([{ subject: "half a ship \ud83d", stars: 1 }], Letters))
        assert.include(bad.message, "which is not a text")
      })
    )
  })
})
