/**
 * Packing: several documents into sequences of one length, so that a language model computes on text and hardly on padding.
 * Segments say which tokens are of one document, so attention can stay inside it, and positions count from 0 in each of them.
 * Every token of every document is in exactly one sequence.
 *
 * The rows are other rows than before. Their partition stays; their ids are made of the ids of the documents in them and
 * of which part of each, so the same documents packed again are the same rows.
 */
import { Node, Stage } from "@watertight/core"
import { Effect } from "effect"
import { hash } from "node:crypto"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import type { Accepts } from "../recipe/Describe.ts"
import * as RowId from "../RowId.ts"
import * as Table from "../Table.ts"
import { TextError } from "./Special.ts"
import { type Tokenizer, encode, specialId } from "./Tokenizer.ts"

/** Options of `pack`. */
export interface Options<Length extends number = number> {
  /** How many tokens a sequence has. */
  readonly length: Length
  /**
   * `"cut"` (the default) puts the documents one after the other and cuts every `length` tokens: padding only in the last
   * sequence. `"whole"` cuts only documents that are longer than a sequence, and fits the others in as they fill best.
   */
  readonly documents?: "cut" | "whole"
}

/** The columns of packed sequences. Segments count from 1 within a sequence, and are 0 where it is padded. */
export type Packed<Length extends number> = {
  readonly [K in "tokens" | "segments" | "positions"]: Column.Tensor<readonly [Length]>
}

/** A part of a document. */
interface Piece {
  readonly document: number
  readonly start: number
  readonly end: number
}

/** One document after the other, cut wherever a sequence is full. */
const inOrder = (lengths: ReadonlyArray<number>, size: number): ReadonlyArray<ReadonlyArray<Piece>> => {
  const sequences: Array<Array<Piece>> = []
  let room = 0
  lengths.forEach((length, document) => {
    for (let start = 0; start < length;) {
      if (room === 0) {
        sequences.push([])
        room = size
      }
      const end = Math.min(length, start + room)
      sequences[sequences.length - 1].push({ document, start, end })
      room -= end - start
      start = end
    }
  })
  return sequences
}

/** The longest pieces first, each into the sequence it fills best, of equally good ones the last one filled. */
const bestFit = (lengths: ReadonlyArray<number>, size: number): ReadonlyArray<ReadonlyArray<Piece>> => {
  const pieces = lengths.flatMap((length, document) =>
    Array.from({ length: Math.ceil(length / size) }, (_, part): Piece => {
      const start = part * size
      return { document, start, end: Math.min(length, start + size) }
    })
  )
  const sequences: Array<Array<Piece>> = []
  /** The places of sequences by how much room they have, those of equal room in the order they came to it. */
  const withRoom: ReadonlyArray<Array<number>> = Array.from({ length: size + 1 }, () => [])
  for (const piece of pieces.sort((one, other) => other.end - other.start - (one.end - one.start))) {
    const length = piece.end - piece.start
    let room = length
    while (room <= size && withRoom[room].length === 0) room++
    const place = room <= size ? (withRoom[room].pop() ?? 0) : sequences.push([]) - 1
    sequences[place].push(piece)
    withRoom[Math.min(room, size) - length].push(place)
  }
  return sequences.map((each) => each.sort((one, other) => one.document - other.document || one.start - other.start))
}

const idsOf = (sequences: ReadonlyArray<ReadonlyArray<Piece>>, documents: Uint8Array): Uint8Array => {
  const ids = new Uint8Array(sequences.length * RowId.bytes)
  sequences.forEach((pieces, row) => {
    const content = pieces.flatMap(({ document, end, start }) => [
      documents.subarray(document * RowId.bytes, (document + 1) * RowId.bytes),
      new Uint8Array(Uint32Array.of(start, end).buffer)
    ])
    ids.set(hash("sha256", Buffer.concat(content), "buffer").subarray(0, RowId.bytes), row * RowId.bytes)
  })
  return ids
}

const fill = (
  sequences: ReadonlyArray<ReadonlyArray<Piece>>,
  documents: ReadonlyArray<Int32Array>,
  length: number,
  padding: number
) => {
  const tokens = new Int32Array(sequences.length * length).fill(padding)
  const segments = new Int32Array(tokens.length)
  const positions = new Int32Array(tokens.length)
  sequences.forEach((pieces, row) => {
    let at = row * length
    pieces.forEach(({ document, end, start }, index) => {
      tokens.set(documents[document].subarray(start, end), at)
      segments.fill(index + 1, at, at + end - start)
      for (let place = 0; place < end - start; place++) positions[at + place] = place
      at += end - start
    })
  })
  return { tokens, segments, positions }
}

const refuse = (reason: string) => new TextError({ operation: "Text.pack", reason })

