import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, write } from "./files.ts"

/** Writes files below a folder that goes away with the test. */
const folderOf = Effect.fnUntraced(function* (files: Readonly<Record<string, string | Uint8Array>>) {
  const fileSystem = yield* FileSystem.FileSystem
  const folder = `${yield* fileSystem.makeTempDirectoryScoped()}/reviews`
  for (const [name, content] of Object.entries(files)) {
    yield* fileSystem.makeDirectory(`${folder}/${name}`.replace(/[^/]*$/, ""), { recursive: true })
    yield* fileSystem.writeFile(`${folder}/${name}`, Buffer.from(content))
  }
  return folder
})

const reviews = { "pos/1.txt": "good\r\n\n", "neg/0.txt": "bad", "pos/0.TXT": "", "neg/10.txt": "é😀\u0000" }

describe("Source.texts", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads files as they are, in the order of their paths, with classes and names", () =>
      Effect.gen(function* () {
        const folder = yield* folderOf(reviews)
        const source = Source.texts(folder, { labels: "folders", file: "path" })
        const table = yield* run(source)
        assert.deepStrictEqual(table.values.path, ["neg/0.txt", "neg/10.txt", "pos/0.TXT", "pos/1.txt"])
        assert.deepStrictEqual(table.values.text, ["bad", "é😀\u0000", "", "good\r\n\n"])
        assert.deepStrictEqual([...table.values.label], [0, 0, 1, 1])
        const there = Source.texts(yield* folderOf(Object.fromEntries(Object.entries(reviews).reverse())), {
          labels: "folders",
          file: "path"
        })
        assert.strictEqual(Table.digest(table), Table.digest(yield* run(there)))
        assert.strictEqual(yield* externalOf(source), yield* externalOf(there))
        const none = yield* run(Source.texts(folder, { labels: "none" }))
        assert.deepStrictEqual(Object.keys(none.columns), ["text"])
      })
    )

    it.effect("reads the encodings it names, takes their marks off, and refuses any other", () =>
      Effect.gen(function* () {
        const text = "café\n"
        const big = Buffer.from(`\uFEFF${text}`, "utf16le").swap16()
        const cases: ReadonlyArray<[NonNullable<Source.TextOptions<"none", never>["encoding"]>, Uint8Array, string]> = [
          ["utf-8", Buffer.from(`\uFEFF${text}`), text],
          ["utf-16le", Buffer.from(`\uFEFF${text}`, "utf16le"), text],
          ["utf-16be", big, text],
          ["latin-1", Buffer.from([0x80, 0xe9]), "\u0080é"],
          ["windows-1252", Buffer.from([0x80, 0xe9]), "€é"]
        ]
        for (const [encoding, bytes, expected] of cases) {
          const folder = yield* folderOf({ "a.txt": bytes })
          const { values } = yield* run(Source.texts(folder, { labels: "none", encoding }))
          assert.deepStrictEqual(values.text, [expected], encoding)
        }
        for (const bytes of [Buffer.from(text, "latin1"), big, Buffer.from([0xed, 0xa0, 0x80])]) {
          const error = yield* failure(Source.texts(yield* folderOf({ "a.txt": bytes }), { labels: "none" }))
          assert.strictEqual(error.problem, "wrong encoding")
          assert.include(error.message, "is not UTF-8")
        }
        const odd = yield* folderOf({ "a.txt": Buffer.from([0x41, 0, 0x42]) })
        assert.strictEqual(
          (yield* failure(Source.texts(odd, { labels: "none", encoding: "utf-16le" }))).problem,
          "wrong encoding"
        )
      })
    )

    it.effect("sets aside what does not decode and what has no level", () =>
      Effect.gen(function* () {
        const folder = yield* folderOf({ ...reviews, "pos/2.txt": Uint8Array.of(0xff), "so/so.txt": "x", "a.md": "x" })
        const labels = Column.category(["neg", "pos"])
        const { quarantine, table } = Source.quarantine(Source.texts(folder, { labels }))
        assert.strictEqual((yield* run(table)).length, 4)
        const left = yield* run(quarantine)
        assert.deepStrictEqual(left.steps, [
          { reason: "wrong format", rows: 1 },
          { reason: "wrong encoding", rows: 1 },
          { reason: "no label", rows: 1 }
        ])
        assert.deepStrictEqual(
          left.setAside.map(({ file }) => file),
          ["a.md", "pos/2.txt", "so/so.txt"]
        )
      })
    )

    it.effect("takes labels from a CSV file, one row for each file", () =>
      Effect.gen(function* () {
        const labels = { columns: Columns.make({ stars: Column.float }), file: "name" }
        const at = Effect.fnUntraced(function* (content: string) {
          const folder = yield* folderOf({ ...reviews, "labels.csv": content })
          return Source.texts(folder, { labels: { ...labels, csv: `${folder}/labels.csv` }, file: "path" })
        })
        const all = "pos/1.txt,5\nneg/0.txt,1\npos/0.TXT,4\nneg/10.txt,2\n"
        const source = yield* at(`name,stars\n${all}`)
        const table = yield* run(source)
        assert.deepStrictEqual([...table.values.stars], [1, 2, 4, 5])
        assert.deepStrictEqual(Object.keys(table.columns), ["text", "stars", "path"])
        const other = yield* at(`name,stars\n${all.replace("5", "3")}`)
        assert.notStrictEqual(yield* externalOf(source), yield* externalOf(other))
        const cases: ReadonlyArray<[string, string]> = [
          [`${all}pos/7.txt,1\n`, 'names "pos/7.txt", which is not in the folder'],
          [`${all}pos/1.txt,1\n`, 'names "pos/1.txt" in two rows'],
          ["pos/1.txt,5\n", "neg/0.txt: has no row in"],
          [all.replace("5", "five"), 'holds "five"']
        ]
        for (const [rows, detail] of cases) {
          assert.include((yield* failure(yield* at(`name,stars\n${rows}`))).message, detail)
        }
        const { quarantine } = Source.quarantine(yield* at("name,stars\npos/1.txt,5\n"))
        assert.deepStrictEqual((yield* run(quarantine)).steps, [{ reason: "no label", rows: 3 }])
      })
    )
  })
})

describe("Source.csv", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads the encodings it names", () =>
      Effect.gen(function* () {
        const columns = { é: Column.text, x: Column.float }
        const content = 'é,x\n"café, 1\n",1\nÿ,2\n'
        const utf8 = Table.digest(yield* run(Source.csv(yield* write(content, "it.csv"), columns)))
        const cases: ReadonlyArray<["utf-16" | "latin-1", Uint8Array]> = [
          ["latin-1", Buffer.from(content, "latin1")],
          ["utf-16", Buffer.from(`\uFEFF${content}`, "utf16le")],
          ["utf-16", Buffer.from(content, "utf16le")],
          ["utf-16", Buffer.from(`\uFEFF${content}`, "utf16le").swap16()]
        ]
        for (const [encoding, bytes] of cases) {
          const source = Source.csv(yield* write(bytes, "it.csv"), columns, { encoding })
          assert.strictEqual(Table.digest(yield* run(source)), utf8, encoding)
        }
      })
    )
  })
})
