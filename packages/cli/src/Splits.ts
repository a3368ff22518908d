/**
 * What `profile` and `audit` look at: the splits of a pipeline module, or a data file with a split made up for looking.
 * What a split is about (its target, its instants, its groups) is read off the pipeline's own stages.
 */
import { Ledger, type Node, Pipeline, Store } from "@watertight/core"
import { Assignment, type Columns, Near, type Partitions, RowId, Source, Split, type Table } from "@watertight/data"
import { Effect, Layer, Predicate } from "effect"
import { type Services, untyped } from "./commands/Run.ts"

/** Any three partitions of a table; their columns are known at run time only. */
export type AnyPartitions = Partitions.Partitions<Columns.Columns>

/** A split of a pipeline. */
export interface Found {
  /** The name of the stage that splits. */
  readonly name: string
  readonly train: AnyPartitions["train"]
  /** All three partitions, where the pipeline's outputs reach them. */
  readonly parts: AnyPartitions | undefined
  /** What the pipeline says its rows are about. */
  readonly about: {
    readonly target?: string
    readonly predictedAt?: string
    readonly labelEnd?: string
    readonly groups?: ReadonlyArray<string>
    readonly near?: Near.Near
  }
}

const textOf = (params: unknown, name: string): string | undefined =>
  Predicate.hasProperty(params, name) && typeof params[name] === "string" ? params[name] : undefined

const textsOf = (params: unknown, name: string): ReadonlyArray<string> => {
  const value = Predicate.hasProperty(params, name) ? params[name] : undefined
  return (Array.isArray(value) ? value : [value]).filter((each) => typeof each === "string")
}

/** The one target that the pipeline's models have; nothing where they have several. */
const targetOf = (planned: ReadonlyArray<Pipeline.Planned>): string | undefined => {
  const targets = new Set(
    planned.flatMap(({ node }) => {
      const target =
        node.stage.name === "train-model" && "train" in node.stage.learns
          ? textOf(node.stage.params, "target")
          : undefined
      return target === undefined ? [] : [target]
    })
  )
  return targets.size === 1 ? [...targets][0] : undefined
}

const aboutSplit = (assignment: Node.Any | undefined) => {
  if (assignment === undefined) return {}
  const { name, params } = assignment.stage
  const [on, labelEnd] = [textOf(params, "on"), textOf(params, "labelEnd")]
  const isTimed = name === "temporal-split" || name === "grouped-temporal-split"
  const near = Predicate.hasProperty(params, "near") ? Near.fromJson(params.near) : undefined
  const groups = isTimed ? textsOf(params, "group") : name.includes("grouped") ? textsOf(params, "on") : []
  return {
    ...(isTimed && on !== undefined ? { predictedAt: on } : {}),
    ...(labelEnd === undefined ? {} : { labelEnd }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(near === undefined ? {} : { near })
  }
}

/** Nodes that a split placed in a partition; the sides of folds are made of train, and are none. */
const placed = (planned: ReadonlyArray<Pipeline.Planned>, origin: string): ReadonlyArray<Node.Any> =>
  planned
    .map(({ node }) => node)
    .filter(({ inputs, stage }) => stage.origin === origin && inputs["table"] !== undefined)

/** Tells whether two partitions are of one split: read off one assignment, or given together. */
const areTogether = (train: Node.Any, other: Node.Any): boolean =>
  other.inputs["assignment"] !== undefined
    ? train.inputs["assignment"] === other.inputs["assignment"]
    : train.inputs["table"] === other.inputs["like"]

/** Finds the splits of which a planned pipeline reaches the train partition. */
export const inPipeline = (planned: ReadonlyArray<Pipeline.Planned>): ReadonlyArray<Found> => {
  const target = targetOf(planned)
  return placed(planned, "train").map((train) => {
    const [validation, test] = ["validation", "test"].map((origin) =>
      placed(planned, origin).find((node) => areTogether(train, node))
    )
    const parts: unknown = { train, validation, test }
    const { assignment } = train.inputs
    return {
      name: assignment?.stage.name ?? "given split",
      train: train as AnyPartitions["train"], // a node that places rows in train
      parts: validation === undefined || test === undefined ? undefined : (parts as AnyPartitions), // nodes that place rows of one table
      about: { ...aboutSplit(assignment), ...(target === undefined ? {} : { target }) }
    }
  })
}

/** What a data file was read as. */
export interface DataFile {
  readonly table: Node.Node<Table.Table, unknown, unknown>
  readonly columns: Columns.Columns
  /** Columns that were left out, and why. */
  readonly notes: ReadonlyArray<string>
}

const dataFile = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet|parq|pq|arrows?|feather|ipc|npz)(\.gz)?$/

/** Tells by its name whether a file holds data. */
export const isData = (file: string): boolean => dataFile.test(file)

/** Reads a data file with columns guessed from all of its rows. */
export const readFile = Effect.fnUntraced(function* (file: string) {
  const { columns, isWhole, notes, source } = yield* Source.infer(file, { rows: 10_000_000 })
  const left = Object.entries(notes).filter(([name]) => columns[name] === undefined)
  const { arrow, csv, json, npz, parquet } = Source
  const of = { arrow, csv, json, npz, parquet }[source]
  const delimiter = source === "csv" && /\.tsv(\.gz)?$/.test(file) ? { delimiter: "\t" } : undefined
  const table: Node.Node<Table.Table, unknown, unknown> =
    delimiter === undefined ? of(file, columns) : Source.csv(file, columns, delimiter)
  const found: DataFile = {
    table,
    columns,
    notes: [
      ...left.map(([name, why]) => `${name} is left out: ${why}`),
      ...(isWhole ? [] : ["columns are guessed from the first 10,000,000 rows"])
    ]
  }
  return found
})

/** The shares of the split that is made up for looking at a file. */
export const shares = { validation: 0.1, test: 0.1 } as const

/**
 * Splits a file's rows by their ids alone, 80 / 10 / 10, so that a row stays where it is when others come or go. It is
 * for looking: a pipeline's own split says which rows are tested on.
 */
export const hashed = (table: Node.Node<Table.Table, unknown, unknown>): AnyPartitions =>
  Split.make(table, {
    name: "split-for-looking",
    version: 1,
    code: "versioned",
    draws: false,
    params: shares,
    assign: ({ ids, length }) =>
      Effect.sync(() => {
        const view = new DataView(ids.buffer, ids.byteOffset, ids.byteLength)
        const placeOf = (uniform: number): Assignment.Place =>
          uniform < shares.test ? "test" : uniform < shares.test + shares.validation ? "validation" : "train"
        const places = Uint8Array.from({ length }, (_, row) =>
          Assignment.code(placeOf(view.getUint32(row * RowId.bytes + 12) / 2 ** 32))
        )
        return { places }
      })
  })

/** Computes nodes without a store: nothing of looking is kept. */
export const compute = <A extends Readonly<Record<string, unknown>>>(
  outputs: { readonly [K in keyof A]: Node.Node<A[K], unknown, unknown> },
  seed: number
): Effect.Effect<A, unknown, Exclude<Services, Store.Store | Ledger.Ledger>> =>
  untyped(Pipeline.run(Pipeline.make("looking", outputs), { seed })).pipe(
    Effect.map(({ outputs }) => outputs as unknown as A), // the outputs given
    Effect.provide(Layer.merge(Store.layerMemory, Ledger.layerMemory))
  )
