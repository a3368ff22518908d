/**
 * The noninterference check: change the test rows in every way, and nothing on the train side may notice. It runs a whole
 * pipeline, the user's own stages included, once as it is and once for each intervention on the rows that end up in test,
 * from the source on, and compares the digest of every artifact that comes before the test partition.
 */
import { type Codec, type Digest, Ledger, Node, Pipeline, Stage, Store } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect, Layer } from "effect"
import * as Assignment from "../Assignment.ts"
import type * as Column from "../Column.ts"
import * as RowId from "../RowId.ts"
import * as Table from "../Table.ts"

/**
 * What is done to the test rows: `poison` replaces what they hold, `permute` moves it between them, `drop` takes them out,
 * and `forbid` computes the train side while the test partition cannot be read at all. Instants stay: they place the rows.
 */
export type Intervention = "poison" | "permute" | "drop" | "forbid"

const every: ReadonlyArray<Intervention> = ["poison", "permute", "drop", "forbid"]

/** The law's sentence. */
export const name = "no peeking: changing the test rows changes no digest on the train side"

const idsOf = (ids: Uint8Array): ReadonlyArray<string> => {
  const hex = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString("hex")
  const width = 2 * RowId.bytes
  return Array.from({ length: hex.length / width }, (_, row) => hex.slice(row * width, (row + 1) * width))
}

const rowsWhere = (table: Table.Table, chosen: ReadonlySet<string>, isIn: boolean): Uint32Array =>
  Uint32Array.from(idsOf(table.ids).flatMap((id, row) => (chosen.has(id) === isIn ? [row] : [])))

const poisoned = (column: Column.Column, values: RowId.Numbers, place: number): number => {
  if (column.kind === "category" || column.kind === "optional category") {
    return (values[place] + 1) % column.levels.length
  }
  if (Number.isNaN(values[place])) return -4321.5
  return values instanceof Uint8Array ? 255 - values[place] : -4321.5 - 2 * values[place]
}

const changeTexts = (
  before: ReadonlyArray<string>,
  rows: Uint32Array,
  intervention: "poison" | "permute"
): ReadonlyArray<string> => {
  const after = [...before]
  rows.forEach((row, index) => {
    const other = before[rows[(index + 1) % rows.length]]
    after[row] = intervention === "permute" ? other : `${before[row]} poisoned`
  })
  return after
}

/** Changes what the given rows of a table hold, but not which rows they are. */
const changeRows = (table: Table.Table, rows: Uint32Array, intervention: "poison" | "permute"): Table.Table => {
  const named: Readonly<Record<string, RowId.Values>> = table.values
  const changed = Object.entries(named).map(([name, before]) => {
    const column = table.columns[name]
    if (column.kind === "timestamp") return [name, before]
    if (RowId.isTexts(before)) return [name, changeTexts(before, rows, intervention)]
    const after = before.slice()
    const width = before.length / table.length
    rows.forEach((row, index) => {
      const source = intervention === "permute" ? rows[(index + 1) % rows.length] : row
      for (let offset = 0; offset < width; offset++) {
        const place = source * width + offset
        after[row * width + offset] = intervention === "permute" ? before[place] : poisoned(column, before, place)
      }
    })
    return [name, after]
  })
  return { ...table, ids: table.ids, values: Object.fromEntries(changed) }
}

const intervene = (table: Table.Table, test: ReadonlySet<string>, intervention: Intervention): Table.Table => {
  switch (intervention) {
    case "forbid":
      return table
    case "drop":
      return Table.take(table, rowsWhere(table, test, false))
    case "poison":
    case "permute":
      return changeRows(table, rowsWhere(table, test, true), intervention)
  }
}

/** Places rows as they were placed before, by their ids; equal rows in the order in which they stood. */
const pinned = (before: Table.Table, assignment: Assignment.Assignment, now: Table.Table): Assignment.Assignment => {
  const places = new Map<string, Array<number>>()
  idsOf(before.ids).forEach((id, row) => places.set(id, [...(places.get(id) ?? []), assignment.places[row]]))
  const leftOut = Assignment.places.length - 1
  return { places: Uint8Array.from(idsOf(now.ids), (id) => places.get(id)?.shift() ?? leftOut) }
}

type Split = { readonly table: Node.Any; readonly assignment: Node.Any | undefined }

/** What the check knows of the pipeline as it is. */
interface Observed {
  readonly trainSide: ReadonlyArray<Pipeline.Planned>
  readonly sources: ReadonlySet<Node.Any>
  readonly splits: ReadonlyArray<Split>
  readonly tests: ReadonlyArray<Split>
}

const observe = (planned: ReadonlyArray<Pipeline.Planned>): Observed => {
  const before = (node: Node.Any) => [...node.lineage].every((origin) => origin === "train" || origin === "validation")
  const placing = planned.filter(
    ({ node: { inputs, stage } }) =>
      stage.origin !== undefined && stage.origin !== "unsplit" && inputs["table"] !== undefined // folds are made of train
  )
  const splitOf = ({ node }: Pipeline.Planned): Split => ({
    table: node.inputs["table"],
    assignment: node.inputs["assignment"]
  })
  return {
    trainSide: planned.filter(({ node }) => node.lineage.size > 0 && before(node)),
    sources: new Set(
      planned
        .filter(({ node }) => Object.keys(node.inputs).length === 0 && node.stage.origin === "unsplit")
        .map(({ node }) => node)
    ),
    splits: placing.map(splitOf),
    tests: placing.filter(({ node }) => node.stage.origin === "test").map(splitOf)
  }
}

