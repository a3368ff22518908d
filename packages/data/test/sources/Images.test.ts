import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as fc from "fast-check"
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { deflateSync } from "node:zlib"
import type * as Resample from "../../src/internal/sources/resize.ts"
import * as Sharp from "../../src/internal/sources/sharp.ts"
import { Column, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { damage, externalOf, failure, fixture, runs } from "./files.ts"

const images = fileURLToPath(fixture("images"))
const bytesOf = (name: string) => Uint8Array.from(readFileSync(`${images}/${name}`))
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

type Sized = readonly [height: number, width: number, digest: string]

/** What Pillow makes of the images. */
const expected: {
  readonly decoded: Readonly<Record<string, Sized>>
  readonly turned: Readonly<Record<string, Sized>>
  readonly grey: Readonly<Record<string, string>>
  readonly stretch: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly crop: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly glass: string
} = JSON.parse(readFileSync(`${images}/expected.json`, "utf8"))

const good = Object.keys(expected.decoded)
const decode = (name: string) => Sharp.decode(bytesOf(name), name, 1e8)
const opaque = ({ channels, data }: Resample.Pixels) =>
  channels === 4 ? data.filter((_, at) => at % 4 !== 3) : Uint8Array.from(data)

/** Writes files below a folder that goes away with the test. */
const folderOf = Effect.fnUntraced(function* (files: Readonly<Record<string, Uint8Array>>) {
  const fileSystem = yield* FileSystem.FileSystem
  const folder = `${yield* fileSystem.makeTempDirectoryScoped()}/photos`
  for (const [name, bytes] of Object.entries(files)) {
    yield* fileSystem.makeDirectory(`${folder}/${name}`.replace(/[^/]*$/, ""), { recursive: true })
    yield* fileSystem.writeFile(`${folder}/${name}`, bytes)
  }
  return folder
})

const row = (table: Table.Table, at: number) => {
  const pixels = Table.numbers(table, "image")
  const size = pixels.length / table.length
  return Uint8Array.from(pixels.subarray(at * size, (at + 1) * size))
}

const pets = {
  "cat/b.png": bytesOf("good/colour.png"),
  "dog/a.jpg": bytesOf("good/420.jpg"),
  "cat/a.webp": bytesOf("good/lossless.webp")
}
const photo = { height: 39, width: 52, channels: 3 } as const

describe("Source.images", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("decodes PNG, JPEG and WebP to Pillow's bits", () =>
      Effect.gen(function* () {
        for (const name of good) {
          const image = yield* decode(`good/${name}`)
          assert.deepStrictEqual([image.height, image.width, sha256(opaque(image))], [...expected.decoded[name]], name)
        }
        for (const [name, sized] of Object.entries(expected.turned)) {
          const image = yield* decode(`turned/${name}`)
          assert.deepStrictEqual([image.height, image.width, sha256(image.data)], [...sized], name)
        }
      })
    )

    it.effect("resizes and crops to Pillow's bits, colour to grey too", () =>
      Effect.gen(function* () {
        const sizes = Object.keys(expected.stretch)
        for (const fit of ["stretch", "crop"] as const) {
          for (const size of sizes) {
            const [height, width] = size.split("x").map(Number)
            const source = Source.images(`${images}/good`, { height, width, channels: 3, labels: "none", fit })
            const table = yield* run(source)
            assert.strictEqual(table.length, good.length)
            const found = good.map((name, at) => [name, sha256(row(table, at))])
            assert.deepStrictEqual(Object.fromEntries(found), expected[fit][size])
          }
        }
        const grey = yield* run(
          Source.images(yield* folderOf({ "colour.png": bytesOf("good/colour.png") }), {
            ...photo,
            channels: 1,
            labels: "none"
          })
        )
        assert.strictEqual(sha256(row(grey, 0)), expected.grey["colour.png"])
        const glass = yield* run(
          Source.images(yield* folderOf({ "glass.png": bytesOf("refused/glass.png") }), {
            ...photo,
            channels: 4,
            labels: "none"
          })
        )
        assert.strictEqual(sha256(row(glass, 0)), expected.glass)
      })
    )

    it.effect("takes classes from folders, declared or listed, in the order of code points", () =>
      Effect.gen(function* () {
        const folder = yield* folderOf({ ...pets, ".DS_Store": Uint8Array.of(1), ".thumbs/x.png": Uint8Array.of(1) })
        const declared = yield* run(Source.images(folder, { ...photo, labels: Column.category(["dog", "cat"]) }))
        assert.deepStrictEqual([...declared.values.label], [1, 1, 0])
        const listed = yield* run(Source.images(folder, { ...photo, labels: "folders" }))
        assert.deepStrictEqual(listed.columns.label.levels, ["cat", "dog"])
        assert.deepStrictEqual([...listed.values.label], [0, 0, 1])
        assert.strictEqual(sha256(row(listed, 1)), expected.decoded["colour.png"][2])
        const letters = yield* folderOf(
          Object.fromEntries(
            ["z", "ı", "I", "i", "\u{1F600}", "\uFFFD", "10", "9"].map((name) => [`${name}/1.png`, pets["cat/b.png"]])
          )
        )
        const ordered = yield* run(Source.images(letters, { ...photo, labels: "folders" }))
        assert.deepStrictEqual(ordered.columns.label.levels, ["10", "9", "I", "i", "z", "ı", "\uFFFD", "\u{1F600}"])
      })
    )

    it.effect("gives the same bits for any number of images at a time", () =>
      Effect.gen(function* () {
        const digests: Array<string> = []
        for (const concurrency of [1, 3, 64]) {
          const source = Source.images(`${images}/good`, {
            height: 20,
            width: 20,
            channels: 3,
            labels: "none",
            fit: "crop",
            concurrency
          })
          digests.push(Table.digest(yield* run(source)))
        }
        assert.strictEqual(new Set(digests).size, 1)
      })
    )

    it.effect("names the first bad file in the order of paths, among hundreds, however many are read at a time", () =>
      Effect.gen(function* () {
        const [tiny, short] = [bytesOf("good/tiny.png"), bytesOf("refused/short.png")]
        const isBad = (index: number) => index === 290 || index === 299
        const files = Array.from(
          { length: 300 },
          (_, index) => [`${1000 + index}.png`, isBad(index) ? short : tiny] as const
        )
        const folder = yield* folderOf(Object.fromEntries(files))
        const options = { height: 5, width: 8, channels: 3, labels: "none" } as const
        const source = Source.images(folder, { ...options, concurrency: 16 })
        assert.include((yield* failure(source)).file, "1290.png")
        const left = yield* run(Source.quarantine(source).quarantine)
        assert.deepStrictEqual([left.kept, left.setAside.map(({ row }) => row)], [298, [291, 300]])
      })
    )

    it.effect("reads hundreds of JPEG files in threads as it reads a few, and leaves to sharp what is unusual", () =>
      Effect.gen(function* () {
        const names = ["good/420.jpg", "good/444.jpeg", "good/grey.jpg", "good/progressive.jpg", "turned/1.jpg"]
        const all = Array.from({ length: 200 }, (_, index) => names[index % names.length])
        const bad = { "7.jpg": bytesOf("refused/cmyk.jpg"), "8.jpg": bytesOf("refused/short.jpg") }
        const good = all.map((name, index) => [`cat/${1000 + index}.jpg`, bytesOf(name)] as const)
        const folder = yield* folderOf({ ...Object.fromEntries(good), ...bad, "cow/1.jpg": bytesOf(names[0]) })
        const source = Source.images(folder, { ...photo, labels: Column.category(["cat"]) })
        const { quarantine, table } = Source.quarantine(source)
        const pixels = yield* run(table)
        const digests = { ...expected.decoded, ...expected.turned }
        for (const [at, name] of all.entries()) {
          assert.strictEqual(sha256(row(pixels, at)), digests[name.replace(/.*\//, "")][2], name)
        }
        const left = (yield* run(quarantine)).setAside.map(({ file }) => file)
        assert.deepStrictEqual(left, ["7.jpg", "8.jpg", "cow/1.jpg"])
        assert.strictEqual((yield* failure(source)).problem, "bad value")
      })
    )

    it.effect("has a digest of what the folder holds, wherever it lies and in whatever order it was written", () =>
      Effect.gen(function* () {
        const [here, there] = [
          yield* folderOf(pets),
          yield* folderOf(Object.fromEntries(Object.entries(pets).reverse()))
        ]
        const source = (folder: string) => Source.images(folder, { ...photo, labels: "folders" })
        assert.deepStrictEqual(source(here).stage.params, source(there).stage.params)
        assert.strictEqual(yield* externalOf(source(here)), yield* externalOf(source(there)))
        assert.strictEqual(Table.digest(yield* run(source(here))), Table.digest(yield* run(source(there))))
        const moved = yield* folderOf({ ...pets, "dog/a.jpg": pets["cat/b.png"] })
        assert.notStrictEqual(yield* externalOf(source(here)), yield* externalOf(source(moved)))
        const { "cat/b.png": b, ...rest } = pets
        const renamed = yield* folderOf({ ...rest, "dog/b.png": b })
        assert.notStrictEqual(yield* externalOf(source(here)), yield* externalOf(source(renamed)))
      })
    )

    it.effect("names a file that is no such image, and sets it aside when asked", () =>
      Effect.gen(function* () {
        const cases: ReadonlyArray<[string, Source.Problem, string]> = [
          ["cmyk.jpg", "not supported", "CMYK"],
          ["deep.png", "not supported", "16 bits"],
          ["drawing.png", "wrong format", "no PNG, JPEG or WebP"],
          ["empty.png", "empty file", "is empty"],
          ["glass.png", "not supported", "transparent pixels"],
          ["jpeg.png", "wrong format", "is a JPEG image by its bytes"],
          ["moving.png", "not supported", "animated"],
          ["moving.webp", "not supported", "animated"],
          ["picture.gif", "wrong format", "is named none of"],
          ["short.jpg", "truncated", "cannot be decoded"],
          ["short.png", "truncated", "cannot be decoded"],
          ["short.webp", "wrong format", "cannot be decoded"]
        ]
        const all = Object.fromEntries(cases.map(([name]) => [name, bytesOf(`refused/${name}`)]))
        for (const [name, problem, detail] of cases) {
          const folder = yield* folderOf({ [name]: all[name] })
          const error = yield* failure(Source.images(folder, { ...photo, labels: "none" }))
          assert.strictEqual(error.problem, problem, error.message)
          assert.include(error.message, detail)
          assert.include(error.file, name)
        }
        const folder = yield* folderOf({
          ...all,
          "colour.png": pets["cat/b.png"],
          "tiny.png": bytesOf("good/tiny.png")
        })
        const { quarantine, table } = Source.quarantine(Source.images(folder, { ...photo, labels: "none" }))
        assert.strictEqual(sha256(row(yield* run(table), 0)), expected.decoded["colour.png"][2])
        const left = yield* run(quarantine)
        assert.deepStrictEqual([left.rows, left.kept], [14, 1])
        assert.deepStrictEqual(
          left.setAside.map(({ file }) => file),
          [...cases.map(([name]) => name), "tiny.png"]
        )
        assert.strictEqual(
          left.steps.reduce((sum, { rows }) => sum + rows, 0),
          13
        )
        assert.deepStrictEqual(
          left.setAside.map(({ row }) => row),
          [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]
        )
      })
    )

    it.effect(
      "refuses an image in no folder that is a level, other sizes, folders that are none, and odd options",
      () =>
        Effect.gen(function* () {
          const folder = yield* folderOf({ ...pets, "top.png": pets["cat/b.png"] })
          const onlyDogs = yield* failure(Source.images(folder, { ...photo, labels: Column.category(["dog"]) }))
          assert.deepStrictEqual([onlyDogs.problem, onlyDogs.column, onlyDogs.value], ["bad value", "label", "cat"])
          const atTop = yield* failure(Source.images(folder, { ...photo, labels: "folders" }))
          assert.include(atTop.message, "lies in no folder")
          const other = yield* failure(Source.images(folder, { ...photo, height: 40, labels: "none" }))
          assert.include(other.message, "has 39 x 52 pixels (height x width), not 40 x 52")
          assert.strictEqual(
            (yield* failure(Source.images(`${folder}/top.png`, { ...photo, labels: "none" }))).problem,
            "not a folder"
          )
          assert.strictEqual(
            (yield* failure(Source.images(`${folder}/no`, { ...photo, labels: "none" }))).problem,
            "missing file"
          )
          assert.strictEqual(
            (yield* failure(Source.images(yield* folderOf({ "a/.x": Uint8Array.of(1) }), { ...photo, labels: "none" })))
              .problem,
            "missing file"
          )
          assert.strictEqual(
            (yield* failure(Source.images(folder, { ...photo, height: 0, labels: "none" }))).problem,
            "bad option"
          )
          assert.strictEqual(
            (yield* failure(Source.images(folder, { ...photo, channels: 4, fit: "crop", labels: "none" }))).problem,
            "bad option"
          )
          const { table } = Source.quarantine(Source.images(folder, { ...photo, labels: "folders" }), { atMost: 0.2 })
          assert.include((yield* failure(table)).message, "would lose 1 of 4 rows (1: no label)")
        })
    )

    it.effect("follows no link out of the folder and no folder named as an image", () =>
      Effect.gen(function* () {
        const fileSystem = yield* FileSystem.FileSystem
        const outside = yield* folderOf({ "secret.png": pets["cat/b.png"], "in/deep.png": pets["cat/b.png"] })
        const folder = yield* folderOf({ "a.png": pets["cat/b.png"], "sub/h.png": pets["cat/b.png"] })
        yield* fileSystem.symlink(`${outside}/secret.png`, `${folder}/b.png`)
        yield* fileSystem.symlink(`${outside}/in`, `${folder}/c`)
        yield* fileSystem.symlink(`${folder}/nothing.png`, `${folder}/d.png`)
        yield* fileSystem.symlink(`${folder}/sub`, `${folder}/e`)
        yield* fileSystem.makeDirectory(`${folder}/f.png`)
        yield* fileSystem.symlink(`${folder}/a.png`, `${folder}/g.png`)
        const { quarantine, table } = Source.quarantine(Source.images(folder, { ...photo, labels: "none" }))
        assert.strictEqual((yield* run(table)).length, 3)
        assert.deepStrictEqual(
          (yield* run(quarantine)).setAside.map(({ file, reason }) => [file, reason]),
          [
            ["b.png", "is a link out of the folder"],
            ["c", "is a link out of the folder"],
            ["d.png", "does not exist"],
            ["e", "is a link to a folder"],
            ["f.png", "is a folder, named as a file is"]
          ]
        )
      })
    )

    it.effect("refuses a decompression bomb by its header, before any pixel is decoded", () =>
      Effect.gen(function* () {
        const folder = yield* folderOf({ "bomb.png": png(60_000, 60_000, deflateSync(new Uint8Array(1 << 20))) })
        const error = yield* failure(Source.images(folder, { ...photo, labels: "none", fit: "crop" }))
        assert.strictEqual(error.problem, "too large")
        assert.include(error.message, "60000 x 60000 pixels, more than 100000000")
        const small = yield* failure(
          Source.images(yield* folderOf({ "a.png": pets["cat/b.png"] }), {
            ...photo,
            labels: "none",
            maximumPixels: 2027
          })
        )
        assert.strictEqual(small.problem, "too large")
      })
    )
  })
})

/** A PNG of grey pixels whose header says what it likes. */
const png = (width: number, height: number, data: Uint8Array): Uint8Array => {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 0, 0, 0, 0], 8)
  const chunks = [
    ["IHDR", header],
    ["IDAT", data],
    ["IEND", new Uint8Array(0)]
  ] as const
  return Buffer.concat([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10),
    ...chunks.map(([name, body]) => chunk(name, body))
  ])
}

