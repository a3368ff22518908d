import { assert, describe, it } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Clean, Column, Columns, Near, RowId, Source, Table } from "../../src/index.ts"
import { CleanLaws, Tables } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 40)

const holds = (law: Law.Law) => it.effect(law.name, () => law.check({ runs }))
const breaks = (why: string, law: Law.Law) =>
  it.effect(`"${law.name}" fails when ${why}`, () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(law.check({ runs: 200, seed: 1 }))
      assert.strictEqual(violation.law, law.name)
    })
  )

const Person = Columns.make({
  age: Column.optional(Column.float),
  height: Column.float,
  home: Column.category(["own", "rent", "N/A"]),
  born: Column.timestamp,
  note: Column.text,
  photo: Column.tensor([2], "uint8")
})
const people = Tables.arbitrary(Person, { maxLength: 20 })

/** A description over any table of people, and the same on one in memory. */
const described = Clean.of(
  Source.fromTable(
    tableOf(
      Person,
      {
        age: new Float64Array(0),
        height: new Float64Array(0),
        home: new Int32Array(0),
        born: new Float64Array(0),
        note: [],
        photo: new Uint8Array(0)
      },
      0
    )
  )
)
const by =
  <C extends Columns.Columns, E, R>(cleaning: Clean.Cleaning<C, E, R>) =>
  (table: Table.Table) =>
    Clean.applyTable(cleaning, table)

const rowwise = {
  clean: by(
    described.pipe(
      Clean.dropOutside("age", { minimum: -5, maximum: 1e9 }),
      Clean.dropNonFinite(),
      Clean.dropBlank("photo"),
      Clean.dropBlank("note"),
      Clean.drop("renters", (row) => row.home === "rent")
    )
  ),
  tables: people
}
const changing = {
  clean: by(
    described.pipe(
      Clean.sentinel("home", "N/A"),
      Clean.sentinel("height", 0),
      Clean.sentinel("born", "1970-01-01T00:00:00Z"),
      Clean.dropMissing(["home", "age"])
    )
  ),
  tables: people
}

describe("steps that judge each row by itself", () => {
  for (const subject of [rowwise, changing]) {
    holds(CleanLaws.subsequence(subject))
    holds(CleanLaws.counted(subject))
    holds(CleanLaws.pure(subject))
    holds(CleanLaws.rowwise(subject))
    holds(CleanLaws.orderIndependent(subject))
  }
  holds(CleanLaws.idempotent(rowwise))
  const sentinels = {
    clean: by(
      described.pipe(
        Clean.sentinel("home", "N/A"),
        Clean.sentinel("height", 0),
        Clean.sentinel("age", 0),
        Clean.sentinel("born", "1970-01-01T00:00:00Z")
      )
    ),
    tables: people
  }
  holds(CleanLaws.countedMissing(sentinels))
  const twice = (table: Table.Table) =>
    Effect.map(sentinels.clean(table), ({ excluded, table }) => {
      const missing = excluded.missing?.map(({ column, values }) => ({ column, values: 2 * values })) ?? []
      return { table, excluded: { ...excluded, missing } }
    })
  breaks("they are counted twice", CleanLaws.countedMissing({ clean: twice, tables: people }))
})

/** Rows of which many are equal, and many differ in the label only. */
const Copies = Columns.make({ colour: category(4), size: category(3), label: category(2) })
const copies = Tables.arbitrary(Copies, { maxLength: 40 })
const copying = Clean.of(
  Source.fromTable(
    tableOf(
      Copies,
      {
        colour: new Int32Array(0),
        size: new Int32Array(0),
        label: new Int32Array(0)
      },
      0
    )
  )
)

