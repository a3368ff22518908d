import { assert, describe, it } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import * as fc from "fast-check"
import { Column, Columns, Near, type Resample, RowId, type Table } from "../../src/index.ts"
import * as Bootstrap from "../../src/resample/Bootstrap.ts"
import * as Combinatorial from "../../src/resample/Combinatorial.ts"
import * as KFold from "../../src/resample/KFold.ts"
import * as Windows from "../../src/resample/Windows.ts"
import { ResampleLaws, Tables } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const hour = 3_600_000

const names = (count: number) => Column.category(Array.from({ length: count }, (_, index) => `${index}`))
const Classes = Columns.make({ x: Column.float, label: names(5), user: names(20), house: names(60) })
const classes = Tables.arbitrary(Classes, { minLength: 20, maxLength: 80 })
const Times = Columns.make({ t: Column.timestamp, known: Column.timestamp, user: Column.group(names(60)) })
const times = Tables.arbitrary(Times, { minLength: 30, maxLength: 60 }).map((table) => {
  const known = table.values.t.map((time, row) => time + (table.values.known[row] % (6 * hour)))
  return { ...table, ids: table.ids, values: { ...table.values, known } }
})

const holds = (law: Law.Law) => it.effect(law.name, () => law.check({ runs }))
const breaks = (why: string, law: Law.Law, tries = 100) =>
  it.effect(`"${law.name}" fails when ${why}`, () =>
    Effect.gen(function* () {
      const violation = yield* Effect.flip(law.check({ runs: tries, seed: 1 }))
      assert.strictEqual(violation.law, law.name)
      assert.notStrictEqual(violation.counterexample, "null") // that would be: every table was refused
    })
  )

describe("Resample.kFold", () => {
  for (const subject of [
    { plans: KFold.plain({ folds: 4 }), tables: classes },
    { plans: KFold.plain({ folds: 3, repeats: 2 }), tables: classes }
  ]) {
    holds(ResampleLaws.disjoint(subject))
    holds(ResampleLaws.complete(subject))
    holds(ResampleLaws.sizes(subject))
    holds(ResampleLaws.deterministic(subject))
  }
})

describe("Resample.stratified", () => {
  const subject = { plans: KFold.stratified("label", { folds: 4, repeats: 2 }), tables: classes }
  holds(ResampleLaws.disjoint(subject))
  holds(ResampleLaws.complete(subject))
  holds(ResampleLaws.sizes(subject))
  holds(ResampleLaws.stratified({ ...subject, on: "label" }))
  holds(ResampleLaws.deterministic(subject))
})

describe("Resample.grouped", () => {
  const subject = { plans: KFold.grouped("user", { folds: 3, repeats: 2 }), tables: classes }
  holds(ResampleLaws.disjoint(subject))
  holds(ResampleLaws.complete(subject))
  holds(ResampleLaws.sizes({ ...subject, on: "user" }))
  holds(ResampleLaws.grouped({ ...subject, on: ["user"] }))
  holds(ResampleLaws.deterministic(subject))

  const classed = { plans: KFold.stratifiedGrouped("user", "label", { folds: 3 }), tables: classes }
  holds(ResampleLaws.complete(classed))
  holds(ResampleLaws.grouped({ ...classed, on: ["user"] }))

  const one = { plans: KFold.leaveOneGroupOut("label", ["0", "3"]), tables: classes }
  holds(ResampleLaws.disjoint(one))
  holds(ResampleLaws.grouped({ ...one, on: ["label"] }))
})

describe("folds that keep near rows together", () => {
  const Letters = Columns.make({ body: Column.text, label: names(3), user: Column.float })
  const letters = fc
    .array(fc.record({ of: fc.nat(8), changed: fc.nat(3), label: fc.nat(2) }), { minLength: 14, maxLength: 18 })
    .map((drawn): Table.Table<typeof Letters> => {
      const body = drawn.map(({ changed, of }, row) =>
        Array.from({ length: 12 }, (_, word) => (word < changed ? `${row}x${word}` : `${of}w${word}`)).join(" ")
      )
      const label = Int32Array.from(drawn, (row) => row.label)
      const values = { body, label, user: Float64Array.from(drawn.keys(), (row) => row >> 1) }
      return { columns: Letters, length: drawn.length, values, ids: RowId.ofContent(Letters, values, drawn.length) }
    })
  const near = Near.text("body", { words: 1, similarity: 0.7 })
  const few = (law: Law.Law) => it.effect(law.name, () => law.check({ runs: Math.ceil(runs / 5) }))
  for (const plans of [
    KFold.plain({ folds: 2, near }),
    KFold.stratified("label", { folds: 2, near }),
    KFold.grouped("user", { folds: 2, near }),
    KFold.stratifiedGrouped("user", "label", { folds: 2, near })
  ]) {
    few(ResampleLaws.near({ plans, tables: letters, near }))
    few(ResampleLaws.complete({ plans, tables: letters }))
    few(ResampleLaws.disjoint({ plans, tables: letters }))
  }
  breaks("each row is dealt by itself", ResampleLaws.near({ plans: KFold.plain({ folds: 2 }), tables: letters, near }))
})

