/**
 * The laws of audits: what is planted is found, clean data gives nothing to find, the order of rows does not count, and of
 * the test rows nothing but counts, distances and scores comes out. Each takes a way of auditing three partitions.
 */
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import type * as Audit from "../Audit.ts"
import * as Column from "../Column.ts"
import * as Columns from "../Columns.ts"
import * as Dataset from "../Dataset.ts"
import { draws } from "./internal/splitMix.ts"
import * as RowId from "../RowId.ts"
import { type Table, take } from "../Table.ts"
import * as Tables from "./Tables.ts"
import * as TableLaw from "./internal/tableLaw.ts"

/** The columns the laws plant leaks in. */
export const Rows = Columns.make({
  a: Column.float,
  b: Column.float,
  zone: Column.category(["x", "y", "z"]),
  user: Column.float,
  at: Column.timestamp,
  label: Column.category(["no", "yes"])
})

type Partition = "train" | "validation" | "test"
type Parts = Readonly<Record<Partition, Table<typeof Rows>>>

/** A way of auditing. */
export type Subject = (
  parts: Audit.Datasets<typeof Rows>,
  options: Audit.Named<typeof Rows>
) => Effect.Effect<Audit.Audit, unknown>

const withIds = (values: Table<typeof Rows>["values"], length: number): Table<typeof Rows> => ({
  columns: Rows,
  length,
  values,
  ids: RowId.ofContent(Rows, values, length)
})

const day = 86_400_000

/** Rows without a leak: users of their own for each partition, later days for later partitions, a label that `a` sways. */
const clean = (seed: number, length: number, from: number): Table<typeof Rows> => {
  const draw = draws(seed)
  const bell = () => draw() + draw() + draw() + draw() - 2
  const a = Float64Array.from({ length }, bell)
  const values = {
    a,
    b: Float64Array.from({ length }, bell),
    zone: Int32Array.from({ length }, () => Math.floor(3 * draw())),
    user: Float64Array.from({ length }, () => from + Math.floor(draw() * 50)),
    at: Float64Array.from({ length }, () => day * (from + Math.floor(draw() * 50))),
    label: Int32Array.from(a, (value) => (value + bell() > 0 ? 1 : 0))
  }
  return withIds(values, length)
}

const casesOf = (least: number) =>
  fc.record({ seed: fc.nat(1_000_000), rows: fc.integer({ min: least, max: least + 100 }), onDisk: fc.boolean() })
const cases = casesOf(200)
type Case = { readonly seed: number; readonly rows: number; readonly onDisk: boolean }

const split = ({ rows, seed }: Case): Parts => ({
  train: clean(seed, rows, 0),
  validation: clean(seed + 1_000_003, rows, 100),
  test: clean(seed + 2_000_003, rows, 200)
})

const datasets = ({ onDisk }: Case, { test, train, validation }: Parts): Audit.Datasets<typeof Rows> => {
  const lying = (table: Table<typeof Rows>) => (onDisk ? Tables.onDisk(table, 60) : table)
  return {
    train: Dataset.make(lying(train), undefined, "train"),
    validation: Dataset.make(lying(validation), undefined, "validation"),
    test: Dataset.make(lying(test), undefined, "test")
  }
}

const options = { target: "label", groups: ["user"], predictedAt: "at" } as const

/** Findings that are leaks: a small validation set is none. */
const leaks = ({ findings }: Audit.Audit) => findings.filter(({ leakage }) => leakage !== null)

const finds =
  (
    name: string,
    code: string,
    plant: (tables: Parts, at: Case) => Parts,
    check: (found: Audit.Audit["findings"][number], planted: Parts) => void = () => undefined,
    { rows = 200, target = "label" }: { readonly target?: "label" | "zone"; readonly rows?: number } = {}
  ) =>
  (audit: Subject): Law.Law =>
    TableLaw.make(name, casesOf(rows), (at) =>
      Effect.gen(function* () {
        const planted = plant(split(at), at)
        const report = yield* audit(datasets(at, planted), { ...options, target })
        const found = report.findings.find((finding) => finding.code === code)
        if (found === undefined) return Law.ensure(false, () => `no finding "${code}"`)
        check(found, planted)
      })
    )

