import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as fc from "fast-check"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import sharp from "sharp"
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
  Jpeg.decode(
    bytes,
    () => true,
    ({ data, height, width }) => [height, width, sha256(data)] as const
  )

const bySharp = (bytes: Uint8Array) =>
  Effect.map(Sharp.decode(bytes, "a.jpg", 1e6), ({ data, height, width }) => [height, width, sha256(data)] as const)

const segment = (bytes: Uint8Array, marker: number): number => {
  let at = 2
  while (bytes[at + 1] !== marker) at += 2 + bytes[at + 2] * 256 + bytes[at + 3]
  return at
}

const changed = (bytes: Uint8Array, at: number, to: number) => Uint8Array.from(bytes).fill(to, at, at + 1)

/** Gives the code of ones, which the tables of encoders leave free, to a symbol that is in no use. */
const withCodeOfOnes = (bytes: Uint8Array): Uint8Array => {
  const at = segment(bytes, 0xc4)
  const lengths = bytes.subarray(at + 5, at + 21)
  const longest = lengths.findLastIndex((count) => count > 0)
  const end = at + 21 + lengths.reduce((sum, count) => sum + count, 0)
  const made = Uint8Array.from([...bytes.subarray(0, end), 0, ...bytes.subarray(end)])
  made[at + 3]++
  made[at + 5 + longest]++
  return made
}

describe("JPEG files of the usual kind", () => {
  it("are decoded to Pillow's bits: sizes, samplings, qualities, restarts, codes of their own", () => {
    for (const fixture of fixtures.usual) {
      assert.deepStrictEqual(decode(bytesOf(fixture)), [fixture.height, fixture.width, fixture.pixels], fixture.name)
    }
  })

  it.effect("are decoded to sharp's bits, whatever they show", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.record({
            height: fc.integer({ min: 1, max: 40 }),
            width: fc.integer({ min: 5, max: 40 }),
            seed: fc.nat(),
            contrast: fc.constantFrom(10, 60, 160),
            quality: fc.integer({ min: 1, max: 95 }),
            chromaSubsampling: fc.constantFrom("4:4:4", "4:2:0")
          }),
          async ({ chromaSubsampling, contrast, height, quality, seed, width }) => {
            const pixels = Uint8Array.from({ length: height * width * 3 }, (_, at) => {
              const [place, channel] = [Math.floor(at / 3), at % 3]
              const [x, y] = [place % width, Math.floor(place / width)]
              return 128 + (contrast / 2) * Math.sin(((seed % 31) * x + (seed % 17) * y + 9 * channel) / 20)
            })
            const image = sharp(pixels, { raw: { height, width, channels: 3 } })
            const bytes = Uint8Array.from(await image.jpeg({ quality, chromaSubsampling }).toBuffer())
            assert.deepStrictEqual(decode(bytes), await Effect.runPromise(bySharp(bytes)))
          }
        ),
        { numRuns: runs }
      )
    )
  )

  it.effect("when damaged are left to sharp, unless sharp too takes them, for the same pixels", () =>
    Effect.gen(function* () {
      let taken = 0
      for (const fixture of fixtures.usual.slice(8, 20)) {
        for (const bytes of fc.sample(damage(bytesOf(fixture)), { numRuns: 20 * runs, seed: 1 })) {
          const found = decode(bytes)
          if (found === undefined || taken >= 10 * runs) continue
          taken++
          assert.deepStrictEqual(found, yield* bySharp(bytes), fixture.name)
        }
      }
      assert.isAbove(taken, runs)
    })
  )
})

describe("JPEG files of other kinds", () => {
  it("are left to sharp", () => {
    for (const fixture of fixtures.unusual) assert.isUndefined(decode(bytesOf(fixture)), fixture.name)
    const file = bytesOf(fixtures.usual[0])
    const [frame, jfif, tables] = [segment(file, 0xc0), segment(file, 0xe0), segment(file, 0xdb)]
    const changes = {
      "of 12 bits": changed(file, frame + 4, 12),
      "with arithmetic codes": changed(file, frame + 1, 0xc9),
      "of an unknown revision": changed(file, jfif + 9, 3),
      "with quantizers of 16 bits": changed(file, tables + 4, 0x10),
      "without height": changed(changed(file, frame + 5, 0), frame + 6, 0),
      "of other samplings": changed(file, frame + 11, 0x41),
      "of a scan of some coefficients": changed(file, segment(file, 0xda) + 12, 62),
      "without an end": file.subarray(0, -2),
      "with a code of ones": withCodeOfOnes(file),
      "with bytes before its end": Uint8Array.from([...file.subarray(0, -2), 0, 0xff, 0xd9]),
      "cut off": file.subarray(0, -20),
      "of nothing": new Uint8Array(0)
    }
    for (const [name, bytes] of Object.entries(changes)) assert.isUndefined(decode(bytes), name)
  })

  it("leave nothing behind for the next file", () => {
    const [first, second] = [bytesOf(fixtures.usual[16]), bytesOf(fixtures.usual[20])]
    const expected = decode(second)
    for (let end = 200; end < first.length; end += 7) {
      decode(Uint8Array.from([...first.subarray(0, end), 0xff, 0xd9]))
      assert.deepStrictEqual(decode(second), expected)
    }
  })
})