const fixed = <A>(
  name: string,
  run: (inputs: { readonly table: Table.Table }) => A,
  codec: Codec.Codec<A>,
  table: Node.Any
): Node.Any =>
  Node.make(
    Stage.make({
      name,
      version: 1,
      codec,
      run: (inputs: { readonly table: Table.Table }) => Effect.sync(() => run(inputs))
    }),
    { table: table as Node.Node<Table.Table> } // a source, or the table of a split
  )

/** Runs nodes with an empty store, and gives their digests and values by name. */
const compute = Effect.fnUntraced(
  function* (nodes: ReadonlyMap<string, Node.Any>, seed: number) {
    const { manifest, outputs } = yield* Pipeline.run(Pipeline.make("no peeking", Object.fromEntries(nodes)), { seed })
    const digests = new Map(manifest.nodes.map(({ digest, name }) => [name, digest]))
    const values: Readonly<Record<string, unknown>> = outputs
    return {
      values,
      digests: new Map(
        [...nodes.keys()].map((name): [string, Digest.Digest | undefined] => [
          name,
          digests.get(manifest.outputs[name])
        ])
      )
    }
  },
  Effect.provide(Layer.merge(Store.layerMemory, Ledger.layerMemory), { local: true })
)

const trainSideName = (node: string) => `train side: ${node}`

/** The pipeline as it is: its train side's digests, the tables and assignments of its splits, and who is in test. */
const look = Effect.fnUntraced(function* (observed: Observed, seed: number) {
  const { splits, tests, trainSide } = observed
  const tables = [...new Set(splits.map(({ table }) => table))]
  const assignments = [...new Set(splits.flatMap(({ assignment }) => assignment ?? []))]
  const named =
    (prefix: string) =>
    (node: Node.Any, index: number): [string, Node.Any] => [`${prefix} ${index}`, node]
  const wanted = [
    ...trainSide.map(({ name, node }): [string, Node.Any] => [trainSideName(name), node]),
    ...tables.map(named("table")),
    ...assignments.map(named("assignment"))
  ]
  const { digests, values } = yield* compute(new Map(wanted), seed)
  const tableOf = (node: Node.Any) => values[`table ${tables.indexOf(node)}`] as Table.Table // a split's table
  const assignmentOf = (node: Node.Any) => values[`assignment ${assignments.indexOf(node)}`] as Assignment.Assignment // a split's assignment
  const idsIn = ({ assignment, table }: Split, isTest: boolean): ReadonlyArray<string> => {
    const ids = idsOf(tableOf(table).ids)
    if (assignment === undefined) return tests.some((split) => split.table === table) === isTest ? ids : []
    const test = new Set(Assignment.rows(assignmentOf(assignment), "test"))
    return ids.filter((_, row) => test.has(row) === isTest)
  }
  const kept = new Set(splits.flatMap((split) => idsIn(split, false)))
  const test = new Set(splits.flatMap((split) => idsIn(split, true)).filter((id) => !kept.has(id)))
  return { digests, assignments: new Set(assignments), tableOf, assignmentOf, test }
})

/**
 * Checks a pipeline: fails with a `LawViolation` that names the first artifact that noticed a change in the test rows.
 * Nothing on the test side is computed, and the ledger is not touched. It takes about as long as a training for each
 * intervention, so give it few rows and epochs.
 */
export const check = <O extends Pipeline.Outputs>(
  pipeline: Pipeline.Pipeline<O>,
  options: { readonly seed: number; readonly interventions?: ReadonlyArray<Intervention> }
): Effect.Effect<
  void,
  Law.LawViolation | Pipeline.RunError | Node.Error<O[keyof O]>,
  Exclude<Node.Services<O[keyof O]>, Store.Store | Ledger.Ledger>
> =>
  checkAny(pipeline, options.seed, options.interventions ?? every) as Effect.Effect<
    void,
    Law.LawViolation | Pipeline.RunError | Node.Error<O[keyof O]>,
    Exclude<Node.Services<O[keyof O]>, Store.Store | Ledger.Ledger>
  > // the nodes rebuilt below fail and need what those of the pipeline do

const checkAny = Effect.fn("NoPeeking.check")(function* (
  pipeline: Pipeline.Any,
  seed: number,
  interventions: ReadonlyArray<Intervention>
) {
  const observed = observe(yield* Pipeline.plan(pipeline))
  const { sources, trainSide } = observed
  const { assignmentOf, assignments, digests, tableOf, test } = yield* look(observed, seed)
  for (const intervention of interventions) {
    const rebuilt = Node.rebuild(
      trainSide.map(({ node }) => node),
      (node, inputs) => {
        if (sources.has(node)) {
          return fixed("changed test rows", ({ table }) => intervene(table, test, intervention), Table.codec(), node)
        }
        if (!assignments.has(node)) return undefined
        const before = tableOf(node.inputs["table"])
        return fixed(
          "as it was",
          ({ table }) => pinned(before, assignmentOf(node), table),
          Assignment.codec,
          inputs["table"]
        )
      }
    )
    const nodes = trainSide.map(({ name, node }): [string, Node.Any] => [
      trainSideName(name),
      rebuilt.get(node) ?? node
    ])
    const changed = yield* compute(new Map(nodes), seed)
    for (const { name: node } of trainSide) {
      const [left, right] = [digests.get(trainSideName(node)), changed.digests.get(trainSideName(node))]
      if (left === right) continue
      return yield* new Law.LawViolation({
        law: name,
        counterexample: `${intervention} ${test.size} test rows`,
        seed,
        reason: `"${node}" was ${left?.slice(0, 8)} and became ${right?.slice(0, 8)}`
      })
    }
  }
})
