import { assert, describe, it } from "@effect/vitest"
import { Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import { Dataset, Text } from "../../src/index.ts"
import { run } from "../run.ts"
import { learn, mail, type Mail, partOf } from "./fixtures.ts"

const words = Text.words({ size: 100, minimumCount: 1, special: { end: "</s>" } })
const texts = ["a a a a a a a", "b b", "", "c c c", "d d d d"]
const part = <P extends Dataset.Partition>(partition: P) =>
  Node.make(
    Stage.make({
      name: partition,
      version: 1,
      origin: partition,
      codec: Dataset.codec<typeof Mail, P>(),
      run: (_: object) => Effect.orDie(partOf(texts, partition))
    }),
    {}
  )

const lists = (values: ArrayLike<number>, length: number) =>
  Array.from({ length: values.length / length }, (_, row) => Array.from(values).slice(row * length, (row + 1) * length))

describe("Text.pack", () => {
  it.effect("D28 cuts documents that follow each other, or keeps them whole where they fit", () =>
    Effect.gen(function* () {
      const train = part("train")
      const tokenizer = Text.fit(words, train, "text")
      const packed = (documents: "cut" | "whole") =>
        Effect.flatMap(run(Text.pack(tokenizer, train, "text", { length: 6, documents })), Dataset.rows)
      const cut = yield* packed("cut")
      assert.deepStrictEqual(lists(cut.values.tokens, 6), [
        [3, 3, 3, 3, 3, 3],
        [3, 2, 6, 6, 2, 2],
        [5, 5, 5, 2, 4, 4],
        [4, 4, 2, 0, 0, 0]
      ])
      assert.deepStrictEqual(lists(cut.values.segments, 6)[1], [1, 1, 2, 2, 2, 3])
      assert.deepStrictEqual(lists(cut.values.positions, 6)[3], [0, 1, 2, 0, 0, 0])
      const whole = yield* packed("whole")
      assert.deepStrictEqual(lists(whole.values.tokens, 6), [
        [3, 3, 3, 3, 3, 3],
        [2, 4, 4, 4, 4, 2],
        [3, 2, 5, 5, 5, 2],
        [6, 6, 2, 0, 0, 0]
      ])
    })
  )

  it.effect("gives the same documents the same ids, keeps the partition, and refuses test rows", () =>
    Effect.gen(function* () {
      const tokenizer = yield* learn(words, texts)
      const validation = yield* partOf(texts, "validation")
      const packed = yield* Text.packDataset(tokenizer, validation, "text", { length: 6 })
      const again = yield* Text.packDataset(tokenizer, yield* partOf(texts, "train"), "text", { length: 6 })
      assert.strictEqual(packed.partition, "validation")
      assert.deepStrictEqual(Dataset.ids(packed), Dataset.ids(again))
      const distinct = lists(Dataset.ids(packed), 16).map((id) => id.join())
      assert.strictEqual(new Set(distinct).size, packed.length)
      const test: unknown = yield* partOf(texts, "test")
      const error = yield* Effect.flip(Text.packDataset(tokenizer, test as never, "text", { length: 6 }))
      assert.strictEqual(error._tag, "SealedError")
      const bare = yield* learn(Text.words({ size: 9, minimumCount: 1, special: { padding: false } }), texts)
      const unpadded = yield* Effect.flip(Text.packDataset(bare, validation, "text", { length: 6 }))
      assert.match(unpadded.message, /no padding token for what stays empty/)
    })
  )

  it.effect("fills real mail to more than 98 of 100 places", () =>
    Effect.gen(function* () {
      const train = yield* partOf(
        mail().map(({ text }) => text),
        "train"
      )
      const tokenizer = yield* Text.fitDataset(Text.words({ size: 1000, special: { end: "</s>" } }), train, "text")
      const packed = yield* Text.packDataset(tokenizer, train, "text", { length: 512, documents: "whole" })
      const { values } = yield* Dataset.rows(packed)
      const filled = Array.from(values.segments).filter((segment) => segment > 0).length
      assert.isAbove(filled / values.segments.length, 0.98)
    })
  )
})
