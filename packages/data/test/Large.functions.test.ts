import { assert, describe, it } from "@effect/vitest"
import { type Digest, Key, type Node } from "@watertight/core"
import { Effect } from "effect"
import {
  Audit,
  Balance,
  Clean,
  Column,
  Columns,
  Dataset,
  Join,
  Loader,
  Near,
  type Partitions,
  Profile,
  Resample,
  Review,
  Sampler,
  Source,
  Split,
  Table,
  Window
} from "../src/index.ts"
import * as Contents from "../src/internal/columns/contents.ts"
import { LargeLaws, Tables } from "../src/testing/index.ts"
import { run } from "./run.ts"

const runs = Math.ceil(Number(process.env.WATERTIGHT_RUNS ?? 50) / 12)

const hundred = Array.from({ length: 100 }, (_, level) => `${level}`)
const Rows = Columns.make({
  x: Column.float,
  z: Column.float,
  user: Column.category(hundred),
  label: Column.category(["a", "b", "c"]),
  embedding: Column.tensor([3]),
  image: Column.tensor([2, 2], "uint8"),
  note: Column.text,
  age: Column.optional(Column.float),
  zone: Column.optional(Column.category(["p", "q"]))
})
type Rows = Table.Table<typeof Rows>
const Visits = Columns.make({
  at: Column.timestamp,
  known: Column.timestamp,
  shop: Column.category(["u", "v", "w"]),
  price: Column.float,
  sold: Column.optional(Column.float),
  note: Column.text
})
type Visits = Table.Table<typeof Visits>

const rows = Tables.arbitrary(Rows, { minLength: 20, maxLength: 60 }).map((table): Rows => {
  const x = table.values.x.map((value) => Math.round(Math.asinh(value)))
  return {
    ...table,
    ids: table.ids,
    values: { ...table.values, x, z: table.values.z.map((z) => Math.abs(Math.asinh(z))) }
  }
})
/** No two rows have one time, so that windows take them, and some labels are known later. */
const visits = Tables.arbitrary(Visits, { minLength: 20, maxLength: 60 }).map((table): Visits => {
  const at = Float64Array.from({ length: table.length }, (_, row) => ((row * 7) % table.length) * 3_600_000)
  const known = at.map((time, row) => time + (row % 3) * 1_800_000)
  const price = table.values.price.map(Math.asinh)
  return { ...table, ids: table.ids, values: { ...table.values, at, known, price } }
})

const shares = { validation: 0.2, test: 0.2 }
const near = Near.row({ columns: ["label", "zone"], differing: 0 })
const rare = Near.row({ columns: ["zone", "user"], differing: 0 })
const noted = Near.text("note", { characters: 1, similarity: 0.9 })

type Part = Dataset.Dataset
const fingerprints = (parts: ReadonlyArray<Part>) => parts.map(({ fingerprint, length }) => [fingerprint, length])

/** What the train and validation sides, and the test rows, of a split are. */
const split = <E>(parts: Partitions.Partitions<Columns.Columns, E, never>) =>
  Effect.map(Effect.all([run(parts.train), run(parts.validation), run(parts.test)]), fingerprints)

const folds = <E>(all: ReadonlyArray<Resample.Fold<Columns.Columns, E, never>>) =>
  Effect.map(
    Effect.all(
      all
        .flatMap(({ train, validation }): ReadonlyArray<Node.Node<Part, unknown>> => [train, validation])
        .map((side) => run(side))
    ),
    fingerprints
  )

const table = <E>(node: Node.Node<Table.Table, E>) => Effect.map(run(node), (found) => Table.digest(found))
const rowsOf = <E>(node: Node.Node<Dataset.Dataset<Columns.Columns, "train">, E>) =>
  Effect.map(Effect.flatMap(run(node), Dataset.rows), (found) => [Table.digest(found), found.ids])

/** A train partition of some rows of a table: every third one is left out. */
const someOf = <C extends Columns.Columns>(all: Table.Table<C>) =>
  Split.make(Source.fromTable(all), {
    name: "some",
    version: 1,
    params: null,
    draws: false,
    assign: ({ length }) =>
      Effect.succeed({ places: Uint8Array.from({ length }, (_, row) => (row < 2 ? row + 1 : row % 3 === 0 ? 3 : 0)) })
  }).train

const json = (value: unknown) => JSON.stringify(value) // of what has a JSON form

const parts = (all: Rows): Audit.Datasets<typeof Rows> => {
  const of = (rest: number) => Uint32Array.from(all.values.x.keys()).filter((row) => row % 3 === rest)
  return {
    train: Dataset.make(all, of(0), "train"),
    validation: Dataset.make(all, of(1), "validation"),
    test: Dataset.make(all, of(2), "test")
  }
}

