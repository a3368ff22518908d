/**
 * Learning a tokenizer: from the train partition only, by type and again when it runs. A vocabulary is something learned
 * like a mean, and one that has seen test rows knows their words.
 */
import { Codec, Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import type { Accepts, TrainOnly } from "../recipe/Describe.ts"
import * as Table from "../Table.ts"
import type { Description } from "./Description.ts"
import { TextError } from "./Special.ts"
import { Tokenizer } from "./Tokenizer.ts"

/** Keeps tokenizers as JSON. */
export const codec: Codec.Codec<Tokenizer> = Codec.json("tokenizer", Tokenizer, {
  show: (tokenizer) => `tokenizer ${tokenizer.kind}`
})

const refuse = (reason: string) => new TextError({ operation: "Text.fit", reason })

/**
 * Learns a tokenizer from a text column of a train partition, now. Pipelines use `fit`. Refuses other partitions also when
 * types were cast away.
 */
export const fitDataset = Effect.fn("Text.fit")(function* <C extends Columns, const Name extends string>(
  description: Description,
  train: Dataset.Dataset<C, "train">,
  column: Accepts<Name, C, Name, "text", "Text.fit">
): Effect.fn.Return<Tokenizer, TextError> {
  const partition: Dataset.Partition = train.partition
  if (partition !== "train") {
    return yield* refuse(`it learns from the train partition only; this is the ${partition} partition`)
  }
  const name: string = column
  if (train.columns[name]?.kind !== "text") return yield* refuse(`column "${name}" is no text column`)
  const table = yield* Effect.orDie(Dataset.rows(train)) // train rows are not sealed
  return yield* description.learn(Table.texts(table, name))
})

type TextOf<A, Given, Name extends string> =
  A extends Dataset.Dataset<infer C, infer _P> ? Accepts<Given, C, Name, "text", "Text.fit"> : never

/**
 * Learns a tokenizer from a text column of the train partition, as a stage: for `Text.pack`, or to be written as a
 * `tokenizer.json`. Inside a recipe `Recipe.tokenize` does it. Fails with a `TextError` where the description has no room
 * for the single characters, and where a token is spelled like a special one.
 */
export const fit = <A, E, R, const Name extends string>(
  description: Description,
  train: TrainOnly<Node.Node<A, E, R>, A, Columns, "Text.fit">,
  column: TextOf<A, Name, Name>
): Node.Node<Tokenizer, E | TextError, R> => {
  const accepted: unknown = train
  const dataset = accepted as Node.Node<Dataset.Dataset<Columns, "train">, E, R> // TrainOnly says so
  const name: string = column
  return Node.make(
    Stage.make({
      name: "tokenizer",
      version: 1,
      params: { column: name, tokenizer: description.config },
      code: "versioned",
      learns: { dataset: ["train"] },
      codec,
      run: (inputs: { readonly dataset: Dataset.Dataset<Columns, "train"> }) =>
        fitDataset(description, inputs.dataset, name)
    }),
    { dataset }
  )
}
