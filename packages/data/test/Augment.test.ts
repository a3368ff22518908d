import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect, Layer } from "effect"
import { Augment, Column, Columns, Dataset, Loader, Sampler, Source, Split, Table } from "../src/index.ts"
import { identity, resample, turn } from "../src/internal/augment/affine.ts"
import { darken } from "./fixtures/darken.ts"
import { run } from "./run.ts"

const columns = Columns.make({
  image: Column.tensor([4, 6], "uint8"),
  scaled: Column.tensor([4, 6]),
  photo: Column.tensor([4, 4, 3], "uint8"),
  signal: Column.tensor([8, 2]),
  ids: Column.tensor([40], "int32"),
  dose: Column.float,
  side: Column.category(["left", "right", "middle"]),
  value: Column.float
})
type Names = keyof typeof columns

const length = 300
const side = Int32Array.from({ length }, (_, row) => row % 3)
const table = Effect.runSync(
  Table.make(
    columns,
    {
      image: Uint8Array.from({ length: 24 * length }, (_, place) => (place * 41 + (place >> 3) * 7) % 256),
      scaled: Float32Array.from(
        { length: 24 * length },
        (_, place) => (((place * 41 + (place >> 3) * 7) % 256) - 100) / 50
      ),
      photo: Uint8Array.from({ length: 48 * length }, (_, place) => (place * 29 + (place >> 2) * 3) % 256),
      signal: Float32Array.from({ length: 16 * length }, (_, place) => Math.sin(place + 1)),
      ids: Int32Array.from({ length: 40 * length }, (_, place) => place % 10),
      dose: Float64Array.from({ length }, (_, row) => 5 * Math.sin(row)),
      side,
      value: Float64Array.from(side, (code) => 10 * code)
    },
    { length }
  )
)
const train = Dataset.make(table, undefined, "train")
const describes = Augment.forColumns(columns)
const seed = Key.fromSeed(3)

/** Reads all rows in the table's order, as one batch. */
const read = (
  features: ReadonlyArray<Names>,
  augment: Augment.Augment<typeof columns> | undefined,
  { epoch = 0, target = "side" as "side" | "value" } = {}
) =>
  Effect.scoped(
    Effect.gen(function* () {
      const names: ReadonlyArray<string> = features
      const named: string = target
      const loader = yield* Loader.make(train as Dataset.Dataset<Columns.Columns, "train">, {
        features: names,
        target: named,
        batchSize: length,
        key: seed,
        sampler: Sampler.sequential,
        prefetch: 0,
        augment: augment as Augment.Augment<Columns.Columns> | undefined
      })
      return yield* loader.read({ version: 1, epoch, step: 0 })
    })
  )

const rows = new WeakMap<object, ReadonlyArray<ReadonlyArray<number>>>()

/** An array's numbers, row by row. */
const rowsOf = (
  values: Float32Array | Int32Array | Uint8Array | Float64Array
): ReadonlyArray<ReadonlyArray<number>> => {
  const width = values.length / length
  const made =
    rows.get(values) ?? Array.from({ length }, (_, row) => [...values.subarray(row * width, (row + 1) * width)])
  rows.set(values, made)
  return made
}

const mirrored = (row: ReadonlyArray<number>) =>
  row.map((_, place) => row[Math.floor(place / 6) * 6 + (5 - (place % 6))])

const isSame = (one: ArrayLike<number>, other: ArrayLike<number>) => Array.from(one).join() === Array.from(other).join()

