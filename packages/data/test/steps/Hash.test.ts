import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Column, Columns, Loader, Recipe, Table } from "../../src/index.ts"
import { hash } from "../../src/internal/rows/murmur.ts"
import { RecipeLaws, Tables } from "../../src/testing/index.ts"
import { features } from "./featureFixtures.ts"
import { fit, type Numbers } from "./fixtures.ts"
import { both } from "./recipeFixtures.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const { hashing } = features
const Trip = Columns.make({
  zone: Column.category(hashing.levels),
  fare: Column.float,
  make: Column.optional(Column.category(["?", ...hashing.levels.filter((level) => level !== "")]))
})
const makes = hashing.makes.map((code) => hashing.levels[code])
const trips = {
  zone: Int32Array.from(hashing.codes),
  fare: Float64Array.from(hashing.numbers),
  make: Int32Array.from(makes, (level) => Trip.make.levels.indexOf(level))
}

describe("hash", () => {
  it("is MurmurHash3 of 32 bits: published values", () => {
    const of = (text: string) => hash(new TextEncoder().encode(text)) >>> 0
    assert.deepStrictEqual([of(""), of("test"), of("Hello, world!")], [0, 0xba6bd213, 0xc0363e43])
    assert.strictEqual(of("The quick brown fox jumps over the lazy dog"), 0x2e4ff723)
  })

  for (const { expected, signed, width } of hashing.cases) {
    it.effect(`has the bits of scikit-learn's FeatureHasher of ${width} numbers${signed ? "" : " without signs"}`, () =>
      Effect.gen(function* () {
        const rows = { zone: Trip.zone, fare: Trip.fare, make: Column.category(hashing.levels) }
        const given = { ...trips, make: Int32Array.from(hashing.makes) }
        const recipe = Recipe.forColumns(rows).pipe(
          Recipe.hash(["zone", "fare", "make"], { as: "hashed", width, signed })
        )
        const { columns, values } = (yield* both(recipe, rows, given, given)).other
        assert.deepStrictEqual(columns.hashed, Column.tensor([width]))
        const there: Readonly<Record<string, number>> = Object.fromEntries(Object.entries(expected))
        const numbers: Numbers = Array.from({ length: 12 * width }, (_, place) => Math.fround(there[place] ?? 0))
        values.hashed.forEach((value: number, place: number) =>
          assert.closeTo(value, numbers[place], 2e-7, `number ${place}`)
        )
      })
    )
  }

  it.effect("adds nothing for a missing level, and refuses sums that float32 cannot hold", () =>
    Effect.gen(function* () {
      const columns = { make: Column.optional(Column.category(["a"])), x: Column.float }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.hash(["make", "x"], { as: "h", width: 1, signed: false }))
      const given = { make: Int32Array.of(-1, 0), x: Float64Array.of(0, 2) }
      assert.deepStrictEqual([...(yield* both(recipe, columns, given, given)).other.values.h], [0, 3])
      const table = yield* Table.make(columns, { ...given, x: Float64Array.of(0, 1e300) }, { length: 2 })
      const fitted = yield* fit(recipe, table)
      assert.match((yield* Effect.flip(Recipe.applyTable(fitted, table))).message, /number 0 of row 1 becomes Infinity/)
      for (const width of [0, 1.5, 2 ** 31]) {
        assert.throws(() => Recipe.hash(["x"], { as: "h", width })(Recipe.forColumns(columns)), RangeError)
      }
    })
  )
})

describe("hash of texts", () => {
  const columns = { url: Column.text }
  it.effect("is that of levels", () =>
    Effect.gen(function* () {
      const levels = { url: Column.category(["a b a", "", "b"]) }
      const options = { as: "h", width: 64 } as const
      const texts = { url: ["a b a", "", "b", "a b a"] }
      const codes = { url: Int32Array.of(0, 1, 2, 0) }
      const one = yield* both(Recipe.forColumns(columns).pipe(Recipe.hash(["url"], options)), columns, texts, texts)
      const other = yield* both(Recipe.forColumns(levels).pipe(Recipe.hash(["url"], options)), levels, codes, codes)
      assert.deepStrictEqual(one.other.values.h, other.other.values.h)
    })
  )
})

