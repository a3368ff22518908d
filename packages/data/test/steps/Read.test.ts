import { assert, describe, it } from "@effect/vitest"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import { Column, Columns, Dataset, Loader, Recipe, Table, Text, Sampler } from "../../src/index.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { Key } from "@watertight/core"
import { fixtures, learn } from "../text/fixtures.ts"
import { close } from "./fixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 20)

const Mail = Columns.make({ text: Column.text, spam: Column.category(["no", "yes"]) })
const texts = (own: ReadonlyArray<string>) => Table.make({ text: Column.text }, { text: own }, { length: own.length })
const describeTexts = Recipe.forColumns({ text: Column.text })

/** What a recipe fitted on some texts makes of others. */
const made = <Out extends Columns.Columns>(
  recipe: Recipe.Recipe<{ readonly text: Column.Text }, Out>,
  train: ReadonlyArray<string>,
  others: ReadonlyArray<string>
) =>
  Effect.gen(function* () {
    const fitted = yield* Recipe.fitDataset(recipe, Dataset.make(yield* texts(train), undefined, "train"))
    return { fitted, table: yield* Recipe.applyTable(fitted, yield* texts(others)) }
  })

const rowsOf = (table: Table.Table, width: number) => {
  const values = Array.from(Table.numbers(table, "text"))
  return Array.from({ length: table.length }, (_, row) => values.slice(row * width, (row + 1) * width))
}

describe("Recipe.tokenize", () => {
  const tokenizer = Text.words({ size: 100, minimumCount: 1, special: { start: "<s>", end: "</s>" } })
  const train = ["a b c d e", "a b c", "a b", "a"]

  it.effect("D28 cuts and pads to one length, and never cuts start and end away", () =>
    Effect.gen(function* () {
      const laid = (layout: Pick<Recipe.TokenizeOptions, "keep" | "pad" | "special">) =>
        Effect.map(
          made(describeTexts.pipe(Recipe.tokenize("text", { tokenizer, length: 5, ...layout })), train, [
            "a b c d e",
            "b"
          ]),
          ({ table }) => [rowsOf(table, 5), [...table.values.textMask], [...table.values.textLength]]
        )
      assert.deepStrictEqual(yield* laid({}), [
        [
          [2, 4, 5, 6, 3],
          [2, 5, 3, 0, 0]
        ],
        [1, 1, 1, 1, 1, 1, 1, 1, 0, 0],
        [5, 3]
      ])
      assert.deepStrictEqual((yield* laid({ keep: "tail", pad: "left" }))[0], [
        [2, 6, 7, 8, 3],
        [0, 0, 2, 5, 3]
      ])
      assert.deepStrictEqual((yield* laid({ keep: "both" }))[0], [
        [2, 4, 5, 8, 3],
        [2, 5, 3, 0, 0]
      ])
      assert.deepStrictEqual((yield* laid({ special: false }))[0], [
        [4, 5, 6, 7, 8],
        [5, 0, 0, 0, 0]
      ])
    })
  )

  it.effect("D27 fails when the tokenizer is not the base model's, saying what differs", () =>
    Effect.gen(function* () {
      const [bert] = fixtures.files
      const base = yield* Text.fromHuggingFace(bert)
      const expected = Text.fingerprint(base)
      const using = (own: Text.Description | Text.Tokenizer) =>
        made(describeTexts.pipe(Recipe.tokenize("text", { tokenizer: own, length: 8, for: expected })), train, [
          "the whale"
        ])
      const { table } = yield* using(base)
      assert.deepStrictEqual(rowsOf(table, 8)[0].slice(0, 4), [2, ...Text.encode(base, "the whale"), 3].slice(0, 4))
      const error = yield* Effect.flip(using(Text.wordPieces({ size: 90 })))
      assert.strictEqual(error._tag, "RecipeError")
      assert.match(error.message, /tokenize of column "text": This is not the base model's tokenizer: the base model's/)
      assert.match(error.message, /has 200 entries, this one \d+/)
    })
  )

  it.effect("D25 gives ids that an embedding has a row for, and the loader reads them", () =>
    Effect.gen(function* () {
      const words = Text.words({ size: 6, minimumCount: 1 })
      const { fitted, table } = yield* made(
        describeTexts.pipe(Recipe.tokenize("text", { tokenizer: words, length: 3 })),
        train,
        ["a z b", "", "c c c c"]
      )
      const { tokenizer } = fitted.steps[0].learned as { readonly tokenizer: Text.Tokenizer }
      assert.strictEqual(Text.size(tokenizer), 6)
      const ids = [...table.values.text]
      assert.isTrue(ids.every((id) => id >= 0 && id < Text.size(tokenizer)))
      assert.deepStrictEqual(ids, [2, 1, 3, 0, 0, 0, 4, 4, 4])
      const loader = yield* Loader.make(Dataset.make(table, undefined, "train"), {
        features: ["text", "textMask"],
        target: "textLength",
        batchSize: 3,
        key: Key.fromSeed(1),
        sampler: Sampler.sequential,
        prefetch: 0
      })
      const batch = yield* loader.read(Loader.start)
      assert.deepStrictEqual([...batch.features.subarray(0, 6)], [2, 1, 3, 1, 1, 1])
    })
  )

  it.effect("refuses columns, lengths and tokenizers that do not do", () =>
    Effect.gen(function* () {
      const failing = (recipe: Recipe.Recipe<{ readonly text: Column.Text }, Columns.Columns>) =>
        Effect.map(Effect.flip(made(recipe, train, [])), ({ message }) => message)
      const [, , unigram] = fixtures.files
      const { pad_token: _, ...config } = unigram.config
      const unpadded = yield* Text.fromHuggingFace({ ...unigram, config })
      assert.match(
        yield* failing(describeTexts.pipe(Recipe.tokenize("text", { tokenizer, length: 2 }))),
        /alone take 2/
      )
      assert.match(
        yield* failing(describeTexts.pipe(Recipe.tokenize("text", { tokenizer: unpadded, length: 2 }))),
        /no padding token/
      )
      assert.throws(() => describeTexts.pipe(Recipe.tokenize("text", { tokenizer, length: 0 })), /length is 0/)
      const twice = describeTexts.pipe(Recipe.tokenize("text", { tokenizer, length: 9 }))
      const again: unknown = twice
      assert.match(
        yield* failing(Recipe.tokenize("text", { tokenizer, length: 9 })(again as never)),
        /it takes text columns/
      )
      const named = { text: Column.text, textMask: Column.float }
      const table = yield* Table.make(named, { text: ["a"], textMask: Float64Array.of(1) }, { length: 1 })
      const recipe = Recipe.forColumns(named).pipe(Recipe.tokenize("text", { tokenizer, length: 9 }))
      const error = yield* Effect.flip(Recipe.fitDataset(recipe, Dataset.make(table, undefined, "train")))
      assert.match(error.message, /there is already a column textMask/)
    })
  )
})

