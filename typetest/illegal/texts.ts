/** Texts, tokenizers that are only described, and vocabularies that would see other rows than those of train. */
import type { Dataset, Table } from "@watertight/data"
import { Recipe, Text } from "@watertight/data"
import { Train } from "@watertight/model"
import { fare, type Mail, mail, mailParts, module, parts } from "../fixtures.ts"

declare const test: Dataset.Dataset<typeof Mail, "test">
declare const validation: Dataset.Dataset<typeof Mail, "validation">
declare const train: Dataset.Dataset<typeof Mail, "train">
declare const table: Table.Table<typeof Mail>
declare const tokenizer: Text.Tokenizer
const pairs = Text.bytePairs({ size: 8000 })
const learned = Text.fit(pairs, mailParts.train, "text")

// error: Text.fit takes the train partition; this is the test partition
Text.fit(pairs, mailParts.test, "text")

// error: Text.fit takes the train partition; this is the validation partition
Text.fit(pairs, mailParts.validation, "text")

// error: Text.fit takes the train partition; this table is not split yet: use Split first
Text.fit(pairs, mail, "text")

// error: Text.fit takes text columns; kind is a category
Text.fit(pairs, mailParts.train, "kind")

// error: Text.fit: there is no column subject
Text.fit(pairs, mailParts.train, "subject")

// error: Argument of type 'Dataset<{ readonly text: Text; readonly kind: Category<"ham" | "spam">; }, "test">' is not
Text.fitDataset(pairs, test, "text")

// error: Argument of type '"kind"' is not assignable to parameter of type '"Text.fit takes text columns; kind is a category"'
Text.fitDataset(pairs, train, "kind")

// error: Text.encode: this tokenizer is only described: learn it from train rows by Text.fit first
Text.encode(pairs, "hello")

// error: Text.decode: this tokenizer is only described: learn it from train rows by Text.fit first
Text.decode(pairs, [1, 2])

// error: Text.fingerprint: this tokenizer is only described: learn it from train rows by Text.fit first
Text.fingerprint(pairs)

// error: Text.encode takes a tokenizer; this is a table
Text.encode(table, "hello")

// error: Text.size takes a tokenizer, as Text.fit and Text.fromHuggingFace give them
Text.size(learned)

// error: Type 'string' is not assignable to type '{ readonly version: 1; readonly digest
Recipe.tokenize("text", { tokenizer, length: 128, for: "<unknown>" })

// error: Property 'length' is missing
Recipe.tokenize("text", { tokenizer })

// error: tokenize takes text columns; kind is a category
Recipe.of(mailParts.train).pipe(Recipe.tokenize("kind", { tokenizer, length: 128 }))

// error: tokenize takes text columns; text is a tensor
Recipe.of(mailParts.train).pipe(
  Recipe.tokenize("text", { tokenizer, length: 128 }),
  Recipe.tokenize("text", { tokenizer, length: 128 })
)

// error: tokenize: there is no column text
Recipe.of(parts.train).pipe(Recipe.tokenize("text", { tokenizer, length: 128 }))

// error: tfIdf takes text columns; kind is a category
Recipe.of(mailParts.train).pipe(Recipe.tfIdf("kind", { size: 100 }))

// error: bagOfWords: there is no column subject
Recipe.of(mailParts.train).pipe(Recipe.bagOfWords(["text", "subject"], { size: 100 }))

// error: hashWords takes text columns; text is a tensor
Recipe.of(mailParts.train).pipe(Recipe.tfIdf("text", { size: 9 }), Recipe.hashWords("text", { size: 100 }))

// error: standardize takes float or tensor columns; text is a text
Recipe.of(mailParts.train).pipe(Recipe.standardize("text"))

// error: oneHot takes category columns; text is a text
Recipe.of(mailParts.train).pipe(Recipe.oneHot("text"))

// error: Text.pack takes the train or validation partition: test rows stay the rows they are
Text.pack(learned, mailParts.test, "text", { length: 512 })

// error: Text.pack takes a partition; this table is not split yet: use Split first
Text.pack(learned, mail, "text", { length: 512 })

// error: Text.pack takes the tokenizer that Text.fit learned
Text.pack(mailParts.train, mailParts.train, "text", { length: 512 })

// error: Text.pack takes text columns; kind is a category
Text.pack(learned, mailParts.train, "kind", { length: 512 })

// error: is not assignable to parameter of type '"Text.pack takes text columns; kind is a category"'
Text.packDataset(tokenizer, validation, "kind", { length: 512 })

// error: text is a text column: make numbers of it first, with Recipe.tokenize or Recipe.tfIdf
Train.fit(module, { ...fare, train: mailParts.train, validation: mailParts.validation, features: ["text"] })