describe("Augment of images", () => {
  it.effect("D40 flip horizontally: half of the images are mirrored, and labels go with them", () =>
    Effect.gen(function* () {
      const becomes = { labelsBecome: { side: { left: "right", right: "left" } } } as const
      const batch = yield* read(["image"], describes.pipe(Augment.flipHorizontal("image", becomes)))
      const [before, after] = [rowsOf(table.values.image), rowsOf(batch.features)]
      let flipped = 0
      before.forEach((row, at) => {
        const isFlipped = isSame(after[at], mirrored(row))
        assert.isTrue(isFlipped || isSame(after[at], row))
        assert.strictEqual(batch.target[at], isFlipped ? [1, 0, 2][side[at]] : side[at])
        flipped += Number(isFlipped)
      })
      assert.closeTo(flipped, 150, 30)
      const kept = yield* read(["image"], describes.pipe(Augment.flipHorizontal("image", { labelsSurvive: true })))
      assert.deepStrictEqual([...kept.target], [...side])
    })
  )

  it.effect("D40 flip vertically: upside down", () =>
    Effect.gen(function* () {
      const always = { labelsSurvive: true, probability: 1 } as const
      const { features } = yield* read(["photo", "image"], describes.pipe(Augment.flipVertical("image", always)))
      rowsOf(features).forEach((row, at) => {
        const image = rowsOf(table.values.image)[at]
        assert.deepStrictEqual(
          row.slice(48),
          [18, 12, 6, 0].flatMap((begin) => image.slice(begin, begin + 6))
        )
        assert.deepStrictEqual(row.slice(0, 48), rowsOf(table.values.photo)[at])
      })
    })
  )

  it.effect("D41 rotate: angles are uniform in ±10 degrees, of the row's id, the epoch and the operation", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["dose", "scaled"], describes.pipe(Augment.rotate("scaled")), { epoch: 5 })
      const key = Key.foldIn(Key.foldIn(Key.foldIn(seed, "augment"), "0 rotate scaled"), 5)
      const ids = new DataView(table.ids.buffer, table.ids.byteOffset)
      const names = Uint32Array.from({ length: 4 * length }, (_, word) => ids.getUint32(4 * word))
      const places = Uint32Array.from({ length }, (_, row) => row)
      const words = Key.bitsOfNames(key, names, places, 2, new Uint32Array(2 * length))
      const black = Float64Array.of(Math.min(...table.values.scaled))
      let mean = 0
      for (let row = 0; row < length; row++) {
        const angle = 2 * words[2 * row + 1] * 2 ** -32 - 1
        mean += angle / length
        const map = identity()
        turn(map, (angle * 10 * Math.PI) / 180, 4, 6)
        const expected = new Float32Array(24)
        resample(
          { values: table.values.scaled as Float32Array, from: 24 * row, shape: [4, 6, 1] },
          expected,
          map,
          black
        )
        assert.deepStrictEqual(rowsOf(features)[row].slice(1), [...expected])
      }
      assert.closeTo(mean, 0, 0.1)
    })
  )

  it("D41 rotate: more than 15 degrees need a word", () => {
    assert.throws(
      () => describes.pipe(Augment.rotate("image", { degrees: 16 })),
      /a 6 becomes a 9.*labelsSurvive: true/
    )
    const far = describes.pipe(Augment.rotate("image", { degrees: 90, labelsSurvive: true }))
    assert.strictEqual(far.operations.length, 1)
  })

  it.effect("D42 crop: an image is shifted by each of the 9 places alike, black coming in", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["image"], describes.pipe(Augment.crop("image", { padding: 1 })))
      const counts = new Map<string, number>()
      rowsOf(features).forEach((row, at) => {
        const image = rowsOf(table.values.image)[at]
        const shifts = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const))
        const found = shifts.find(([down, right]) =>
          row.every((value, place) => {
            const [y, x] = [Math.floor(place / 6) + down, (place % 6) + right]
            return value === (y < 0 || y > 3 || x < 0 || x > 5 ? 0 : image[y * 6 + x])
          })
        )
        assert.isDefined(found)
        counts.set(String(found), (counts.get(String(found)) ?? 0) + 1)
      })
      assert.strictEqual(counts.size, 9)
      for (const count of counts.values()) assert.closeTo(count, length / 9, 22)
      const { features: edged } = yield* read(
        ["image"],
        describes.pipe(Augment.crop("image", { padding: 3, fill: "edge" }))
      )
      rowsOf(edged).forEach((row, at) =>
        assert.isTrue(row.every((value) => rowsOf(table.values.image)[at].includes(value)))
      )
    })
  )

  it.effect("D43 colour jitter: scaling before or after gives the same colours", () =>
    Effect.gen(function* () {
      const jitter = (column: "image" | "scaled", range?: readonly [number, number]) => {
        const slight = { brightness: 0.4, contrast: 0.4, ...(range === undefined ? {} : { range }) }
        return describes.pipe(Augment.colourJitter(column, slight))
      }
      const { features: scaled } = yield* read(["scaled"], jitter("scaled"))
      const { features: given } = yield* read(["scaled"], jitter("scaled", [-2, 3.1]))
      assert.isTrue(scaled.every((value) => value >= -2 && value <= Math.fround(3.1)))
      assert.isFalse(isSame(scaled, table.values.scaled))
      given.forEach((value, place) => assert.closeTo(value, scaled[place], 1e-5))
      const { features: raw } = yield* read(["image"], jitter("image"))
      assert.isTrue(raw.every((value) => value >= 0 && value <= 255))
    })
  )

  it.effect("D44 cutout: a black rectangle about a pixel of the image, cut at its edges", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["image"], describes.pipe(Augment.cutout("image", { size: [2, 3], fill: -1 })))
      const covered = rowsOf(features).map((row) => row.filter((value) => value === -1).length)
      assert.deepStrictEqual([...new Set(covered)].sort(), [2, 3, 4, 6])
      const { features: black } = yield* read(["scaled"], describes.pipe(Augment.cutout("scaled", { size: 2 })))
      rowsOf(black).forEach((row, at) =>
        row.forEach((value, place) => assert.isTrue(value === -2 || value === table.values.scaled[24 * at + place]))
      )
    })
  )

  it.effect("RandAugment changes photos within their range, by two of its operations", () =>
    Effect.gen(function* () {
      const augment = describes.pipe(Augment.randAugment("photo", { labelsSurvive: true }))
      const { features } = yield* read(["photo"], augment)
      assert.isTrue(features.every((value) => value >= 0 && value <= 255))
      const changed = rowsOf(features).filter((row, at) => !isSame(row, rowsOf(table.values.photo)[at]))
      assert.isAbove(changed.length, 0.9 * length)
    })
  )
})