const batches = (options: Partial<Loader.Settings> & { readonly sampler?: Sampler.Sampler }) => (all: Rows) =>
  Effect.scoped(
    Effect.gen(function* () {
      const loader = yield* Loader.make(Contents.side(Dataset.make(all, undefined, "train"), parts1(all), "train"), {
        features: ["x", "embedding", "image"],
        target: "label",
        batchSize: 7,
        key: Key.fromSeed(3),
        prefetch: 0,
        ...options
      } as never) // the samplers are of its columns
      const read: Array<Digest.Digestible> = []
      for (let step = 0; step < loader.steps; step++) {
        const batch = yield* loader.read({ version: 1, epoch: 1, step })
        read.push([batch.features.slice(), batch.target.slice(), batch.weight.slice()])
      }
      return read
    })
  )
const parts1 = (all: Rows) => Uint32Array.from(all.values.x.keys()).filter((row) => row % 4 !== 1)

type Result<T> = (table: T) => Effect.Effect<Digest.Digestible, unknown>

const ofRows: Readonly<Record<string, Result<Rows>>> = {
  "Split.random": (all) => split(Split.random(Source.fromTable(all), shares)),
  "Split.random, equal rows together": (all) =>
    split(Split.random(Source.fromTable(all), { ...shares, duplicates: "together" })),
  "Split.random, near rows together": (all) => split(Split.random(Source.fromTable(all), { ...shares, near: noted })),
  "Split.stratified": (all) => split(Split.stratified(Source.fromTable(all), { ...shares, on: "label" })),
  "Split.stratified, near rows together": (all) =>
    split(Split.stratified(Source.fromTable(all), { ...shares, on: "label", near: noted })),
  "Split.grouped": (all) => split(Split.grouped(Source.fromTable(all), { ...shares, on: ["user", "z"] })),
  "Split.stratifiedGrouped": (all) =>
    split(Split.stratifiedGrouped(Source.fromTable(all), { ...shares, on: "x", stratify: "label" })),
  "Split.hashed": (all) => split(Split.hashed(Source.fromTable(all), shares)),
  "Split.hashed, near rows together": (all) => split(Split.hashed(Source.fromTable(all), { ...shares, near: noted })),
  "Split.hashedGrouped": (all) => split(Split.hashedGrouped(Source.fromTable(all), { ...shares, on: "user" })),
  "Split.hashedGrouped, near groups together": (all) =>
    split(Split.hashedGrouped(Source.fromTable(all), { ...shares, on: "user", near: noted })),
  "Resample.leaveOneGroupOut, near groups left out": (all) =>
    folds(Resample.leaveOneGroupOut(someOf(all), { on: "label", groups: ["a", "b"], near: rare })),
  "Resample.bootstrap, near rows left out": (all) =>
    folds(Resample.bootstrap(someOf(all), { resamples: 2, near: noted })),
  "Split.given": (all) =>
    split(
      Split.given(
        { train: Source.fromTable(all), test: Source.fromTable(all) },
        { validation: 0.3, stratify: "label", near: noted }
      )
    ),
  "Resample.kFold": (all) => folds(Resample.kFold(someOf(all), { folds: 3, repeats: 2 })),
  "Resample.kFold, near rows together": (all) => folds(Resample.kFold(someOf(all), { folds: 2, near })),
  "Resample.stratified": (all) => folds(Resample.stratified(someOf(all), { folds: 3, on: "label" })),
  "Resample.grouped": (all) => folds(Resample.grouped(someOf(all), { folds: 3, on: "user" })),
  "Resample.stratifiedGrouped": (all) =>
    folds(Resample.stratifiedGrouped(someOf(all), { folds: 2, on: "user", stratify: "label" })),
  "Resample.leaveOneGroupOut": (all) =>
    folds(Resample.leaveOneGroupOut(someOf(all), { on: "label", groups: ["a", "b"] })),
  "Resample.bootstrap": (all) => folds(Resample.bootstrap(someOf(all), { resamples: 2 })),
  "Balance.overSample": (all) => rowsOf(Balance.overSample(someOf(all), { on: "label" })),
  "Balance.underSample": (all) => rowsOf(Balance.underSample(someOf(all), { on: "label" })),
  "Balance.smote": (all) =>
    rowsOf(Balance.smote(someOf(all), { on: "label", neighbors: 2, features: ["x", "z", "user", "embedding"] })),
  "Clean, by row": (all) =>
    table(
      Clean.of(Source.fromTable(all)).pipe(
        Clean.sentinel("x", [0, 1]),
        Clean.sentinel("user", "7"),
        Clean.dropMissing(["age"]),
        Clean.dropOutside("z", { minimum: 1 }),
        Clean.drop("dark", ({ image, note }) => image[0] < 40 && note.length > 1)
      ).table
    ),
  "Clean.dropDuplicates": (all) =>
    table(
      Clean.of(Source.fromTable(all)).pipe(
        Clean.dropDuplicates({ by: ["label", "zone", "note"], target: "label", contradictions: "keep" })
      ).table
    ),
  "Clean.dropNearDuplicates": (all) =>
    table(Clean.of(Source.fromTable(all)).pipe(Clean.dropNearDuplicates(near)).table),
  "Profile.of": (all) => Effect.map(run(Profile.of(someOf(all), { target: "label" })), json),
  "Profile.ofWhole": (all) =>
    Effect.map(run(Profile.ofWhole(Source.fromTable(all), { because: "to see", target: "x" })), json),
  "Audit.ofDatasets": (all) => Effect.map(Audit.ofDatasets(parts(all), { target: "label", groups: ["user"] }), json),
  "Review.labelsOf": (all) =>
    Effect.map(
      Review.labelsOf(
        parts(all).train,
        { target: "label", features: ["x", "z", "zone"], folds: 2, neighbors: 3 },
        Key.fromSeed(5)
      ),
      json
    ),
  "Loader.make": batches({}),
  "Loader.make, balanced": batches({ sampler: Sampler.balanced("label"), last: "keep" }),
  "Loader.make, bucketed": batches({ sampler: Sampler.bucketed("z", { buckets: 3 }) })
}

