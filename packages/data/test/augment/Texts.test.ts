import { assert, describe, it } from "@effect/vitest"
import { Key } from "@watertight/core"
import { Effect, Layer } from "effect"
import { Augment, Column, Columns, Dataset, Source, Split } from "../../src/index.ts"
import { run } from "../run.ts"
import { table, describes, read } from "./rows.ts"

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