describe("D25 embeddingIndex", () => {
  it.effect("takes texts, of which any may be new", () =>
    Effect.gen(function* () {
      const columns = { id: Column.text }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.embeddingIndex("id", { minimumCount: 2 }))
      const made = yield* both(recipe, columns, { id: ["z", "y", "y", "x", "z"] }, { id: ["x", "new", "z", "y"] })
      assert.deepStrictEqual(made.learned, [{ vocabulary: ["y", "z"] }])
      assert.deepStrictEqual([...made.other.values.id], [0, 0, 2, 1])
    })
  )

  const User = { user: Column.optional(Column.category(["a", "b", "c", "d"])) }
  const described = Recipe.forColumns(User)
  const train = { user: Int32Array.of(1, 1, 0, 2, 2, -1, 1) }
  const other = { user: Int32Array.of(0, 1, 2, 3, -1) }

  it.effect("numbers what train knows from 1 on, the most frequent first, and everything else 0", () =>
    Effect.gen(function* () {
      const all = yield* both(described.pipe(Recipe.embeddingIndex("user")), User, train, other)
      assert.deepStrictEqual(all.learned, [{ vocabulary: ["b", "c", "a"] }])
      assert.deepStrictEqual([...all.other.values.user], [3, 1, 2, 0, 0])
      assert.deepStrictEqual(all.other.columns.user, Column.category(["[unknown]", "b", "c", "a"]))
      const twice = described.pipe(Recipe.embeddingIndex("user", { minimumCount: 2 }))
      const few = yield* both(twice, User, train, other)
      assert.deepStrictEqual([...few.other.values.user], [0, 1, 2, 0, 0])
      const one = yield* both(described.pipe(Recipe.embeddingIndex("user", { most: 1 })), User, train, other)
      assert.deepStrictEqual(one.learned, [{ vocabulary: ["b"] }])
      const none = described.pipe(Recipe.embeddingIndex("user", { minimumCount: 9 }))
      assert.deepStrictEqual([...(yield* both(none, User, train, other)).other.values.user], [0, 0, 0, 0, 0])
    })
  )

  it.effect("gives a tensor of whole numbers where a model is to take them", () =>
    Effect.gen(function* () {
      const recipe = described.pipe(Recipe.embeddingIndex("user", { as: "tensor" }))
      const made = yield* both(recipe, User, train, other)
      assert.deepStrictEqual(made.other.columns.user, Column.tensor([1], "int32"))
      assert.deepStrictEqual(made.other.values.user, Int32Array.of(3, 1, 2, 0, 0))
      const columns = { ...made.other.columns, y: Column.float }
      const table = yield* Table.make(columns, { ...made.other.values, y: new Float64Array(5) }, { length: 5 })
      const batches = yield* Loader.sequential(table, { features: ["user"], target: "y", batchSize: 5 })
      assert.deepStrictEqual([...batches.batch(0).features], [3, 1, 2, 0, 0])
    })
  )

  it.effect("takes a hundred thousand levels", () =>
    Effect.gen(function* () {
      const columns = { user: Column.category(Array.from({ length: 100_000 }, (_, level) => `user ${level}`)) }
      const codes = { user: Int32Array.from({ length: 200_000 }, (_, row) => (row * 7) % 100_000) }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.embeddingIndex("user", { minimumCount: 2 }))
      const { other } = yield* both(recipe, columns, codes, { user: Int32Array.of(0, 99_999) })
      assert.deepStrictEqual([...other.values.user], [1, 100_000])
    })
  )

  it.effect("refuses a level that is named as the unknown, and counts below 1", () =>
    Effect.gen(function* () {
      const columns = { user: Column.category(["[unknown]"]) }
      const recipe = Recipe.forColumns(columns).pipe(Recipe.embeddingIndex("user"))
      const table = yield* Table.make(columns, { user: Int32Array.of(0) }, { length: 1 })
      assert.match((yield* Effect.flip(fit(recipe, table))).message, /it has a level "\[unknown\]" of its own/)
      assert.throws(() => Recipe.embeddingIndex("user", { minimumCount: 0 })(described), RangeError)
      assert.throws(() => Recipe.embeddingIndex("user", { most: 0.5 })(described), RangeError)
    })
  )
})

describe("cross", () => {
  const columns = { zone: Column.category(["a", "b"]), day: Column.category(["Mon", "Tue", "Wed"]) }
  const given = { zone: Int32Array.of(0, 0, 1, 1), day: Int32Array.of(0, 2, 0, 2) }

  it.effect("has a level for each combination", () =>
    Effect.gen(function* () {
      const recipe = Recipe.forColumns(columns).pipe(Recipe.cross(["zone", "day"], { as: "both" }))
      const { other } = yield* both(recipe, columns, given, given)
      const { both: made } = other.columns
      const levels = [...other.values.both].map((code) => made.levels[code])
      assert.deepStrictEqual(levels, ["a × Mon", "a × Wed", "b × Mon", "b × Wed"])
      assert.strictEqual(made.levels.length, 6)
    })
  )

  it.effect("refuses names that meet and more combinations than are good", () =>
    Effect.gen(function* () {
      const odd = { p: Column.category(["a", "a × b"]), q: Column.category(["c", "b × c"]) }
      const meet = Recipe.forColumns(odd).pipe(Recipe.cross(["p", "q"], { as: "both" }))
      const table = yield* Table.make(odd, { p: Int32Array.of(0), q: Int32Array.of(0) }, { length: 1 })
      assert.match((yield* Effect.flip(fit(meet, table))).message, /two of one name; use Recipe.hash/)
      const many = Column.category(Array.from({ length: 2000 }, (_, level) => `${level}`))
      const large = Recipe.forColumns({ p: many, q: many }).pipe(Recipe.cross(["p", "q"], { as: "both" }))
      const rows = yield* Table.make({ p: many, q: many }, { p: Int32Array.of(0), q: Int32Array.of(0) }, { length: 1 })
      assert.match((yield* Effect.flip(fit(large, rows))).message, /more than 1048576 combinations/)
      assert.throws(() => Recipe.cross(["zone"], { as: "both" })(Recipe.forColumns(columns)), RangeError)
    })
  )
})

describe("laws", () => {
  const columns = {
    a: Column.category(["p", "q", "r"]),
    b: Column.optional(Column.category(["p", "q", "r", "s"])),
    c: Column.category(["u", "v"]),
    t: Column.text,
    x: Column.float
  }
  const tables = Tables.arbitrary(columns, { maxLength: 30 }).map((table) => ({
    ...table,
    ids: table.ids,
    values: { ...table.values, x: table.values.x.map(Math.asinh) }
  }))
  const recipe = Recipe.forColumns(columns).pipe(
    Recipe.hash(["a", "b", "x", "t"], { as: "hashed", width: 5 }),
    Recipe.cross(["a", "c"], { as: "both" }),
    Recipe.embeddingIndex(["b", "both", "t"], { minimumCount: 2 }),
    Recipe.oneHot("both")
  )
  for (const law of RecipeLaws.laws({ recipe, tables })) it.effect(law.name, () => law.check({ runs }))
})
