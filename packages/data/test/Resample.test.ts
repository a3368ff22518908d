import * as Contents from "../src/internal/columns/contents.ts"
import { assert, describe, it } from "@effect/vitest"
import { Codec, Ledger, Node, Pipeline, Stage, Store } from "@watertight/core"
import { Effect, Layer, Schema } from "effect"
import { readFileSync } from "node:fs"
import { Column, Columns, Dataset, Recipe, Resample, type RowId, Source, Split, Table } from "../src/index.ts"
import { NoPeeking } from "../src/testing/index.ts"
import { run } from "./run.ts"

interface Fixtures {
  readonly kFold: ReadonlyArray<{ readonly rows: number; readonly folds: number; readonly sizes: Sizes }>
  readonly stratified: {
    readonly codes: ReadonlyArray<number>
    readonly folds: number
    readonly counts: ReadonlyArray<ReadonlyArray<number>>
  }
  readonly grouped: {
    readonly groups: ReadonlyArray<number>
    readonly folds: number
    readonly sizes: Sizes
    readonly leaveOneOut: Sizes
  }
  readonly time: ReadonlyArray<{
    readonly rows: number
    readonly folds: number
    readonly gap: number
    readonly train: number | null
    readonly windows: Array<Array<number | undefined>>
  }>
}
type Sizes = Array<Array<number>>
const fixtures: Fixtures = JSON.parse(readFileSync(new URL("./fixtures/split_fixtures.json", import.meta.url), "utf8"))

const day = 86_400_000
const Points = Columns.make({ x: Column.float, label: Column.category(["a", "b", "c"]) })
const Times = Columns.make({ x: Column.float, t: Column.timestamp })
const Groups = Columns.make({ x: Column.float, who: Column.group(Column.float) })

const tableOf = <C extends Columns.Columns>(columns: C, values: Table.Table<C>["values"]) => {
  const named: Readonly<Record<string, RowId.Values>> = values
  return Effect.runSync(Table.make(columns, values, { length: Object.values(named)[0].length }))
}
const counting = (length: number) => Float64Array.from({ length }, (_, row) => row)
const points = (length: number, codeOf = (row: number) => row % 3) =>
  tableOf(Points, { x: counting(length), label: Int32Array.from(counting(length), codeOf) })
const daily = (length: number) => tableOf(Times, { x: counting(length), t: counting(length).map((row) => row * day) })
const grouped = (who: ReadonlyArray<number>) =>
  tableOf(Groups, { x: counting(who.length), who: Float64Array.from(who) })

/** All rows of a table as a train partition. */
const whole = <C extends Columns.Columns, P extends Dataset.Partition = "train">(
  table: Table.Table<C>,
  partition = "train" as P
) =>
  Node.make(
    Stage.make({
      name: partition,
      version: 1,
      origin: partition,
      codec: Dataset.codec<C, P>(),
      run: (_: { readonly table: Table.Table<C> }) => Effect.succeed(Dataset.make(table, undefined, partition))
    }),
    { table: Source.fromTable(table) }
  )

type WithX = { readonly x: Column.Float }
const xs = <C extends WithX, E>(side: Node.Node<Dataset.Dataset<C, "train" | "validation">, E>, seed = 0) =>
  run(side, seed).pipe(
    Effect.flatMap(Dataset.rows),
    Effect.map((rows) => [...(rows.values.x as Float64Array)])
  )
const sides = <C extends WithX, E>(folds: ReadonlyArray<Resample.Fold<C, E, never>>, seed = 0) =>
  Effect.forEach(folds, ({ train, validation }) =>
    Effect.all({ train: xs(train, seed), validation: xs(validation, seed) })
  )
const sizes = <C extends WithX, E>(folds: ReadonlyArray<Resample.Fold<C, E, never>>) =>
  Effect.map(sides(folds), (all) => all.map(({ train, validation }) => [train.length, validation.length]))
const message = <C extends Columns.Columns, E extends { readonly message: string }>(
  folds: ReadonlyArray<Resample.Fold<C, E, never>>
) => Effect.map(Effect.flip(Effect.forEach(folds, ({ train }) => run(train))), (error) => error.message)