describe("Augment of texts", () => {
  const Reviews = Columns.make({ review: Column.text, stars: Column.float })
  const reviews = Array.from({ length: 60 }, (_, row) => ({
    review: `Good food, and a good view of the city. It's the ${row}th time: GOOD!`,
    stars: row
  }))
  const parts = Split.random(Source.rows(reviews, Reviews), { validation: 0.1, test: 0.1 })
  const synonyms = { good: ["fine", "pleasant"], "it's": ["this is"] }
  const texts = (rows: Dataset.Dataset<typeof Reviews, "train">) =>
    Effect.map(Dataset.rows(rows), (table) => ({
      ids: Buffer.from(table.ids).toString("hex"),
      texts: table.values.review
    }))

  it.effect("D45 replace synonyms: words that have some, a capital staying one, each by itself", () =>
    Effect.gen(function* () {
      const before = yield* texts(yield* run(parts.train))
      const node = Augment.replaceSynonyms(parts.train, { column: "review", synonyms, probability: 0.5 })
      const after = yield* texts(yield* run(node))
      assert.strictEqual(after.ids, before.ids)
      assert.deepStrictEqual(yield* texts(yield* run(node)), after)
      assert.notDeepEqual((yield* texts(yield* run(node, 1))).texts, after.texts)
      const form =
        /^(Good|Fine|Pleasant) food, and a (good|fine|pleasant) view of the city\. (It's|This is) the \d+th time: (GOOD|Fine|Pleasant)!$/
      after.texts.forEach((text) => assert.match(text, form))
      assert.strictEqual(new Set(after.texts.map((text) => text.replace(/\d+/, ""))).size > 20, true)
      const always = Augment.replaceSynonyms(parts.train, { column: "review", synonyms, probability: 1 })
      assert.isTrue((yield* texts(yield* run(always))).texts.every((text) => !/good|It's/i.test(text)))
      assert.throws(
        () => Augment.replaceSynonyms(parts.train, { column: "review", synonyms: { Good: ["fine"] } }),
        /"Good" is not one word in lower case/
      )
    })
  )

  /** Translates word by word; several English words are one German word, and back it takes one of them by the key. */
  const dictionary = { good: "gut", fine: "gut", view: "Blick", city: "Stadt" }
  const back: Readonly<Record<string, ReadonlyArray<string>>> = {
    gut: ["good", "fine"],
    Blick: ["view"],
    Stadt: ["town"]
  }
  const translator = Layer.succeed(Augment.Translator, {
    id: "word by word 1",
    translate: (some, { to }) =>
      Effect.succeed(
        some.map(({ key, text }) =>
          text.replaceAll(/\p{L}+/gu, (found) => {
            if (to === "de") return new Map(Object.entries(dictionary)).get(found) ?? found
            const choices = back[found] ?? [found]
            return choices[Key.bits(key, 1)[0] % choices.length]
          })
        )
      )
  })

  it.effect("D46 back-translate: rows chosen by their ids, through a service, ids kept, the same at every run", () =>
    Effect.gen(function* () {
      const before = yield* texts(yield* run(parts.train))
      const options = { column: "review", language: "en", through: "de" } as const
      const node = Augment.backTranslate(parts.train, options)
      const after = yield* texts(yield* run(node))
      assert.strictEqual(after.ids, before.ids)
      assert.deepStrictEqual(yield* texts(yield* run(node)), after)
      const changed = after.texts.filter((text) => text.includes("town"))
      assert.closeTo(changed.length, before.texts.length / 2, 12)
      assert.isTrue(changed.some((text) => text.includes("fine")) && changed.some((text) => !text.includes("fine")))
      after.texts.forEach((text, row) => assert.isTrue(text.includes("town") || text === before.texts[row]))
    }).pipe(Effect.provide(translator))
  )

  it.effect("D46 back-translate: a translator that loses texts is an error", () =>
    Effect.gen(function* () {
      const node = Augment.backTranslate(parts.train, { column: "review", language: "en", through: "de" })
      const error = yield* Effect.flip(run(node))
      assert.match(error.message, /translator lossy failed: it made 0 texts of \d+/)
    }).pipe(Effect.provide(Layer.succeed(Augment.Translator, { id: "lossy", translate: () => Effect.succeed([]) })))
  )

  it.effect("D51 texts of validation are refused, when types are cast away", () =>
    Effect.gen(function* () {
      const validation = parts.validation as unknown as typeof parts.train
      const error = yield* Effect.flip(run(Augment.replaceSynonyms(validation, { column: "review", synonyms })))
      assert.match(error.message, /only train rows are augmented; these are validation rows/)
    })
  )

  it.effect("D47 mask tokens: 15 of 100, those to keep never", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["ids"], describes.pipe(Augment.maskTokens("ids", { mask: 99, keep: [0, 1] })))
      const { ids } = table.values
      const masked = features.filter((value, place) => {
        if (value !== 99) assert.strictEqual(value, ids[place])
        else assert.isAbove(ids[place], 1)
        return value === 99
      }).length
      const able = ids.filter((id) => id > 1).length
      assert.closeTo(masked / able, 0.15, 4 * Math.sqrt((0.15 * 0.85) / able))
    })
  )

  it.effect("D45 replace tokens: ids with synonyms become one of them, others stay", () =>
    Effect.gen(function* () {
      const meanings = [
        [4, [41, 42]],
        [7, [70]]
      ] as const
      const augment = describes.pipe(Augment.replaceTokens("ids", { probability: 1, synonyms: meanings }))
      const { features } = yield* read(["ids"], augment)
      const counts = new Map<number, number>()
      features.forEach((value, place) => {
        const id = table.values.ids[place]
        assert.isTrue(id === 4 ? value === 41 || value === 42 : id === 7 ? value === 70 : value === id)
        counts.set(value, (counts.get(value) ?? 0) + 1)
      })
      assert.closeTo(counts.get(41) ?? 0, 600, 80)
    })
  )
})