describe("windows through time", () => {
  for (const [what, options] of [
    ["rows", { on: "t", folds: 3, gap: "2 hours", labelEnd: "known", group: "user" }],
    ["lengths", { on: "t", folds: 2, validation: "10 hours", gap: "2 hours", labelEnd: "known", group: "user" }],
    ["rows, sliding", { on: "t", folds: 3, train: { rows: 8 }, gap: "2 hours", labelEnd: "known", group: "user" }],
    ["lengths, sliding", { on: "t", folds: 2, train: "9 hours", gap: "2 hours", labelEnd: "known", group: "user" }]
  ] as const) {
    describe(what, () => {
      const subject = { plans: Windows.plans("Resample.expanding", "expanding", options), tables: times }
      holds(ResampleLaws.disjoint(subject))
      holds(ResampleLaws.temporal({ ...subject, on: "t", labelEnd: "known", ahead: 2 * hour }))
      holds(ResampleLaws.grouped({ ...subject, on: ["user"] }))
      holds(ResampleLaws.deterministic(subject))
    })
  }
})

describe("Resample.combinatorialPurged", () => {
  const options = { on: "t", blocks: 5, ahead: "1 hour", labelEnd: "known", embargo: "3 hours", group: "user" } as const
  const subject = { plans: Combinatorial.plans(options), tables: times }
  holds(ResampleLaws.disjoint(subject))
  holds(ResampleLaws.purged({ ...subject, on: "t", labelEnd: "known", ahead: hour, embargo: 3 * hour }))
  holds(ResampleLaws.grouped({ ...subject, on: ["user"] }))
  holds(ResampleLaws.deterministic(subject))
})

describe("Resample.bootstrap", () => {
  const subject = { plans: Bootstrap.plans(3), tables: classes }
  holds(ResampleLaws.disjoint({ ...subject, repeats: true }))
  holds(ResampleLaws.outOfBag(subject))
  holds(ResampleLaws.deterministic(subject))
})

/** A plan of three folds that goes by where rows stand. */
const own = (plan: Partial<Resample.Plan>): ReadonlyArray<Resample.Plan> => [
  {
    name: "own",
    version: 1,
    params: null,
    draws: false,
    repeats: false,
    check: () => Effect.void,
    reads: [],
    mark: ({ length }) => Effect.sync(() => Int32Array.from({ length }, (_, row) => row % 3)),
    folds: [0, 1, 2].map((fold) => ({
      name: `fold-${fold}`,
      sides: (marks) => ({
        train: where(marks, (mark) => mark !== fold),
        validation: where(marks, (mark) => mark === fold)
      })
    })),
    ...plan
  }
]

function where(marks: Int32Array, isIn: (mark: number) => boolean): Uint32Array {
  return Uint32Array.from(marks.keys()).filter((row) => isIn(marks[row]))
}

const withoutFirst = (plan: Resample.Plan): Resample.Plan => ({
  ...plan,
  folds: plan.folds.map(({ name, sides }) => ({
    name,
    sides: (marks) => ({ train: sides(marks).train, validation: sides(marks).validation.slice(1) })
  }))
})

const fold = (train: (mark: number) => boolean, validation: (mark: number) => boolean) => ({
  folds: [
    {
      name: "fold",
      sides: (marks: Int32Array) => ({ train: where(marks, train), validation: where(marks, validation) })
    }
  ]
})

describe("the laws of resampling", () => {
  const byRow = { plans: own({}), tables: classes }

  breaks(
    "sides overlap",
    ResampleLaws.disjoint({
      tables: classes,
      plans: own(
        fold(
          (mark) => mark < 2,
          (mark) => mark > 0
        )
      )
    })
  )
  breaks("a bootstrap is taken for a fold", ResampleLaws.disjoint({ plans: Bootstrap.plans(1), tables: classes }))
  breaks(
    "a fold is forgotten",
    ResampleLaws.complete({ tables: classes, plans: own({ folds: own({})[0].folds.slice(0, 2) }) })
  )
  breaks(
    "all rows validate the first fold more often",
    ResampleLaws.sizes({
      tables: classes,
      plans: own({ mark: ({ length }) => Effect.sync(() => Int32Array.from({ length }, (_, row) => (row % 4) % 3)) })
    })
  )
  breaks("classes are not looked at", ResampleLaws.stratified({ ...byRow, on: "label" }))
  breaks("groups are not looked at", ResampleLaws.grouped({ ...byRow, on: ["user"] }))
  breaks("time is not looked at", ResampleLaws.temporal({ plans: own({}), tables: times, on: "t" }))
  const late = { on: "t", folds: 3, group: "user" } as const
  breaks(
    "the gap is forgotten",
    ResampleLaws.temporal({
      plans: Windows.plans("Resample.expanding", "expanding", late),
      tables: times,
      on: "t",
      ahead: 2 * hour
    })
  )
  breaks(
    "labels are not looked at",
    ResampleLaws.temporal({
      plans: Windows.plans("Resample.expanding", "expanding", late),
      tables: times,
      on: "t",
      labelEnd: "known"
    })
  )
  const blocks = { plans: Combinatorial.plans({ on: "t", blocks: 5, group: "user" }), tables: times }
  breaks("nothing is purged", ResampleLaws.purged({ ...blocks, on: "t", labelEnd: "known" }))
  breaks("there is no embargo", ResampleLaws.purged({ ...blocks, on: "t", embargo: 3 * hour }))
  breaks(
    "a row that was not drawn is lost",
    ResampleLaws.outOfBag({ plans: Bootstrap.plans(1).map(withoutFirst), tables: classes })
  )
  breaks("train is too short", ResampleLaws.outOfBag(byRow))
  let calls = 0
  breaks(
    "something outside counts",
    ResampleLaws.deterministic({
      tables: classes,
      plans: own({
        mark: ({ length }) => Effect.sync(() => Int32Array.from({ length }, (_, row) => (row + calls++) % 3))
      })
    })
  )
})