describe("Resample.kFold", () => {
  it.effect("has the sizes of scikit-learn's KFold", () =>
    Effect.gen(function* () {
      for (const { folds, rows, sizes: expected } of fixtures.kFold) {
        assert.deepStrictEqual(yield* sizes(Resample.kFold(whole(points(rows)), { folds })), expected)
      }
    })
  )

  it.effect("depends on the seed, and each repetition draws anew", () =>
    Effect.gen(function* () {
      const folds = () => Resample.kFold(whole(points(60)), { folds: 3, repeats: 2 })
      const names = [1, 2].flatMap((repeat) => [1, 2, 3].map((fold) => `repeat-${repeat}-fold-${fold}`))
      assert.deepStrictEqual(
        folds().map(({ name }) => name),
        names
      )
      const drawn = yield* sides(folds(), 7)
      assert.deepStrictEqual(yield* sides(folds(), 7), drawn)
      assert.notDeepEqual(yield* sides(folds(), 8), drawn)
      assert.notDeepEqual(drawn.slice(0, 3), drawn.slice(3))
    })
  )

  it.effect("draws what it always did", () =>
    Effect.gen(function* () {
      const drawn = yield* sides(Resample.kFold(whole(points(9)), { folds: 3 }), 42)
      assert.deepStrictEqual(
        drawn.map(({ validation }) => validation.join("")),
        ["135", "246", "078"]
      )
    })
  )

  it("gives every fold an address, and so keys, of its own", () => {
    const train = whole(points(30))
    const folds = [...Resample.kFold(train, { folds: 3 }), ...Resample.kFold(train, { folds: 3, repeats: 2 })]
    const fits = folds.map((fold) => Recipe.fit(Recipe.of(fold.train).pipe(Recipe.standardize("x")), fold.train))
    assert.strictEqual(new Set(fits.map(({ address }) => address)).size, 9)
    assert.deepStrictEqual([...folds[0].train.lineage], ["train"])
    assert.deepStrictEqual([...folds[0].validation.lineage], ["validation"])
  })

  it.effect("refuses counts that are none, and more folds than rows", () =>
    Effect.gen(function* () {
      const train = whole(points(5))
      for (const folds of [0, 1, 2.5, NaN, 256, Infinity]) {
        const expected = `Resample.kFold: folds is ${folds}. Give a whole number from 2 to 255.`
        assert.strictEqual(yield* message(Resample.kFold(train, { folds })), expected)
      }
      assert.include(yield* message(Resample.kFold(train, { folds: 2, repeats: 0 })), "repeats is 0")
      const many = yield* message(Resample.kFold(train, { folds: 6 }))
      assert.include(many, "k-fold, fold-6: validation would get none of the 5 rows. Ask for fewer or larger folds")
    })
  )
})

describe("Resample.stratified", () => {
  it.effect("D35: has the classes of scikit-learn's StratifiedKFold, within one row", () =>
    Effect.gen(function* () {
      const { codes, counts, folds } = fixtures.stratified
      const train = whole(points(codes.length, (row) => codes[row]))
      const drawn = yield* sides(Resample.stratified(train, { on: "label", folds }))
      drawn.forEach(({ validation }, fold) => {
        counts[fold].forEach((count, code) => {
          assert.closeTo(validation.filter((x) => codes[x] === code).length, count, 1)
        })
      })
    })
  )
})

describe("Resample.grouped", () => {
  const { folds, groups, leaveOneOut, sizes: expected } = fixtures.grouped

  it.effect("has the sizes of scikit-learn's GroupKFold where groups are of one size", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* sizes(Resample.grouped(whole(grouped(groups)), { on: "who", folds })), expected)
    })
  )

  it.effect("leaves out one group at a time", () =>
    Effect.gen(function* () {
      const train = whole(grouped(groups))
      const all = [...new Set(groups)]
      assert.deepStrictEqual(yield* sizes(Resample.leaveOneGroupOut(train, { on: "who", groups: all })), leaveOneOut)
      const two = Resample.leaveOneGroupOut(train, { on: "who", groups: [3, 5] })
      assert.deepStrictEqual(
        (yield* sides(two)).map(({ validation }) => validation),
        [
          [15, 16, 17, 18, 19],
          [25, 26, 27, 28, 29]
        ]
      )
      const none = yield* message(Resample.leaveOneGroupOut(train, { on: "who", groups: [99] }))
      assert.include(none, "without-99: validation would get none of the 60 rows")
    })
  )
})