describe("D04 duplicates", () => {
  const exact = { clean: by(copying.pipe(Clean.dropDuplicates())), tables: copies }
  const some = { clean: by(copying.pipe(Clean.dropDuplicates({ by: ["colour"] }))), tables: copies }
  const target = (contradictions: Clean.Contradictions) => ({
    clean: by(copying.pipe(Clean.dropDuplicates({ target: "label", contradictions }))),
    tables: copies
  })
  for (const subject of [exact, some, target("drop"), target("keep")]) {
    holds(CleanLaws.subsequence(subject))
    holds(CleanLaws.counted(subject))
    holds(CleanLaws.idempotent(subject))
    holds(CleanLaws.pure(subject))
    holds(CleanLaws.distinct(subject))
    holds(CleanLaws.orderIndependent(subject))
  }
  holds(CleanLaws.firstStays(exact))
  holds(CleanLaws.firstStays(some))
  holds(CleanLaws.distinct({ ...some, by: ["colour"] }))
  holds(CleanLaws.distinct({ ...target("drop"), by: ["colour", "size"] }))
  const few = Tables.arbitrary(Copies, { maxLength: 4 })
  holds(CleanLaws.distinct({ ...target("fail"), tables: few, by: ["colour", "size"] }))
})

/** Rows that are near in every way: texts with words changed, images with pixels changed, numbers. */
const Alike = Columns.make({
  body: Column.text,
  image: Column.tensor([8, 8], "uint8"),
  a: category(3),
  b: category(3),
  x: Column.float
})
const alike = fc
  .array(fc.record({ of: fc.nat(5), changed: fc.nat(3), a: fc.nat(2), b: fc.nat(2) }), { maxLength: 22 })
  .map((drawn) =>
    tableOf(
      Alike,
      {
        body: drawn.map(({ changed, of }, row) =>
          Array.from({ length: 12 }, (_, word) => (word < changed ? `${row}x${word}` : `${of}w${word}`)).join(" ")
        ),
        image: Uint8Array.from(
          drawn.flatMap(({ changed, of }, row) =>
            Array.from({ length: 64 }, (_, at) => (at < changed ? (row * 37) % 256 : (at * at * (of + 3) * 7) % 256))
          )
        ),
        a: Int32Array.from(drawn, ({ a }) => a),
        b: Int32Array.from(drawn, ({ b }) => b),
        x: Float64Array.from(drawn, ({ of, changed }) => of + changed / 10)
      },
      drawn.length
    )
  )
const alikeCleaning = Clean.of(
  Source.fromTable(
    tableOf(
      Alike,
      { body: [], image: new Uint8Array(0), a: new Int32Array(0), b: new Int32Array(0), x: new Float64Array(0) },
      0
    )
  )
)

describe("D04 near duplicates", () => {
  const nears = [
    Near.text("body", { words: 1, similarity: 0.7 }),
    Near.text("body", { characters: 3, similarity: 0.6 }),
    Near.row({ columns: ["a", "b", "x"], differing: 1, round: { x: 0.5 } })
  ]
  for (const near of [...nears, Near.image("image", { distance: 6 }), Near.image("image", { hash: "difference" })]) {
    const subject = {
      clean: by(
        near.by === "image"
          ? alikeCleaning.pipe(Clean.dropNearDuplicates(near))
          : alikeCleaning.pipe(Clean.dropNearDuplicates(near as Near.Text<"body">))
      ),
      tables: alike,
      near
    }
    describe(JSON.stringify(near), () => {
      holds(CleanLaws.subsequence(subject))
      holds(CleanLaws.counted(subject))
      holds(CleanLaws.idempotent(subject))
      holds(CleanLaws.pure(subject))
      holds(CleanLaws.orderIndependent(subject))
      holds(CleanLaws.firstStays(subject))
      holds(CleanLaws.apart(subject))
    })
  }
})

describe("tables of no row and of one", () => {
  const chain = alikeCleaning.pipe(
    Clean.dropNonFinite(),
    Clean.dropDuplicates({ target: "a", contradictions: "drop" }),
    Clean.dropNearDuplicates(Near.text("body")),
    Clean.dropNearDuplicates(Near.image("image")),
    Clean.dropNearDuplicates(Near.row({ differing: 2 }))
  )
  it.effect("come through", () =>
    Effect.gen(function* () {
      const table = fc.sample(
        alike.filter(({ length }) => length > 0),
        { numRuns: 1, seed: 3 }
      )[0]
      for (const length of [0, 1]) {
        const some = Table.take(
          table,
          Uint32Array.from({ length }, (_, row) => row)
        )
        const { excluded, table: left } = yield* Clean.applyTable(chain, some)
        assert.strictEqual(Table.digest(left), Table.digest(some))
        assert.deepStrictEqual([excluded.rows, excluded.kept], [length, length])
      }
    })
  )
})

