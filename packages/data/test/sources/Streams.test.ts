import { assert, describe, it } from "@effect/vitest"
import { Digest, Event, type Node, Scratch } from "@watertight/core"
import { Deferred, Effect, Fiber, Stream } from "effect"
import * as fc from "fast-check"
import { tmpdir } from "node:os"
import { Column, Columns, Source, Table } from "../../src/index.ts"
import * as Columnar from "../../src/internal/columns/columnar.ts"
import { run } from "../run.ts"
import { externalOf, runs } from "./files.ts"

const Mail = Columns.make({
  at: Column.timestamp,
  folder: Column.category(["in", "out"]),
  scores: Column.tensor([2]),
  stars: Column.optional(Column.float),
  body: Column.text
})
type Row = Source.RowOf<typeof Mail>

/** Four of the long texts fill a block. */
const bodies = ["", "ä😀", "x".repeat(Columnar.blockCharacters / 4)]

const row: fc.Arbitrary<Row> = fc.record({
  at: fc.date({ noInvalidDate: true }),
  folder: fc.constantFrom("in", "out"),
  scores: fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constant(-0)),
  stars: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })),
  body: fc.constantFrom(...bodies)
})
const bad = fc.constantFrom<ReadonlyArray<unknown>>([null, ""], [{ body: "" }, "at"], [7, ""])
const cases = fc.record({
  rows: fc.array(fc.oneof({ weight: 5, arbitrary: row }, { weight: 1, arbitrary: bad }), { maxLength: 14 }),
  chunks: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
  inMemory: fc.constantFrom(-1, 2 ** 21, 2 ** 40)
})

const isBad = (each: Row | ReadonlyArray<unknown>): each is ReadonlyArray<unknown> => Array.isArray(each)

/** A stream of the rows, so many at a time. */
const inChunks = (rows: ReadonlyArray<unknown>, sizes: ReadonlyArray<number>): Stream.Stream<Row> => {
  const chunks: Array<[Row, ...Array<Row>]> = []
  for (let at = 0; at < rows.length; at += chunks[chunks.length - 1].length)
    chunks.push(rows.slice(at, at + sizes[chunks.length % sizes.length]) as [Row]) // some are none
  return Stream.flattenArray(Stream.fromIterable(chunks))
}

/** What the columns of rows hold, made of whole columns. */
const columnsOf = (rows: ReadonlyArray<Row>) => ({
  at: Float64Array.from(rows, ({ at }) => Number(at)),
  folder: Int32Array.from(rows, ({ folder }) => Mail.folder.levels.indexOf(folder)),
  scores: Float32Array.from(rows.flatMap(({ scores }) => scores as ReadonlyArray<number>)),
  stars: Float64Array.from(rows, ({ stars }) => stars ?? Number.NaN),
  body: rows.map(({ body }) => body)
})

interface Sorted {
  readonly table: Table.Table
  readonly quarantine: Source.Quarantine
}

/** Runs a source alone: without its digest and its codec. */
const alone = <A>({ stage }: Node.Any) => stage.run({} as never, {} as never) as Effect.Effect<A, Source.SourceError>

const failureOf = (source: Node.Any) => Effect.map(Effect.flip(alone(source)), (error) => ({ ...error }))

const within = <A, E>(inMemory: number, program: Effect.Effect<A, E>, folder = tmpdir()) =>
  Effect.provideService(program, Scratch.Settings, { folder, inMemory })

