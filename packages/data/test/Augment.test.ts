import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Augment, type Columns, Dataset, Loader, Sampler } from "../src/index.ts"
import { darken } from "./fixtures/darken.ts"
import {
  type columns,
  length,
  type Names,
  table,
  type train,
  describes,
  seed,
  read,
  rowsOf,
  isSame
} from "./augment/rows.ts"

describe("Augment with a loader", () => {
  const flip = describes.pipe(Augment.flipHorizontal("image", { labelsSurvive: true }))
  const options = { features: ["image"], target: "side", batchSize: 10, key: seed, prefetch: 0 } as const

  it.effect("D51 validation rows and rows in order are refused, when types are cast away", () =>
    Effect.gen(function* () {
      const validation = Dataset.make(table, undefined, "validation") as unknown as typeof train
      const refused = yield* Effect.flip(Effect.scoped(Loader.make(validation, { ...options, augment: flip })))
      assert.match(refused.message, /only train rows are augmented; these are validation rows/)
      const ordered = { ...options, augment: flip as never }
      assert.match((yield* Effect.flip(Loader.sequential(table, ordered))).message, /read for evaluation, as they are/)
    })
  )

  it.effect("D52 an operation's draws stay as they are when others come before it", () =>
    Effect.gen(function* () {
      const crop = Augment.crop("image", { padding: 1 })
      const { features: alone } = yield* read(["image", "photo"], describes.pipe(crop))
      const { features: after } = yield* read(
        ["image", "photo"],
        describes.pipe(Augment.flipVertical("photo", { labelsSurvive: true }), crop)
      )
      rowsOf(alone).forEach((row, at) => assert.deepStrictEqual(row.slice(0, 24), rowsOf(after)[at].slice(0, 24)))
    })
  )

  it.effect("D52 copies of a row are changed each in its own way, the first as the row alone", () =>
    Effect.gen(function* () {
      const augment = describes.pipe(Augment.rotate("image"))
      const rowsAt = (places: ReadonlyArray<number>) =>
        Effect.gen(function* () {
          const some = Dataset.make(table, Uint32Array.from(places), "train")
          const loader = yield* Loader.make(some, {
            ...options,
            batchSize: places.length,
            sampler: Sampler.sequential,
            augment
          })
          const { features } = yield* loader.read(Loader.start)
          return places.map((_, row) => [...features.subarray(24 * row, 24 * (row + 1))])
        })
      const [alone, other] = yield* rowsAt([4, 9])
      const copies = yield* rowsAt([9, 4, 4, 9, 4])
      assert.deepStrictEqual([copies[0], copies[1]], [other, alone])
      assert.strictEqual(new Set(copies.map(String)).size, 5)
      assert.deepStrictEqual(yield* rowsAt([9, 4, 4, 9, 4]), copies)
    })
  )

  const refuses = (
    what: string,
    augment: Augment.Augment<typeof columns>,
    features: ReadonlyArray<Names>,
    reason: RegExp
  ) =>
    it.effect(`refuses ${what}`, () =>
      Effect.map(Effect.flip(read(features, augment)), (error) => assert.match(error.message, reason))
    )
  const wide = describes as unknown as Augment.Augment<Columns.Columns>
  const cast = (augment: Augment.Augment<Columns.Columns>) => augment as unknown as typeof describes
  refuses(
    "a column that is no feature",
    flip,
    ["photo"],
    /"image" cannot be augmented by flipHorizontal: it is not among the features photo/
  )
  refuses(
    "a signal where an image should be",
    cast(wide.pipe(Augment.rotate("dose"))),
    ["dose"],
    /an image is a tensor of .*; this is a float/
  )
  refuses(
    "an image where a signal should be",
    cast(wide.pipe(Augment.scale("photo"))),
    ["photo"],
    /this is a tensor of \[4, 4, 3\]/
  )
  refuses(
    "saturation of grey",
    describes.pipe(Augment.colourJitter("image", { saturation: 0.1 })),
    ["image"],
    /it is grey/
  )
  refuses(
    "a crop that may leave nothing",
    describes.pipe(Augment.crop("image")),
    ["image"],
    /a padding of 4 can leave nothing/
  )
  refuses(
    "a rectangle larger than the image",
    describes.pipe(Augment.cutout("image", { size: 5 })),
    ["image"],
    /larger than the image/
  )
  refuses(
    "a shift that may leave nothing",
    describes.pipe(Augment.timeShift("signal", { steps: 8 })),
    ["signal"],
    /8 steps can leave nothing/
  )
  refuses("noise on ids", describes.pipe(Augment.noise("ids")), ["ids"], /it holds ids, not quantities/)
  refuses(
    "mixup of ids",
    describes.pipe(Augment.mixup()),
    ["ids", "dose"],
    /"ids" holds ids, .* mixup cannot blend them/
  )
  const lefty = { labelsBecome: { side: { lefty: "right" } } }
  refuses(
    "a level that is not there",
    cast(wide.pipe(Augment.flipHorizontal("image", lefty))),
    ["image"],
    /has no level "lefty"; it has left, right, middle/
  )
  const value = { labelsBecome: { value: { 1: "2" } } }
  refuses(
    "labels of another column",
    cast(wide.pipe(Augment.flipHorizontal("image", value))),
    ["image"],
    /it changes labels of "value", but the target is the category "side"/
  )
  const late = { labelsBecome: { side: { left: "right" } } } as const
  refuses(
    "other labels after they were blended",
    describes.pipe(Augment.mixup(), Augment.flipHorizontal("image", late)),
    ["image"],
    /put it before mixup/
  )

  const module = new URL("./fixtures/darken.ts", import.meta.url).href
  const elsewhere = { module: new URL("./fixtures/tables.ts", import.meta.url).href, make: darken }
  refuses(
    "a function that its module does not export",
    describes.pipe(Augment.operation("dose", elsewhere)),
    ["dose"],
    /does not export the function given as darken/
  )
  const nowhere = { module: "file:///nowhere.ts", make: darken }
  refuses(
    "a module that is not there",
    describes.pipe(Augment.operation("dose", nowhere)),
    ["dose"],
    /the module of the operation darken did not load/
  )

  it.effect("an operation of one's own gets its column's shape, its config and words of its own", () =>
    Effect.gen(function* () {
      const augment = describes.pipe(
        Augment.operation("scaled", { module, make: darken, config: 0.5, probability: 0.5 })
      )
      assert.strictEqual(augment.code, "sources")
      const { features } = yield* read(["scaled"], augment)
      const changed = rowsOf(features).filter((row, at) => {
        const before = rowsOf(table.values.scaled as Float32Array)[at]
        row.forEach((value, place) => assert.isTrue(value === before[place] || value === before[place] / 2))
        return !isSame(row, before)
      })
      assert.closeTo(changed.length, length / 2, 35)
      const twice = Object.defineProperty(() => ({ words: 0, change: () => {} }), "name", { value: "darken" })
      assert.throws(
        () => augment.pipe(Augment.operation("dose", { module, make: twice })),
        /two functions are called darken/
      )
    })
  )

  it("options out of their range throw", () => {
    const wrong: ReadonlyArray<() => unknown> = [
      () => Augment.crop("image", { padding: 0.5 })(describes),
      () => Augment.rotate("image", { degrees: -1 })(describes),
      () => Augment.rotate("image", { probability: 1.1 })(describes),
      () => Augment.colourJitter("image", {})(describes),
      () => Augment.colourJitter("image", { hue: 0.6 })(describes),
      () => Augment.cutout("image", { size: 0 })(describes),
      () => Augment.rotate("image", { range: [1, 0] })(describes),
      () => Augment.randAugment("image", { labelsSurvive: true, magnitude: 31 })(describes),
      () => Augment.noise("dose", { standardDeviation: NaN })(describes),
      () => Augment.timeShift("signal", { steps: 0 })(describes),
      () => Augment.maskTokens("ids", { mask: -1, keep: [] })(describes),
      () => Augment.replaceTokens("ids", { synonyms: [[1, []]] })(describes),
      () => Augment.mixup({ alpha: 0 })(describes)
    ]
    wrong.forEach((make) => assert.throws(make, RangeError, /^Augment\.\w+: /))
  })
})