describe("Augment of numbers and signals", () => {
  it.effect("D48 noise: normal, a tenth of the column's standard deviation over the train rows", () =>
    Effect.gen(function* () {
      const { features } = yield* read(["dose", "signal"], describes.pipe(Augment.noise(["dose", "signal"])))
      const all = rowsOf(features)
      const doses = all.map((row, at) => (row[0] - table.values.dose[at]) / (5 / Math.SQRT2))
      const signals = all.flatMap((row, at) =>
        row.slice(1).map((value, place) => (value - table.values.signal[16 * at + place]) * Math.SQRT2)
      )
      for (const drawn of [doses, signals]) {
        const deviation = Math.sqrt(drawn.reduce((sum, value) => sum + value * value, 0) / drawn.length)
        assert.closeTo(deviation, 0.1, 0.4 / Math.sqrt(2 * drawn.length))
        assert.closeTo(
          drawn.filter((value) => Math.abs(value) < 0.1).length / drawn.length,
          0.683,
          2 / Math.sqrt(drawn.length)
        )
      }
    })
  )

  it.effect("D49 mixup: features and labels are blended by shares from Beta(alpha, alpha)", () =>
    Effect.gen(function* () {
      const batch = yield* read(["dose"], describes.pipe(Augment.mixup({ alpha: 0.5 })))
      assert.strictEqual(batch.target.length, 3 * length)
      const shares = rowsOf(batch.target).flatMap((row, at) => (row[side[at]] < 1 ? [row[side[at]]] : []))
      assert.closeTo(shares.length, (2 / 3) * length, 30)
      const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
      const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length
      assert.closeTo(mean, 0.5, 0.1)
      assert.closeTo(variance, 1 / 8, 0.03)
      const plain = yield* read(["dose"], describes.pipe(Augment.mixup()), { target: "value" })
      assert.strictEqual(plain.target.length, length)
      assert.isTrue(plain.target.every((value) => value >= 0 && value <= 20))
      assert.isTrue(plain.target.some((value) => value % 10 !== 0))
    })
  )

  it.effect("D49 mixup: the partner comes as it would in its own place", () =>
    Effect.gen(function* () {
      const cropped = describes.pipe(Augment.crop("image", { padding: 1 }))
      const alone = rowsOf((yield* read(["image"], cropped)).features)
      const mixed = yield* read(["image"], cropped.pipe(Augment.cutmix("image")))
      const seen = new Set(alone.map((row) => row.join()))
      const whole = rowsOf(mixed.features).filter((_, at) => Math.max(...rowsOf(mixed.target)[at]) < 0.02)
      assert.isTrue(whole.every((row) => seen.has(row.join())))
    })
  )

  it.effect("D49 cutmix: the label has the share of the pixels", () =>
    Effect.gen(function* () {
      const augment = describes.pipe(Augment.cutmix("scaled"))
      const { features, target } = yield* read(["scaled", "dose"], augment)
      const mixed = rowsOf(features)
      rowsOf(target).forEach((shares, at) => {
        assert.strictEqual(mixed[at][24], Math.fround(table.values.dose[at]))
        const own = mixed[at].filter(
          (value, place) => place < 24 && value === table.values.scaled[24 * at + place]
        ).length
        if (shares[side[at]] < 1) assert.isAtLeast(own / 24 + 1e-6, shares[side[at]])
      })
      assert.isTrue(rowsOf(target).some((shares) => shares.filter((share) => share > 0).length === 2))
    })
  )

  it("D49 labels are blended once", () => {
    const mixed = describes.pipe(Augment.mixup())
    assert.throws(() => mixed.pipe(Augment.cutmix("image")), /labels are blended by mixup already/)
  })

  it.effect("D50 time shift: channels together, by up to so many steps, zeros or the other end coming in", () =>
    Effect.gen(function* () {
      for (const fill of ["wrap", "edge", 0] as const) {
        const { features } = yield* read(["signal"], describes.pipe(Augment.timeShift("signal", { steps: 2, fill })))
        const shifts = rowsOf(features).map((row, at) => {
          const signal = rowsOf(table.values.signal)[at]
          const step = (place: number, channel: number) =>
            fill === "wrap"
              ? signal[2 * ((place + 8) % 8) + channel]
              : place >= 0 && place < 8
                ? signal[2 * place + channel]
                : fill === 0
                  ? 0
                  : signal[2 * (place < 0 ? 0 : 7) + channel]
          return [-2, -1, 0, 1, 2].find((by) =>
            row.every((value, place) => value === step(Math.floor(place / 2) - by, place % 2))
          )
        })
        assert.deepStrictEqual([...new Set(shifts)].sort(), [-1, -2, 0, 1, 2])
      }
    })
  )

  it.effect("D50 scale and mask in time", () =>
    Effect.gen(function* () {
      const scaled = yield* read(["signal"], describes.pipe(Augment.scale("signal", { by: 0.2 })))
      rowsOf(scaled.features).forEach((row, at) => {
        const factors = row.map((value, place) => value / table.values.signal[16 * at + place])
        assert.isTrue(factors.every((factor) => Math.abs(factor - factors[0]) < 1e-5 && factor > 0.79 && factor < 1.21))
      })
      const masked = yield* read(["signal"], describes.pipe(Augment.maskTime("signal", { steps: 3, fill: 9 })))
      const covered = rowsOf(masked.features).map((row) => row.map((value) => (value === 9 ? "x" : ".")).join(""))
      covered.forEach((row) => assert.match(row, /^(\.\.)*(xx){0,3}(\.\.)*$/))
      assert.strictEqual(new Set(covered.map((row) => row.replaceAll(".", "").length)).size, 4)
    })
  )
})

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