describe("windows through time", () => {
  it.effect("D34: are those of scikit-learn's TimeSeriesSplit", () =>
    Effect.gen(function* () {
      for (const { folds, gap, rows, train: most, windows } of fixtures.time) {
        const train = whole(daily(rows))
        const options = { on: "t", folds, ...(gap === 0 ? {} : { gap: `${gap + 1} days` as const }) } as const
        const resampled =
          most === null
            ? Resample.expanding(train, options)
            : Resample.sliding(train, { ...options, train: { rows: most } })
        const ranges = (yield* sides(resampled)).map(({ train, validation }) => {
          const isWhole = (range: ReadonlyArray<number>) => range.at(-1) === range[0] + range.length - 1
          assert.isTrue(isWhole(train) && isWhole(validation))
          return [train[0], train.at(-1), validation[0], validation.at(-1)]
        })
        assert.deepStrictEqual(ranges, windows)
      }
    })
  )

  it.effect("are laid by lengths of time", () =>
    Effect.gen(function* () {
      const train = whole(daily(20))
      const expanding = yield* sides(Resample.expanding(train, { on: "t", folds: 2, validation: "3 days" }))
      assert.deepStrictEqual(
        expanding.map(({ train, validation }) => [train.length, ...validation]),
        [
          [14, 14, 15, 16],
          [17, 17, 18, 19]
        ]
      )
      const options = { on: "t", folds: 2, validation: "3 days", train: "4 days", gap: "2 days" } as const
      const sliding = yield* sides(Resample.sliding(train, options))
      assert.deepStrictEqual(
        sliding.map(({ train }) => train),
        [
          [9, 10, 11, 12],
          [12, 13, 14, 15]
        ]
      )
    })
  )

  it.effect("keep groups apart", () =>
    Effect.gen(function* () {
      const columns = { ...Groups, t: Column.timestamp }
      const who = Float64Array.of(1, 2, 3, 1, 4, 2)
      const table = tableOf(columns, { x: counting(6), who, t: counting(6).map((row) => row * day) })
      const folds = Resample.expanding(whole(table), { on: "t", group: "who", folds: 2 })
      assert.deepStrictEqual(yield* sides(folds), [
        { train: [1], validation: [2, 3] },
        { train: [0, 2, 3], validation: [4, 5] }
      ])
    })
  )

  it.effect("refuse periods that leave nothing", () =>
    Effect.gen(function* () {
      const train = whole(daily(10))
      const windows = (rows: number) => message(Resample.expanding(train, { on: "t", folds: 2, validation: { rows } }))
      const reason = "2 windows of 5 rows and train before them do not fit into 10 rows"
      assert.include(yield* windows(5), reason)
      assert.include(yield* windows(0), "2 windows of 0 rows")
      assert.include(
        yield* message(Resample.sliding(train, { on: "t", folds: 2, train: { rows: 0 } })),
        "train.rows is 0"
      )
      const none = Resample.sliding(train, { on: "t", folds: 2, train: "0 days" })
      assert.include(yield* message(none), 'train is "0 days" long')
      const long = Resample.expanding(train, { on: "t", folds: 2, validation: "5 days" })
      assert.include(yield* message(long), "train would get none of the 10 rows")
    })
  )
})

describe("Resample.combinatorialPurged", () => {
  it.effect("lets every choice of blocks validate once, purges and keeps the embargo", () =>
    Effect.gen(function* () {
      const train = whole(daily(12))
      const folds = Resample.combinatorialPurged(train, { on: "t", blocks: 4, ahead: "1 day", embargo: "2 days" })
      assert.deepStrictEqual(
        folds.map(({ name }) => name),
        ["blocks-1-2", "blocks-1-3", "blocks-1-4", "blocks-2-3", "blocks-2-4", "blocks-3-4"]
      )
      const drawn = yield* sides(folds)
      assert.deepStrictEqual(drawn[1], { train: [5, 11], validation: [0, 1, 2, 6, 7, 8] })
      assert.deepStrictEqual(drawn[5], { train: [0, 1, 2, 3, 4, 5], validation: [6, 7, 8, 9, 10, 11] })
    })
  )

  it.effect("refuses choices that are none, or too many", () =>
    Effect.gen(function* () {
      const train = whole(daily(12))
      const choose = (blocks: number, validation: number) =>
        message(Resample.combinatorialPurged(train, { on: "t", blocks, validation }))
      assert.include(yield* choose(4, 4), "4 of 4 blocks validate, which is 1 folds")
      assert.include(yield* choose(4, 0), "0 of 4 blocks validate, which is no number of folds")
      assert.include(yield* choose(20, 10), "at most 255 folds")
      assert.include(yield* choose(1e6, 5e5), "at most 255 folds")
      assert.include(yield* choose(20, 1), "block 1 of 20 has none of the 12 rows")
    })
  )
})

