import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as LargeFile from "./fixtures/large_file.ts"
import { npy, zip } from "./sources/arrays.ts"

const program = fileURLToPath(new URL("./fixtures/run_large.ts", import.meta.url))
const reading = fileURLToPath(new URL("./fixtures/read_arrays.ts", import.meta.url))
const streaming = fileURLToPath(new URL("./fixtures/run_stream.ts", import.meta.url))
const splitting = fileURLToPath(new URL("./fixtures/run_split.ts", import.meta.url))

interface Report {
  readonly root: string
  readonly rows: number
  readonly events: number
  /** MiB. */
  readonly peak: number
}

/** Runs the pipeline over a file in a process of its own that keeps no table in memory. */
const run = (file: string, folder: string, ...rest: ReadonlyArray<string>): Report => {
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--expose-gc", program, file, folder, ...rest], {
    encoding: "utf8"
  })
  assert.strictEqual(status, 0, stderr)
  return JSON.parse(stdout) as Report
}

/**
 * What 400,000 more rows of 160 bytes may take, in MiB, after 700,000: by then there is as much garbage as there ever is.
 * Reading them takes up to 41, and a copy of all would be 61 more. Afterwards it is 12 to 69, of which 24 are the train rows
 * packed as float32; a copy of the train rows is 49 more.
 */
const mostGrowth = { reading: 60, after: 90, arrays: 28 }

/** Reads an archive of so many rows; one of its two arrays is packed. */
const readArrays = (path: string, rows: number): Pick<Report, "rows" | "peak"> => {
  const numbers = Float32Array.from({ length: 10 * rows }, (_, place) => place % 1009)
  const array = npy("<f4", [rows, 10], numbers)
  writeFileSync(path, zip({ "x.npy": [array], "y.npy": [array, { packed: true }] }))
  const { status, stderr, stdout } = spawnSync(process.execPath, ["--expose-gc", reading, path], { encoding: "utf8" })
  assert.strictEqual(status, 0, stderr)
  const found = JSON.parse(stdout) as Pick<Report, "rows" | "peak">
  assert.strictEqual(found.rows, rows)
  return found
}

/** Memory that the system is slow to take back only adds: of up to three pairs of runs the first that stays below counts. */
const least = <R extends Pick<Report, "peak">>(
  growth: number,
  measure: (attempt: number) => ReadonlyArray<R>
): ReadonlyArray<R> => {
  for (let attempt = 0; ; attempt++) {
    const [few, many] = measure(attempt)
    if (many.peak - few.peak < growth || attempt === 2) return [few, many]
  }
}

describe("memory", () => {
  it("splits, folds and batches of a table on disk never hold all of its columns; a copy of them shows", () => {
    const rows = 300_000
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ["--expose-gc", "--single-threaded-gc", splitting, `${rows}`],
      {
        encoding: "utf8"
      }
    )
    assert.strictEqual(status, 0, stderr)
    const found = JSON.parse(stdout) as Readonly<Record<"bytes" | "most" | "copied" | "blocks", number>>
    assert.isAbove(found.bytes, 50e6)
    assert.isBelow(found.most, found.bytes / 3)
    assert.isAbove(found.copied, 0.9 * found.bytes)
    assert.isBelow(found.blocks, 24 * rows) // a string for each would be more
  }, 240_000)

  it("of a stream's digest and table on disk does not grow with its rows; all of them in memory show", () => {
    const read = (rows: number, inMemory: number) => {
      const { status, stderr, stdout } = spawnSync(
        process.execPath,
        ["--expose-gc", streaming, `${rows}`, `${inMemory}`],
        { encoding: "utf8" }
      )
      assert.strictEqual(status, 0, stderr)
      return JSON.parse(stdout) as Pick<Report, "events" | "peak" | "rows"> & { readonly digest: string }
    }
    const [few, many, held] = [read(30_000, 1), read(100_000, 1), read(100_000, 2 ** 40)]
    assert.deepStrictEqual([few.rows, many.rows, held.digest], [30_000, 100_000, many.digest])
    assert.isBelow(many.peak - few.peak, 40) // 70,000 rows more are 70 MiB
    assert.isAbove(held.peak - many.peak, 80)
    assert.isAbove(many.events, 40)
  }, 120_000)

  it.live(
    "does not grow with the arrays that are read",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const path = `${yield* files.makeTempDirectoryScoped()}/it.npz`
        const [few, many] = least(mostGrowth.arrays, () => [100_000, 800_000].map((rows) => readArrays(path, rows)))
        assert.isBelow(many.peak - few.peak, mostGrowth.arrays) // 53 more are read
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )

  it.live(
    "grows by the packed rows only where tables lie on disk; a copy of the train rows shows",
    () =>
      Effect.gen(function* () {
        const files = yield* FileSystem.FileSystem
        const folder = yield* files.makeTempDirectoryScoped()
        yield* LargeFile.write(`${folder}/few.parquet`, 700_000)
        yield* LargeFile.write(`${folder}/many.parquet`, 1_100_000)
        const runs = (store: string, ...rest: ReadonlyArray<string>) =>
          ["few", "many"].map((name) => run(`${folder}/${name}.parquet`, `${folder}/${name}${store}`, "1", ...rest))
        const [few, many] = least(mostGrowth.reading, (attempt) => runs(`${attempt}`))
        assert.deepStrictEqual([few.rows, many.rows], [560_000, 880_000])
        assert.isBelow(many.peak - few.peak, mostGrowth.reading)
        assert.isAbove(many.events, 50)

        const [again, manyAgain] = least(mostGrowth.after, () => runs("0")) // the table is in the store
        assert.deepStrictEqual([again.root, manyAgain.root], [few.root, many.root])
        assert.isBelow(manyAgain.peak - again.peak, mostGrowth.after)
        const copied = run(`${folder}/many.parquet`, `${folder}/many0`, "1", "copy")
        assert.isAbove(copied.peak - manyAgain.peak, 60) // it is 134
        assert.deepStrictEqual(yield* files.readDirectory(`${folder}/many0/tmp`), [])
      }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)),
    240_000
  )
})
