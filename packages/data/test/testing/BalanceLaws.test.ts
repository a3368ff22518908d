import { assert, describe, it } from "@effect/vitest"
import { type Node, Stage, Node as Nodes } from "@watertight/core"
import { Effect } from "effect"
import type * as fc from "fast-check"
import { Balance, Column, Columns, Dataset, type Split, Table } from "../../src/index.ts"
import { BalanceLaws, Tables } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 25)
const Given = Columns.make({ x: Column.float, z: Column.float, label: Column.category(["a", "b"]) })
type Train = Node.Node<Dataset.Dataset<typeof Given, "train">, Split.SplitError>
const tables: fc.Arbitrary<Table.Table<typeof Given>> = Tables.arbitrary(Given, { maxLength: 24 })
const on = { on: "label" } as const

const subjects = {
  "over-sampling": { ratio: 1, balance: (train: Train) => Balance.overSample(train, on) },
  "over-sampling to a half": {
    ratio: 0.5,
    balance: (train: Train) => Balance.overSample(train, { ...on, ratio: 0.5 })
  },
  "under-sampling": { ratio: 1, balance: (train: Train) => Balance.underSample(train, on) },
  SMOTE: { ratio: 1, balance: (train: Train) => Balance.smote(train, { ...on, neighbors: 2 }) }
}

describe("BalanceLaws", () => {
  for (const [name, { balance, ratio }] of Object.entries(subjects)) {
    const subject = { balance, on: "label", tables }
    const laws = [
      BalanceLaws.balances({ ...subject, ratio }),
      BalanceLaws.ignoresOrder(subject),
      BalanceLaws.staysWithin({ ...subject, columns: ["x", "z"] })
    ]
    for (const law of laws) it.effect(`D03 ${name}: ${law.name}`, () => law.check({ runs }))
  }

  /** Makes a function of train rows that does what it should not. */
  const broken = (change: (table: Table.Table<typeof Given>) => Table.Table<typeof Given>) => ({
    on: "label",
    tables,
    balance: (train: Train) =>
      Nodes.make(
        Stage.make({
          name: "broken",
          version: 1,
          learns: { dataset: ["train"] },
          codec: Dataset.codec<typeof Given, "train">(),
          run: ({ dataset }: { readonly dataset: Dataset.Dataset<typeof Given, "train"> }) =>
            Effect.map(Dataset.rows(dataset), (table) => Dataset.make(change(table), undefined, "train"))
        }),
        { dataset: train }
      )
  })
  const message = (law: { readonly check: (options: { runs: number }) => Effect.Effect<void, Error> }) =>
    Effect.map(Effect.flip(law.check({ runs: 200 })), (error) => error.message)

  it.effect("fail for what balances nothing, goes by place, or makes up numbers", () =>
    Effect.gen(function* () {
      const nothing = broken((table) => table)
      assert.match(yield* message(BalanceLaws.balances({ ...nothing, ratio: 1 })), /the rarest class has \d+ rows/)
      const first = broken((table) => Table.take(table, Uint32Array.of(0)))
      assert.match(yield* message(BalanceLaws.ignoresOrder(first)), /other rows come out/)
      const more = broken((table) => ({
        ...table,
        ids: table.ids,
        values: { ...table.values, x: table.values.x.map((x) => x + 1) }
      }))
      assert.match(yield* message(BalanceLaws.staysWithin({ ...more, columns: ["x"] })), /column x of class/)
    })
  )
})