describe("Resample.bootstrap", () => {
  it.effect("draws rows with replacement: about 37 % are not drawn", () =>
    Effect.gen(function* () {
      const folds = Resample.bootstrap(whole(points(5000)), { resamples: 2 })
      const [one, two] = yield* sides(folds)
      assert.strictEqual(one.train.length, 5000)
      assert.closeTo(one.validation.length / 5000, Math.exp(-1), 0.03)
      assert.notDeepEqual(one, two)
    })
  )

  it.effect("is refused inside of another resampling, also after a recipe", () =>
    Effect.gen(function* () {
      const [{ train }] = Resample.bootstrap(whole(points(30)), { resamples: 1 })
      const reason =
        "rows of this partition are there twice or made of others (bootstrap, Balance), and folds would have them on both sides"
      assert.include(yield* message(Resample.kFold(train, { folds: 3 })), reason)
      const fitted = Recipe.fit(Recipe.of(train).pipe(Recipe.standardize("x")), train)
      const scaled = Recipe.apply(fitted, train)
      const error = yield* Effect.flip(run(Resample.kFold(scaled, { folds: 3 })[0].train))
      assert.include(error.message, reason)
    })
  )
})

describe("Resample.nested", () => {
  it.effect("resamples the train side of each fold", () =>
    Effect.gen(function* () {
      const outer = Resample.kFold(whole(points(30)), { folds: 3 })
      const folds = Resample.nested(outer, (train) => Resample.kFold(train, { folds: 2 }))
      for (const { inner, train, validation } of folds) {
        const held = yield* xs(validation)
        const all = yield* xs(train)
        for (const { train, validation } of yield* sides(inner)) {
          assert.deepStrictEqual(
            [...train, ...validation].sort((a, b) => a - b),
            all
          )
          assert.isFalse(train.some((x) => held.includes(x)))
        }
      }
      const addresses = folds.flatMap(({ inner }) => inner.map(({ train }) => train.address))
      assert.strictEqual(new Set(addresses).size, 6)
    })
  )

  it.effect("is refused over a bootstrap that was forced through the types", () =>
    Effect.gen(function* () {
      const outer = Resample.bootstrap(whole(points(30)), { resamples: 1 })
      const [{ inner }] = Resample.nested(outer as never as Resample.Folds<typeof Points, never, never>, (train) =>
        Resample.kFold(train, { folds: 2 })
      )
      assert.include(yield* message(inner), "Resample the partition that it was made from.")
    })
  )
})