describe("Recipe.bagOfWords, tfIdf and hashWords", () => {
  type Describing = Recipe.Recipe<{ readonly text: Column.Text }, Columns.Columns>
  const described: Readonly<Record<string, (options: { readonly size: number }) => Describing>> = {
    bagOfWords: (options) => describeTexts.pipe(Recipe.bagOfWords("text", options)),
    tfIdf: (options) => describeTexts.pipe(Recipe.tfIdf("text", options)),
    hashWords: (options) => describeTexts.pipe(Recipe.hashWords("text", options))
  }
  for (const kind of ["bagOfWords", "tfIdf", "hashWords"] as const) {
    for (const [index, { options, other, terms, train }] of fixtures[kind].entries()) {
      it.effect(`D28 give scikit-learn's numbers: ${kind} ${index}`, () =>
        Effect.gen(function* () {
          const recipe = described[kind](options)
          for (const [given, expected] of [
            [fixtures.documents, train],
            [fixtures.others, other]
          ] as const) {
            const { fitted, table } = yield* made(recipe, fixtures.documents, given)
            const [width] = table.columns["text"].kind === "tensor" ? table.columns["text"].shape : [0]
            assert.strictEqual(width, expected[0].length)
            close(rowsOf(table, width).flat(), expected.flat(), kind)
            if (kind === "hashWords") continue
            assert.deepStrictEqual((fitted.steps[0].learned as { readonly terms: typeof terms }).terms, terms)
          }
        })
      )
    }
  }

  it.effect("refuse options that are none, and train rows without terms", () =>
    Effect.gen(function* () {
      assert.throws(() => describeTexts.pipe(Recipe.bagOfWords("text", { size: 0 })), /size is 0/)
      assert.throws(
        () => describeTexts.pipe(Recipe.tfIdf("text", { size: 9, maximumShare: 2 })),
        /maximumShare a share/
      )
      assert.throws(() => describeTexts.pipe(Recipe.hashWords("text", { size: 9, run: [2, 1] })), /the smaller first/)
      const none = yield* Effect.flip(made(describeTexts.pipe(Recipe.bagOfWords("text", { size: 9 })), ["", "!"], []))
      assert.match(none.message, /no term of the train rows is within the limits/)
    })
  )
})

describe("RecipeLaws of texts", () => {
  const tables = Tables.arbitrary(Mail, { maxLength: 12 })
  const mails = Recipe.forColumns(Mail)
  const special = { end: "</s>" }
  const recipes: Readonly<Record<string, Recipe.Recipe<typeof Mail, Columns.Columns>>> = {
    bytePairs: mails.pipe(Recipe.tokenize("text", { tokenizer: Text.bytePairs({ size: 262, special }), length: 6 })),
    wordPieces: mails.pipe(
      Recipe.tokenize("text", { tokenizer: Text.wordPieces({ size: 900 }), length: 5, pad: "left" })
    ),
    bagOfWords: mails.pipe(Recipe.bagOfWords("text", { size: 8, shortest: 1, run: [1, 2] })),
    tfIdf: mails.pipe(Recipe.tfIdf("text", { size: 8, shortest: 1 })),
    hashWords: mails.pipe(Recipe.hashWords("text", { size: 7 }), Recipe.oneHot("spam"))
  }
  for (const [name, recipe] of Object.entries(recipes)) {
    it.effect(`${name}: hold`, () => Law.checkAll(RecipeLaws.laws({ recipe, tables }), { runs }))
  }
})

it.effect("D28 a vocabulary has no word that only validation or test rows have", () =>
  Effect.gen(function* () {
    const tokenizer = yield* learn(Text.words({ size: 100, minimumCount: 1 }), ["train words"])
    assert.deepStrictEqual(Text.tokens(tokenizer, "train secret words"), ["train", "<unk>", "words"])
  })
)