const periods = { on: "at", validation: 0.2, test: 0.2 } as const

const ofVisits: Readonly<Record<string, Result<Visits>>> = {
  "Split.temporal": (all) => split(Split.temporal(Source.fromTable(all), { ...periods, gap: "1 hour" })),
  "Split.temporal, near rows left out": (all) =>
    split(Split.temporal(Source.fromTable(all), { ...periods, near: noted })),
  "Resample.expanding, near rows left out": (all) =>
    folds(Resample.expanding(someOf(all), { on: "at", folds: 2, near: noted })),
  "Split.temporal, labels that end later": (all) =>
    split(Split.temporal(Source.fromTable(all), { ...periods, labelEnd: "known" })),
  "Split.groupedTemporal": (all) => split(Split.groupedTemporal(Source.fromTable(all), { ...periods, group: "price" })),
  "Resample.expanding": (all) => folds(Resample.expanding(someOf(all), { on: "at", folds: 2, labelEnd: "known" })),
  "Resample.sliding": (all) =>
    folds(Resample.sliding(someOf(all), { on: "at", folds: 2, train: { rows: 5 }, group: "price" })),
  "Resample.combinatorialPurged": (all) =>
    folds(Resample.combinatorialPurged(someOf(all), { on: "at", blocks: 4, validation: 1, ahead: "1 hour" })),
  "Window.lags": (all) => table(Window.lags(Source.fromTable(all), { on: "at", columns: ["price"], past: 2 })),
  "Window.differences": (all) =>
    table(Window.differences(Source.fromTable(all), { on: "at", columns: ["price"], past: 1 })),
  "Window.rolling": (all) =>
    table(
      Window.rolling(Source.fromTable(all), {
        on: "at",
        columns: ["price"],
        over: { rows: 3 },
        statistics: ["mean", "max"]
      })
    ),
  "Window.forwardFill": (all) => table(Window.forwardFill(Source.fromTable(all), { on: "at", columns: ["sold"] })),
  "Window.ahead": (all) => table(Window.ahead(Source.fromTable(all), { on: "at", column: "price", by: 1, as: "next" })),
  "Join.asOf": (all) => {
    const columns = { at: Visits.at, shop: Visits.shop, bid: Visits.price }
    const values = { at: all.values.at, shop: all.values.shop, bid: all.values.price }
    const bids = Source.fromTable({ columns, length: all.length, values, ids: all.ids })
    return table(Join.asOf(Source.fromTable(all), bids, { on: "at", by: "shop", columns: ["bid"] }))
  }
}

const same = <C extends Columns.Columns>(subject: LargeLaws.Subject<C>) =>
  it.effect(subject.name, () =>
    Effect.gen(function* () {
      let made = 0
      const counted = (each: Table.Table<C>) => Effect.tap(subject.result(each), () => Effect.sync(() => made++))
      yield* LargeLaws.sameAsInMemory({ ...subject, result: counted }).check({ runs })
      assert.isAbove(made, 0, "it failed for every table")
    })
  )

describe("tables on disk give the bits of tables in memory", () => {
  for (const [name, result] of Object.entries(ofRows)) same({ name, result, tables: rows })
  for (const [name, result] of Object.entries(ofVisits)) same({ name, result, tables: visits })
})