describe("rows of a stream", () => {
  it.effect("are the same table, digest, errors and quarantine, however they come and wherever they lie", () =>
    Effect.gen(function* () {
      const property = fc.asyncProperty(cases, ({ chunks, inMemory, rows }) => {
        const all = rows.map((each) => (isBad(each) ? each[0] : each))
        const good = rows.filter((each): each is Row => !isBad(each))
        const values = columnsOf(good)
        const source = Source.stream(inChunks(all, chunks), Mail, "rows")
        const inArray = Source.rows(all as ReadonlyArray<Row>, Mail)
        const effect = Effect.gen(function* () {
          const digest = yield* within(2 ** 40, externalOf(inArray))
          assert.strictEqual(yield* externalOf(source), digest)
          if (good.length === rows.length)
            assert.strictEqual(digest, Digest.of({ length: rows.length, values: Object.entries(values), bad: null }))
          else assert.deepStrictEqual(...(yield* Effect.all([failureOf(source), failureOf(inArray)])))
          if (good.length === 0) return
          const { quarantine, table } = yield* alone<Sorted>(Source.quarantine(source).table.inputs["sorted"])
          if (inMemory < 0) assert.isTrue(Columnar.anyLazy(table.values))
          assert.strictEqual(
            Table.digest(table),
            Table.digest(yield* Table.make(Mail, values, { length: good.length }))
          )
          assert.strictEqual(quarantine.kept, good.length)
          assert.deepStrictEqual(
            quarantine.setAside.map(({ column, row }) => [row, column]),
            rows.flatMap((each, row) => (isBad(each) ? [[row + 1, each[1]]] : []))
          )
        })
        return Effect.runPromise(within(inMemory, effect))
      })
      yield* Effect.promise(() => fc.assert(property, { numRuns: Math.min(runs, 15) }))
    })
  )

  it.effect("are told of as they come, and counted where most of them are set aside", () =>
    Effect.gen(function* () {
      const X = { x: Column.float }
      const rows = Array.from({ length: 25_000 }, (_, row) => ({ x: row % 2 === 0 ? row : Number.NaN }))
      const told: Array<readonly [number, number | undefined]> = []
      const listener = (event: Event.Event) =>
        Effect.sync(() => event._tag === "Progress" && void told.push([event.done, event.total]))
      const listened = <A, E>(program: Effect.Effect<A, E>) =>
        program.pipe(Effect.provideService(Event.Node, "it"), Effect.provideService(Event.Listener, listener))
      yield* listened(externalOf(Source.stream(Stream.fromIterable(rows, { chunkSize: 5000 }), X)))
      assert.deepStrictEqual(
        told.splice(0),
        [5, 10, 15, 20, 25].map((thousands) => [1000 * thousands, undefined])
      )
      yield* listened(externalOf(Source.rows(rows, X)))
      assert.deepStrictEqual(told, [[25_000, 25_000]])
      const { quarantine } = Source.quarantine(Source.rows(rows, X))
      const { kept, setAside, steps } = yield* run(quarantine)
      assert.deepStrictEqual([kept, setAside.length, setAside[9999].row], [12_500, 10_000, 20_000])
      assert.deepStrictEqual(steps, [{ reason: 'column "x" does not decode', rows: 12_500 }])
    })
  )

  it.effect("are pulled no further when a block has no place, and the stream is closed", () =>
    Effect.gen(function* () {
      let [pulled, closed] = [0, 0]
      const pull = Effect.sync(() => {
        pulled++
        return { body: bodies[2] }
      })
      const endless = Stream.fromEffectRepeat(pull).pipe(Stream.ensuring(Effect.sync(() => closed++)))
      const source = Source.stream(endless, { body: Column.text })
      for (const read of [externalOf(source) as Effect.Effect<unknown, Source.SourceError>, alone(source)]) {
        pulled = 0
        const error = yield* within(1, Effect.flip(read), import.meta.filename)
        assert.deepStrictEqual([error.problem, pulled], ["no scratch space", 4])
      }
      assert.strictEqual(closed, 2)
    })
  )

  it.effect("are given up when the run is interrupted, and the stream is closed", () =>
    Effect.gen(function* () {
      const [begun, closed] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const waiting = Stream.make({ x: 1 }).pipe(
        Stream.concat(Stream.fromEffect(Effect.andThen(Deferred.succeed(begun, undefined), Effect.never))),
        Stream.ensuring(Deferred.succeed(closed, undefined))
      )
      const fiber = yield* Effect.forkChild(run(Source.stream(waiting, { x: Column.float })))
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)
      yield* Deferred.await(closed)
    })
  )
})