const chunk = (name: string, body: Uint8Array): Uint8Array => {
  const out = Buffer.alloc(12 + body.length)
  out.writeUInt32BE(body.length, 0)
  out.write(name, 4, "latin1")
  out.set(body, 8)
  out.writeUInt32BE(crc32(out.subarray(4, 8 + body.length)), 8 + body.length)
  return out
}

const crc32 = (bytes: Uint8Array): number => {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}

describe("import of @watertight/data", () => {
  it("loads no decoder and no SQLite: they wait for the first image, the first database", () => {
    const program = `await import("@watertight/data")
      const seen = Object.keys(process.report.getReport().sharedObjects).map((at) => process.report.getReport().sharedObjects[at])
      console.log(JSON.stringify({ vips: seen.some((each) => /vips|sharp/.test(each)), duckdb: seen.some((each) => /duckdb/.test(each)), sqlite: process.moduleLoadList.some((each) => /sqlite/.test(each)) }))`
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" })
    assert.deepStrictEqual(JSON.parse(stdout), { vips: false, duckdb: true, sqlite: false })
  })
})

describe("images that are damaged", () => {
  for (const name of readdirSync(`${images}/good`).filter((each) => !/grey|tiny|444/.test(each))) {
    const bytes = bytesOf(`good/${name}`)
    it.effect(`${name}: a typed error, or an image; a PNG is never another image`, () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(damage(bytes), async (made) => {
            const image = await Effect.runPromise(Effect.result(Sharp.decode(made, name, 1e6)))
            if (image._tag === "Failure") return assert.instanceOf(image.failure, Sharp.ImageError)
            const { channels, data, height, width } = image.success
            assert.strictEqual(data.length, channels * height * width)
            const sized = [height, width, sha256(opaque(image.success))]
            if (/png/i.test(name)) assert.deepStrictEqual(sized, [...expected.decoded[name]])
          }),
          { numRuns: runs }
        )
      )
    )
  }
})