describe("rows that must not be resampled", () => {
  it.effect("are refused by columns: time and declared groups", () =>
    Effect.gen(function* () {
      const dated = whole(daily(10)) as never as ReturnType<typeof whole<typeof Points>>
      const owned = whole(grouped([1, 1, 2, 2, 3, 3])) as never as typeof dated
      for (const folds of [
        Resample.kFold(dated, { folds: 2 }),
        Resample.stratified(dated, { on: "label", folds: 2 }),
        Resample.grouped(dated, { on: "label", folds: 2 }),
        Resample.leaveOneGroupOut(dated, { on: "label", groups: ["a"] }),
        Resample.stratifiedGrouped(dated, { on: "label", stratify: "label", folds: 2 })
      ]) {
        assert.include(yield* message(folds), "Split by time: use Resample.expanding.")
      }
      assert.include(yield* message(Resample.bootstrap(dated, { resamples: 2 })), "use Resample.expanding.")
      assert.include(yield* message(Resample.kFold(owned, { folds: 2 })), "Resample by group: use Resample.grouped.")
      assert.include(yield* message(Resample.bootstrap(owned, { resamples: 2 })), '"who" is declared as a group')
      assert.include(yield* message(Resample.grouped(owned, { on: "label", folds: 2 })), "Name every declared group")
    })
  )

  it.effect("D30: are those of other partitions, when the pipeline is planned and when it runs", () =>
    Effect.gen(function* () {
      for (const partition of ["validation", "test"] as const) {
        const other = whole(points(10), partition) as never as ReturnType<typeof whole<typeof Points>>
        const [{ validation }] = Resample.kFold(other, { folds: 2 })
        const leak = yield* Effect.flip(Pipeline.plan(Pipeline.make("forced", { validation })))
        assert.include(leak.message, `"k-fold" learns from its input "train", which depends on ${partition} rows`)
        const error = yield* Effect.flip(run(validation))
        assert.include(error.message, `it resamples the train partition only; this is the ${partition} partition`)
      }
    })
  )

  it.effect("are those that a way of one's own puts on both sides", () =>
    Effect.gen(function* () {
      const own = (sides: Resample.FoldPlan["sides"], marks = 4) =>
        Resample.make(whole(points(4)), [
          {
            name: "own",
            version: 1,
            params: null,
            draws: false,
            repeats: false,
            reads: ["label"],
            check: () => Effect.void,
            mark: (table) => Effect.sync(() => (table.values["label"] as Int32Array).slice(0, marks)),
            folds: [{ name: "fold", sides }]
          }
        ])
      const rows = (train: ReadonlyArray<number>, validation: ReadonlyArray<number>) => () => ({
        train: Uint32Array.from(train),
        validation: Uint32Array.from(validation)
      })
      assert.deepStrictEqual(yield* sides(own(rows([0, 1], [3]))), [{ train: [0, 1], validation: [3] }])
      assert.include(yield* message(own(rows([0, 1], [1]))), "row 1 is in the fold twice")
      assert.include(yield* message(own(rows([0, 0], [1]))), "row 0 is in the fold twice")
      assert.include(yield* message(own(rows([0], [4]))), "validation has the row 4 of 4")
      assert.include(yield* message(own(rows([], [1]))), "train would get none of the 4 rows")
      assert.include(yield* message(own(rows([0], [1]), 3)), "3 marks were given to 4 rows")
    })
  )
})

describe("a pipeline over folds", () => {
  const total = (train: Node.Node<Dataset.Dataset<typeof Points, "train">, Split.SplitError>) =>
    Node.make(
      Stage.make({
        name: "total",
        version: 1,
        learns: { rows: ["train"] },
        codec: Codec.json("number", Schema.Finite),
        run: ({ rows }: { readonly rows: Dataset.Dataset<typeof Points, "train"> }) =>
          Effect.map(Dataset.rows(rows), ({ values }) => values.x.reduce((sum, x) => sum + x, 0))
      }),
      { rows: train }
    )
  const parts = Split.random(Source.fromTable(points(40)), { validation: 0.2, test: 0.2 })
  const folds = Resample.stratified(parts.train, { on: "label", folds: 3 })
  const pipeline = Pipeline.make("folds", Object.fromEntries(folds.map(({ name, train }) => [name, total(train)])))

  it.effect("runs, is reused, and shows its folds by name", () =>
    Effect.gen(function* () {
      const { manifest } = yield* Pipeline.run(pipeline, { seed: 1, sources: { file: "folds.ts", files: [] } })
      const names = manifest.nodes.map(({ name }) => name)
      assert.includeMembers(names, ["stratified-k-fold", "fold-1-train", "fold-2-train", "fold-3-train"])
      const again = yield* Pipeline.run(pipeline, { seed: 1, sources: { file: "folds.ts", files: [] } })
      assert.strictEqual(again.manifest.root, manifest.root)
      assert.isTrue(again.manifest.nodes.every(({ reused }) => reused))
    }).pipe(Effect.provide(Layer.merge(Store.layerMemory, Ledger.layerMemory)))
  )

  it.effect("does not notice the test rows", () => NoPeeking.check(pipeline, { seed: 3 }))
})

describe("one side of a fold", () => {
  it.effect("copies nothing and has the fingerprint of the same rows elsewhere", () =>
    Effect.gen(function* () {
      const table = points(10)
      const train = Dataset.make(table, Uint32Array.of(1, 3, 5, 7), "train")
      const side = Contents.side(train, Uint32Array.of(0, 2), "validation")
      assert.strictEqual(side.fingerprint, Dataset.make(table, Uint32Array.of(1, 5), "validation").fingerprint)
      assert.deepStrictEqual([...(yield* Dataset.rows(side)).values.x], [1, 5])
      assert.isFalse(Contents.repeats(side))
      assert.isTrue(Contents.repeats(Dataset.make(table, Uint32Array.of(1, 1), "train")))
      assert.deepStrictEqual([...Table.toArrow(Contents.select(train, ["x"])).toArray()].length, 4)
    })
  )
})