describe("the laws of cleaning", () => {
  const keeping =
    (rows: (table: Table.Table<typeof Copies>) => ReadonlyArray<number>) => (table: Table.Table<typeof Copies>) =>
      Effect.sync((): Clean.Cleaned<Columns.Columns> => {
        const kept = Uint32Array.from(rows(table))
        const steps = [{ reason: "left", rows: table.length - kept.length }]
        return { table: Table.take(table, kept), excluded: { rows: table.length, steps, kept: kept.length } }
      })
  const every = (length: number) => Array.from({ length }, (_, row) => row)
  const broken = (rows: Parameters<typeof keeping>[0]) => ({ clean: keeping(rows), tables: copies })
  const all = broken(({ length }) => every(length))
  const mapped = (
    f: (cleaned: Clean.Cleaned<Columns.Columns>, came: Table.Table) => Clean.Cleaned<Columns.Columns>
  ) => ({
    clean: (table: Table.Table<typeof Copies>) => Effect.map(all.clean(table), (cleaned) => f(cleaned, table)),
    tables: copies
  })

  breaks("rows are turned round", CleanLaws.subsequence(broken(({ length }) => every(length).reverse())))
  breaks(
    "a row comes twice",
    CleanLaws.subsequence(broken(({ length }) => [...every(length), 0].slice(length === 0 ? 1 : 0)))
  )
  breaks(
    "ids are made anew",
    CleanLaws.subsequence(
      mapped((cleaned) => ({ ...cleaned, table: { ...cleaned.table, ids: cleaned.table.ids.map((byte) => byte ^ 1) } }))
    )
  )
  breaks(
    "a row leaves in silence",
    CleanLaws.counted(
      mapped(({ excluded, table }) => ({
        excluded,
        table: Table.take(table, Uint32Array.from(every(Math.max(0, table.length - 1))))
      }))
    )
  )
  breaks(
    "a row is counted twice",
    CleanLaws.counted(
      mapped(({ excluded, table }) => ({
        table,
        excluded: { ...excluded, steps: [...excluded.steps, { reason: "again", rows: 1 }] }
      }))
    )
  )
  breaks("the first row leaves each time", CleanLaws.idempotent(broken(({ length }) => every(length).slice(1))))
  breaks(
    "values are changed where they lie",
    CleanLaws.pure(
      mapped((cleaned, came) => {
        const values: ReadonlyArray<RowId.Values> = Object.values(came.values)
        values.forEach((column) => !RowId.isTexts(column) && column.fill(0))
        return cleaned
      })
    )
  )
  breaks("rows are counted", CleanLaws.rowwise(broken(({ length }) => every(Math.min(length, 5)))))
  breaks(
    "rows are compared",
    CleanLaws.rowwise({
      clean: by(copying.pipe(Clean.dropDuplicates({ target: "label", contradictions: "drop" }))),
      tables: copies
    })
  )
  breaks(
    "only neighbours are compared",
    CleanLaws.orderIndependent(
      broken(({ length, values }) =>
        every(length).filter((row) => row === 0 || values.colour[row] !== values.colour[row - 1])
      )
    )
  )
  breaks(
    "only neighbours are compared",
    CleanLaws.distinct({
      ...broken(({ length, values }) =>
        every(length).filter((row) => row === 0 || values.colour[row] !== values.colour[row - 1])
      ),
      by: ["colour"]
    })
  )
  breaks("duplicates stay", CleanLaws.distinct(all))
  breaks(
    "the last stays",
    CleanLaws.firstStays(
      broken(({ length, values }) =>
        every(length).filter((row) => values.colour.lastIndexOf(values.colour[row]) === row)
      )
    )
  )
  breaks(
    "equal rows leave, near ones do not",
    CleanLaws.apart({
      clean: by(alikeCleaning.pipe(Clean.dropDuplicates())),
      tables: alike,
      near: Near.text("body", { similarity: 0.5 })
    })
  )
})

function tableOf<C extends Columns.Columns>(
  columns: C,
  values: Table.Table<C>["values"],
  length: number
): Table.Table<C> {
  return { columns, values, length, ids: RowId.ofContent(columns, values, length) }
}

function category(levels: number) {
  return Column.category(Array.from({ length: levels }, (_, level) => `${level}`))
}