/** Packs the documents of a table, now. Pipelines use `pack`. */
const packTable = Effect.fnUntraced(function* <const Length extends number>(
  tokenizer: Tokenizer,
  table: Table.Table,
  column: string,
  { documents: how = "cut", length }: Options<Length>
): Effect.fn.Return<Table.Table<Packed<Length>>, TextError> {
  if (table.columns[column]?.kind !== "text") return yield* refuse(`column "${column}" is no text column`)
  const documents = yield* Effect.try({
    try: () => Table.texts(table, column).map((text) => encode(tokenizer, text, { special: true })),
    catch: (cause) => refuse(`a text of column "${column}" cannot be tokenized: ${String(cause)}`)
  })
  const lengths = documents.map((document) => document.length)
  const sequences = how === "cut" ? inOrder(lengths, length) : bestFit(lengths, length)
  const padding = specialId(tokenizer, "padding")
  const total = lengths.reduce((sum, own) => sum + own, 0)
  if (padding === undefined && total < sequences.length * length) {
    return yield* refuse("the tokenizer has no padding token for what stays empty; name one of its tokens")
  }
  const tensor = Column.tensor([length], "int32")
  const columns: Packed<Length> = { tokens: tensor, segments: tensor, positions: tensor }
  const filled: unknown = fill(sequences, documents, length, padding ?? 0)
  const values = filled as Table.Table<Packed<Length>>["values"] // the three columns
  return yield* Table.make(columns, values, {
    length: sequences.length,
    ids: idsOf(sequences, table.ids)
  }).pipe(Effect.mapError(({ message }) => refuse(message)))
})

/** Packs a train or validation set, now. Pipelines use `pack`. Fails with a `SealedError` for test rows. */
export const packDataset = Effect.fn("Text.pack")(function* <
  C extends Columns,
  P extends "train" | "validation",
  const Name extends string,
  const Length extends number
>(
  tokenizer: Tokenizer,
  dataset: Dataset.Dataset<C, P>,
  column: Accepts<Name, C, Name, "text", "Text.pack">,
  options: Options<Length>
): Effect.fn.Return<Dataset.Dataset<Packed<Length>, P>, TextError | Dataset.SealedError> {
  const table = yield* Dataset.rows(dataset)
  return Dataset.make(yield* packTable(tokenizer, table, column, options), undefined, dataset.partition)
})

/** `Given` for the partitions whose rows may become other rows; else the sentence that the compiler shows. */
type Packable<Given, A> =
  A extends Dataset.Dataset<infer _C, infer P>
    ? "test" extends P
      ? "Text.pack takes the train or validation partition: test rows stay the rows they are"
      : Given
    : A extends Table.Table
      ? "Text.pack takes a partition; this table is not split yet: use Split first"
      : "Text.pack takes the train or validation partition of a Split"

type ColumnOf<A, Name extends string> =
  A extends Dataset.Dataset<infer C, infer _P> ? Accepts<Name, C, Name, "text", "Text.pack"> : never

type PartitionOf<A> = A extends Dataset.Dataset<infer _C, infer P> ? P : never

/** `Given` when `T` is a tokenizer; else the sentence that the compiler shows. */
type Tokenizing<Given, T> = T extends Tokenizer ? Given : "Text.pack takes the tokenizer that Text.fit learned"

/**
 * Packs the documents of a text column into sequences of `length` tokens, start and end tokens of the tokenizer round each
 * document: columns `tokens`, `segments` and `positions`, all int32. Fails with a `TextError` where padding is needed and
 * the tokenizer has no token for it. Throws a RangeError for a length that is no positive integer.
 *
 * @example
 * import { Column, Dataset, Table, Text } from "@watertight/data"
 * import { Effect } from "effect"
 * const program = Effect.gen(function* () {
 *   const table = yield* Table.make({ text: Column.text }, { text: ["a b c", "d e", "f"] }, { length: 3 })
 *   const train = Dataset.make(table, undefined, "train")
 *   const tokenizer = yield* Text.fitDataset(Text.words({ size: 100, minimumCount: 1 }), train, "text")
 *   const packed = yield* Dataset.rows(yield* Text.packDataset(tokenizer, train, "text", { length: 4 }))
 *   return [[...packed.values.tokens], [...packed.values.segments], [...packed.values.positions]]
 * })
 * Effect.runSync(program) // => [[2, 3, 4, 5, 6, 7, 0, 0], [1, 1, 1, 2, 1, 2, 0, 0], [0, 1, 2, 0, 0, 0, 0, 0]]
 */
export const pack = <T, E, R, A, E2, R2, const Name extends string, const Length extends number>(
  tokenizer: Tokenizing<Node.Node<T, E, R>, T>,
  part: Packable<Node.Node<A, E2, R2>, A>,
  column: ColumnOf<A, Name>,
  options: Options<Length>
): Node.Node<Dataset.Dataset<Packed<Length>, PartitionOf<A>>, E | E2 | TextError | Dataset.SealedError, R | R2> => {
  const { documents = "cut", length } = options
  if (!Number.isSafeInteger(length) || length < 1) {
    throw new RangeError(`Text.pack: length is ${length}; give a positive integer`)
  }
  const [learned, dataset]: ReadonlyArray<unknown> = [tokenizer, part]
  const name: string = column
  type P = PartitionOf<A> & ("train" | "validation")
  return Node.make(
    Stage.make({
      name: "pack",
      version: 1,
      params: { column: name, length, documents },
      code: "versioned",
      codec: Dataset.codec<Packed<Length>, PartitionOf<A>>(),
      run: (inputs: { readonly tokenizer: Tokenizer; readonly dataset: Dataset.Dataset<Columns, P> }) =>
        packDataset(inputs.tokenizer, inputs.dataset, name, options)
    }),
    {
      tokenizer: learned as Node.Node<Tokenizer, E, R>, // Tokenizing says so
      dataset: dataset as Node.Node<Dataset.Dataset<Columns, P>, E2, R2> // Packable says so
    }
  )
}