const joined = (left: Table<typeof Rows>, right: Table<typeof Rows>): Table<typeof Rows> => {
  const length = left.length + right.length
  const floats = (name: "a" | "b" | "user" | "at") => Float64Array.of(...left.values[name], ...right.values[name])
  const codes = (name: "zone" | "label") => Int32Array.of(...left.values[name], ...right.values[name])
  const values = {
    a: floats("a"),
    b: floats("b"),
    zone: codes("zone"),
    user: floats("user"),
    at: floats("at"),
    label: codes("label")
  }
  return withIds(values, length)
}

const changed = (table: Table<typeof Rows>, values: Partial<Table<typeof Rows>["values"]>): Table<typeof Rows> =>
  withIds({ ...table.values, ...values }, table.length)

/** A row of train that is in test too is found, counted and named. */
export const duplicates = finds(
  "audit: a row that is in train and in test is found and named",
  "duplicates",
  (tables) => ({ ...tables, test: joined(tables.test, take(tables.train, Uint32Array.of(7))) }),
  (found, { train }) => {
    const id = Buffer.from(train.ids.subarray(7 * RowId.bytes, 8 * RowId.bytes)).toString("hex")
    Law.ensure(found.count === 1 && found.ids[0] === id && found.rows[0] === 7, () => `found ${JSON.stringify(found)}`)
    Law.ensure(found.leakage === "L1.4", () => `it is called ${found.leakage}`)
  }
)

/** Equal features with another target are found. */
export const equalFeatures = finds(
  "audit: equal features with another target are found",
  "equal-features",
  (tables) => {
    const row = take(tables.train, Uint32Array.of(3))
    return { ...tables, test: joined(tables.test, changed(row, { label: Int32Array.of(1 - row.values.label[0]) })) }
  },
  (found) => Law.ensure(found.count === 1 && found.rows[0] === 3, () => `found ${JSON.stringify(found)}`)
)

/** A group on two sides is found. */
export const groups = finds(
  "audit: a group that is in train and in test is found",
  "groups",
  (tables) => ({
    ...tables,
    test: changed(tables.test, {
      user: tables.test.values.user.map((user, row) => (row === 0 ? tables.train.values.user[0] : user))
    })
  }),
  (found, { train }) => {
    const rows = train.values.user.filter((user) => user === train.values.user[0]).length
    Law.ensure(found.count === rows && found.column === "user", () => `found ${JSON.stringify(found)}`)
  }
)

/** A column that is the target in other words is found. */
export const proxy = finds(
  "audit: a column that is the target in other words is found",
  "proxy",
  (tables) => {
    const told = (table: Table<typeof Rows>) =>
      changed(table, { b: table.values.b.map((value, row) => value + 5 * table.values.label[row]) })
    return { train: told(tables.train), validation: told(tables.validation), test: told(tables.test) }
  },
  (found) => Law.ensure(found.column === "b", () => `it is ${found.column}`)
)

/** A column that is set for one rare class only, of eighty rows, is found, and the class named: twenty can be too few. */
export const classProxy = finds(
  "audit: a column that gives one class of few rows away is found",
  "class-proxy",
  (tables) => {
    const told = (table: Table<typeof Rows>) => {
      const zone = table.values.zone.map((_, row) => (row % 10 === 0 ? 2 : row % 2))
      return changed(table, { zone, b: table.values.b.map((value, row) => (zone[row] === 2 ? value + 50 : value)) })
    }
    return { train: told(tables.train), validation: told(tables.validation), test: told(tables.test) }
  },
  (found) => Law.ensure(found.column === "b" && found.message.includes('"z"'), () => `it says ${found.message}`),
  { target: "zone", rows: 800 }
)

/** Train rows that are later than test rows are found. */
export const future = finds(
  "audit: train rows that are later than a test row are found",
  "time-order",
  (tables) => ({
    ...tables,
    train: changed(tables.train, { at: tables.train.values.at.map((at, row) => (row === 5 ? 400 * day : at)) })
  }),
  (found) => Law.ensure(found.count === 1 && found.rows[0] === 5, () => `found ${JSON.stringify(found)}`)
)

