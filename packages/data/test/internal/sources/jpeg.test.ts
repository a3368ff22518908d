import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import sharp, { type Sharp as Picture } from "sharp"
import * as Jpeg from "../../../src/internal/sources/jpeg.ts"
import * as Sharp from "../../../src/internal/sources/sharp.ts"
import { damage, runs } from "../../sources/files.ts"

interface Fixture {
  readonly name: string
  readonly height: number
  readonly width: number
  readonly pixels: string
  readonly file: string
}

const fixtures: { readonly usual: ReadonlyArray<Fixture>; readonly unusual: ReadonlyArray<Fixture> } = JSON.parse(
  readFileSync(new URL("../../fixtures/jpeg_fixtures.json", import.meta.url), "utf8")
)

const bytesOf = ({ file }: Fixture) => Uint8Array.from(Buffer.from(file, "base64"))
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")

/** An image as its height, its width and the digest of its pixels; undefined for one that is left to sharp. */
const decode = (bytes: Uint8Array) =>
  Effect.map(
    Effect.promise(() => Jpeg.decode(bytes, () => true)),
    (image) => image && ([image.height, image.width, sha256(image.data)] as const)
  )

const bySharp = (bytes: Uint8Array) =>
  Effect.map(Sharp.decode(bytes, "a.jpg", 1e6), ({ data, height, width }) => [height, width, sha256(data)] as const)

/** Nothing but what sharp gives may ever come out. */
const sharpAgrees = Effect.fnUntraced(function* (bytes: Uint8Array, name: string) {
  const found = yield* decode(bytes)
  if (found !== undefined) assert.deepStrictEqual(found, yield* bySharp(bytes), name)
  return found !== undefined
})

const segment = (bytes: Uint8Array, marker: number): number => {
  let at = 2
  while (bytes[at + 1] !== marker) at += 2 + bytes[at + 2] * 256 + bytes[at + 3]
  return at
}

const changed = (bytes: Uint8Array, at: number, to: number) => Uint8Array.from(bytes).fill(to, at, at + 1)

describe("small JPEG files of the usual kind", () => {
  it.effect("are decoded to Pillow's bits: sizes, samplings, qualities, restarts, codes of their own", () =>
    Effect.gen(function* () {
      for (const fixture of fixtures.usual) {
        const { height, name, pixels, width } = fixture
        assert.deepStrictEqual(yield* decode(bytesOf(fixture)), [height, width, pixels], name)
      }
    })
  )

  it.effect("are decoded to sharp's bits, whatever they show", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.record({
            height: fc.integer({ min: 1, max: 40 }),
            width: fc.integer({ min: 1, max: 40 }),
            seed: fc.nat(),
            contrast: fc.constantFrom(10, 60, 160),
            quality: fc.integer({ min: 1, max: 95 }),
            progressive: fc.boolean(),
            chromaSubsampling: fc.constantFrom("4:4:4", "4:2:0")
          }),
          async ({ contrast, height, seed, width, ...options }) => {
            const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) => {
              const [place, channel] = [Math.floor(at / 3), at % 3]
              const [x, y] = [place % width, Math.floor(place / width)]
              return 128 + (contrast / 2) * Math.sin(((seed % 31) * x + (seed % 17) * y + 9 * channel) / 20)
            })
            const image = sharp(pixels, { raw: { height, width, channels: 3 } })
            const bytes = Uint8Array.from(await image.jpeg(options).toBuffer())
            assert.isTrue(await Effect.runPromise(sharpAgrees(bytes, "made")))
          }
        ),
        { numRuns: runs }
      )
    )
  )

  it.effect("when damaged are left to sharp, or come out the same every time", () =>
    Effect.gen(function* () {
      let [tried, taken] = [0, 0]
      for (const fixture of fixtures.usual.slice(8, 20)) {
        yield* Effect.promise(() =>
          fc.assert(
            fc.asyncProperty(damage(bytesOf(fixture)), async (bytes) => {
              const found = await Effect.runPromise(decode(bytes))
              assert.deepStrictEqual(await Effect.runPromise(decode(bytes)), found, fixture.name)
              tried++
              if (found !== undefined) taken++
            }),
            { numRuns: 2 * runs }
          )
        )
        const file = bytesOf(fixture)
        for (let end = 0; end < file.length - 1; end += 5) assert.isUndefined(yield* decode(file.subarray(0, end)))
      }
      assert.isAbove(taken, tried / 24)
    })
  )
})

describe("other JPEG files", () => {
  it.effect("are left to sharp, or come out as from sharp", () =>
    Effect.gen(function* () {
      for (const fixture of fixtures.unusual) yield* sharpAgrees(bytesOf(fixture), fixture.name)
      const file = bytesOf(fixtures.usual[0])
      const [frame, tables] = [segment(file, 0xc0), segment(file, 0xdb)]
      const changes = {
        "of 12 bits": changed(file, frame + 4, 12),
        "with arithmetic codes": changed(file, frame + 1, 0xc9),
        "with quantizers of 16 bits": changed(file, tables + 4, 0x10),
        "without height": changed(changed(file, frame + 5, 0), frame + 6, 0),
        "without an end": file.subarray(0, -2),
        "cut off": file.subarray(0, -20),
        "of nothing": new Uint8Array(0)
      }
      for (const [name, bytes] of Object.entries(changes)) assert.isUndefined(yield* decode(bytes), name)
    })
  )

  it.effect("that are turned by EXIF, in CMYK, or large, are left to sharp", () =>
    Effect.gen(function* () {
      const gray = { width: 300, height: 300, channels: 3, background: "gray" } as const
      const made = (make: (image: Picture) => Picture) =>
        Effect.map(
          Effect.promise(() =>
            make(sharp({ create: gray }))
              .jpeg()
              .toBuffer()
          ),
          (bytes) => Uint8Array.from(bytes)
        )
      const small = (image: Picture) => image.resize(20, 10)
      assert.isDefined(yield* decode(yield* made(small)))
      assert.isUndefined(yield* decode(yield* made((image) => small(image).withMetadata({ orientation: 6 }))))
      assert.isUndefined(yield* decode(yield* made((image) => small(image).toColourspace("cmyk"))))
      assert.isUndefined(yield* decode(yield* made((image) => image)))
    })
  )

  it.effect("leave nothing behind for the next file", () =>
    Effect.gen(function* () {
      const [first, second] = [bytesOf(fixtures.usual[16]), bytesOf(fixtures.usual[20])]
      const expected = yield* decode(second)
      assert.isDefined(expected)
      for (let end = 20; end < first.length; end += 17) {
        yield* decode(Uint8Array.from([...first.subarray(0, end), 0xff, 0xd9]))
        assert.deepStrictEqual(yield* decode(second), expected)
      }
    })
  )

  it.effect("that come at the same time are decoded as one after the other", () =>
    Effect.gen(function* () {
      const whole = bytesOf(fixtures.usual[16])
      const files = Array.from({ length: 40 }, (_, place) => (place % 2 === 0 ? whole : whole.subarray(0, -2 * place)))
      const alone = yield* Effect.forEach(files, decode)
      assert.isAbove(new Set(alone.map(String)).size, 1)
      assert.deepStrictEqual(yield* Effect.forEach(files, decode, { concurrency: "unbounded" }), alone)
    })
  )
})