/** A shift of one column is found. */
export const drift = finds("audit: a column that moved by one deviation is found", "drift", (tables) => ({
  ...tables,
  test: changed(tables.test, { b: tables.test.values.b.map((value) => value + 0.6) })
}))

/** Clean data gives no finding, at a rate of false alarms of one in ten thousand. */
export const quiet = (audit: Subject): Law.Law =>
  TableLaw.make("audit: clean data gives no finding", cases, (at) =>
    Effect.gen(function* () {
      const [first] = leaks(yield* audit(datasets(at, split(at)), { ...options, falseAlarm: 1e-4 }))
      Law.ensure(first === undefined, () => `"${first?.code}": ${first?.message}`)
    })
  )

const unplaced = (audit: Audit.Audit) =>
  JSON.stringify({
    ...audit,
    findings: audit.findings.map((finding) => ({ ...finding, rows: finding.rows.length, ids: [...finding.ids].sort() }))
  })

/** The order of the rows changes nothing. */
export const order = (audit: Subject): Law.Law =>
  TableLaw.make("audit: the order of the rows changes nothing", cases, (at) =>
    Effect.gen(function* () {
      const planted = split(at)
      const turned = (table: Table<typeof Rows>) =>
        take(
          table,
          Uint32Array.from({ length: table.length }, (_, row) => (row * 7 + at.seed) % table.length)
        )
      const isTurn = at.rows % 7 !== 0
      if (!isTurn) return
      const before = unplaced(yield* audit(datasets(at, planted), options))
      const after = unplaced(
        yield* audit(
          datasets(at, {
            train: turned(planted.train),
            validation: turned(planted.validation),
            test: turned(planted.test)
          }),
          options
        )
      )
      Law.ensure(before === after, () => `${before} became ${after}`)
    })
  )

/** Marks that no figure of an audit comes to by itself. */
const marks = { number: 31_415.926_535, user: 271_828 }

/**
 * What test rows hold comes out as nothing but counts, distances and scores: values planted in them are nowhere in the
 * audit, their ids neither, and what it says about train alone does not change.
 */
export const sealed = (audit: Subject): Law.Law =>
  TableLaw.make("audit: nothing that a test row holds comes out", cases, (at) =>
    Effect.gen(function* () {
      const tables = split(at)
      const poisoned = changed(tables.test, {
        a: tables.test.values.a.map(() => marks.number),
        user: tables.test.values.user.map(() => marks.user),
        label: tables.test.values.label.map((code) => 1 - code)
      })
      const before = yield* audit(datasets(at, tables), options)
      const after = yield* audit(datasets(at, { ...tables, test: poisoned }), options)
      const text = JSON.stringify(after)
      Law.ensure(
        !text.includes("31415.9") && !text.includes("271828"),
        () => "a value of the test rows is in the audit"
      )
      const hex = Buffer.from(poisoned.ids).toString("hex")
      const isOut = after.findings.some(({ ids }) => ids.some((id) => hex.includes(id)))
      Law.ensure(!isOut, () => "the id of a test row is in the audit")
      const aboutTrain = ({ drifts, powers, rows }: Audit.Audit) =>
        JSON.stringify([rows, powers, drifts.filter(({ right }) => right !== "test")])
      Law.ensure(aboutTrain(before) === aboutTrain(after), () => "what it says about train and validation changed")
    })
  )

/** Partitions of no row and of one row have an audit. */
export const small = (audit: Subject): Law.Law =>
  TableLaw.make(
    "audit: no row and one row have an audit",
    fc.record({ seed: fc.nat(), rows: fc.integer({ min: 0, max: 1 }), onDisk: fc.boolean() }),
    (at) =>
      Effect.gen(function* () {
        const found = yield* audit(datasets(at, split(at)), options)
        Law.ensure(found.rows.test === at.rows, () => `${found.rows.test} rows`)
        Law.ensure(leaks(found).length === 0, () => `found ${JSON.stringify(leaks(found))}`)
      })
  )

/** All laws of a way of auditing. */
export const all = (audit: Subject): ReadonlyArray<Law.Law> =>
  [duplicates, equalFeatures, groups, proxy, classProxy, future, drift, quiet, order, sealed, small].map((law) =>
    law(audit)
  )
