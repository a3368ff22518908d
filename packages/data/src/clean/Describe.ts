/**
 * The description of cleaning: steps in order, each of which lets rows leave for reasons or makes values missing. One
 * stage decides which rows leave; the cleaned table and the count by reason are read off what it decided.
 */
import { Node, Stage } from "@watertight/core"
import { Effect, Pipeable, type Schema } from "effect"
import * as Column from "../Column.ts"
import type { Columns } from "../Columns.ts"
import * as Excluded from "../Excluded.ts"
import * as Table from "../Table.ts"
import { CleanError } from "./CleanError.ts"
import * as Exclusions from "./Exclusions.ts"

/** One step of cleaning, which learns nothing. */
export interface Step {
  /** What it was made from, as data. */
  readonly params: { readonly step: string; readonly [name: string]: Schema.Json }
  readonly code: Stage.Code
  /** Why rows leave. */
  readonly reasons: ReadonlyArray<string>
  /** Says for each of the given rows whether it stays (0) or leaves for the first, second, … of the reasons. */
  readonly leave?: (table: Table.Table, rows: Uint32Array) => Effect.Effect<Uint16Array, CleanError>
  /** Changes what columns hold, row by row, once rows have left. */
  readonly change?: (table: Table.Table) => Effect.Effect<Table.Table, CleanError>
  /** The column of which `change` makes values missing, which are counted. */
  readonly makesMissing?: string
}

/** A table being cleaned: what is left of it, and the count of what left by reason. */
export interface Cleaning<out C extends Columns, out E, out R> extends Pipeable.Pipeable {
  readonly table: Node.Node<Table.Table<C>, E, R>
  readonly excluded: Node.Node<Excluded.Excluded, E, R>
  readonly source: Source
  readonly steps: ReadonlyArray<Step>
}

/** What is cleaned. */
interface Source {
  readonly table: Node.Any
  readonly before: Node.Any | undefined
}

/** A table, and the count of rows that were set aside before: those of another cleaning, or of a source's quarantine. */
export type Counted<C extends Columns, E, R> = { readonly table: Node.Node<Table.Table<C>, E, R> } & (
  | { readonly excluded: Node.Node<Excluded.Excluded, E, R> }
  | { readonly quarantine: Node.Node<Excluded.Excluded, E, R> }
)

/** An indefinite article before a kind. */
export type A<Kind extends string> = Kind extends `optional ${string}` ? `an ${Kind}` : `a ${Kind}`

/** Nothing when the column is of one of the kinds; else the sentence that the compiler shows. Wide columns pass. */
export type KindRefusal<
  C extends Columns,
  Name extends string,
  Kind extends Column.Kind,
  Verb extends string,
  Takes extends string
> = string extends keyof C
  ? never
  : Name extends keyof C
    ? C[Name]["kind"] extends Kind
      ? never
      : `${Verb} takes ${Takes} columns; ${Name} is ${A<C[Name]["kind"]>}`
    : `${Verb}: there is no column ${Name}`

/** `Given` unless something is refused. */
export type Unless<Refusal, Given> = [Refusal] extends [never] ? Given : Refusal

/** Counts the values of a column that are missing in some rows; a column that may not be missing has none. */
const missingIn = (table: Table.Table, name: string, rows: Uint32Array): number => {
  const column = table.columns[name]
  if (column === undefined || !Column.isOptional(column)) return 0
  const values = Table.numbers(table, name)
  const isCode = column.kind === "optional category"
  return rows.reduce((count, row) => count + Number(isCode ? values[row] < 0 : Number.isNaN(values[row])), 0)
}

/** Decides which rows of a table leave. */
export const decide = Effect.fnUntraced(function* (
  steps: ReadonlyArray<Step>,
  source: Table.Table,
  before: Excluded.Excluded | null
): Effect.fn.Return<Exclusions.Exclusions, CleanError> {
  const reasons = [...new Set(steps.flatMap((step) => step.reasons))]
  const of = new Int32Array(source.length).fill(-1)
  let table = source
  let rows: Uint32Array = Uint32Array.from(of.keys())
  const missing: Array<Exclusions.Exclusions["missing"][number]> = []
  for (const step of steps) {
    const left = step.leave === undefined ? undefined : yield* step.leave(table, rows)
    if (left !== undefined) {
      const places = step.reasons.map((reason) => reasons.indexOf(reason))
      rows.forEach((row, at) => {
        if (left[at] > 0) of[row] = places[left[at] - 1]
      })
      rows = rows.filter((_, at) => left[at] === 0)
    }
    if (step.change === undefined) continue
    const changed = yield* step.change(table)
    const column = step.makesMissing
    if (column !== undefined) {
      missing.push({ column, values: missingIn(changed, column, rows) - missingIn(table, column, rows) })
    }
    table = changed
  }
  return { before, reasons, missing, of }
})

/** Takes the rows that stay, and changes what the steps change. */
export const apply = Effect.fnUntraced(function* (
  steps: ReadonlyArray<Step>,
  source: Table.Table,
  exclusions: Exclusions.Exclusions
): Effect.fn.Return<Table.Table, CleanError> {
  const rows = Exclusions.kept(exclusions)
  let table: Table.Table = rows.length === source.length ? source : Table.take(source, rows)
  for (const { change } of steps) if (change !== undefined) table = yield* change(table)
  return table
})

/** What `cleaned` was read off. */
type Inputs = { readonly table: Table.Table; readonly exclusions: Exclusions.Exclusions }

/** The stage that reads the count off what was decided. */
const countStage = Stage.make({
  name: "excluded",
  version: 2,
  code: "versioned",
  codec: Excluded.codec,
  run: ({ exclusions }: { readonly exclusions: Exclusions.Exclusions }) =>
    Effect.sync(() => Exclusions.count(exclusions))
})

/** A count without what a source adds to it. */
const countOnly = ({ kept, missing, rows, steps }: Excluded.Excluded): Excluded.Excluded => ({
  rows,
  steps,
  kept,
  ...(missing === undefined ? {} : { missing })
})

const make = <C extends Columns, E, R>(source: Source, steps: ReadonlyArray<Step>): Cleaning<C, E, R> => {
  const shared = { version: 2, code: Stage.codeOf(steps), params: steps.map(({ params }) => params) } as const
  const decision = Stage.make({
    ...shared,
    name: deciding,
    codec: Exclusions.codec,
    run: ({ before, table }: { readonly table: Table.Table; readonly before?: Excluded.Excluded }) =>
      decide(steps, table, before === undefined ? null : countOnly(before))
  })
  const keeping = Stage.make({
    ...shared,
    name: cleaned,
    codec: Table.codec(),
    run: ({ exclusions, table }: Inputs) => apply(steps, table, exclusions)
  })
  const table = source.table as Node.Node<Table.Table> // given as such to `of`
  const before = source.before as Node.Node<Excluded.Excluded> | undefined // likewise
  const exclusions = Node.make(decision, before === undefined ? { table } : { table, before })
  const nodes = {
    table: steps.length === 0 && before === undefined ? table : Node.make(keeping, { table, exclusions }),
    excluded: Node.make(countStage, { exclusions })
  }
  return Object.assign(Object.create(Pipeable.Prototype), { ...nodes, source, steps })
}

const deciding = "clean"
const cleaned = "cleaned"

/**
 * Begins the cleaning of a table, or goes on with that of a cleaned one. A source that sets rows aside gives the count of
 * those too: it goes before the count of what cleaning drops.
 *
 * @example
 * import { Clean, Column, Columns, Source } from "@watertight/data"
 * const trips = Source.csv("trips.csv", Columns.make({ age: Column.float, speed: Column.float }))
 * const clean = Clean.of(trips).pipe(
 *   Clean.sentinel("age", -999),
 *   Clean.dropMissing(["age"]),
 *   Clean.dropOutside("speed", { minimum: 0, maximum: 200 }),
 *   Clean.dropDuplicates()
 * )
 * clean.excluded.stage.name // => "excluded"
 */
export const of = <C extends Columns, E, R>(
  source: Node.Node<Table.Table<C>, E, R> | Counted<C, E, R>
): Cleaning<C, E, R> =>
  "stage" in source
    ? make({ table: source, before: isCleaned(source) ? countOf(source) : undefined }, [])
    : make({ table: source.table, before: "excluded" in source ? source.excluded : source.quarantine }, [])

/** Adds a step to what a combinator accepted. */
export const adding = <C extends Columns, E, R>(accepted: unknown, step: Step): Cleaning<C, E | CleanError, R> => {
  const { source, steps } = accepted as Cleaning<Columns, E, R> // a combinator's type accepts cleanings only
  return make(source, [...steps, step])
}

const isCleaned = ({ inputs, stage }: Node.Any): boolean =>
  stage.name === cleaned && inputs.exclusions?.stage.name === deciding

const countOf = <E, R>({ inputs }: Node.Node<unknown, E, R>): Node.Node<Excluded.Excluded, E, R> => {
  const exclusions = inputs.exclusions as Node.Node<Exclusions.Exclusions, E, R> // of a cleaned table
  return Node.make(countStage, { exclusions })
}

/**
 * Finds the tables that were cleaned on the way to some nodes, and gives the count of each: for reports. A table that was
 * cleaned further is counted with what it became.
 */
export const waterfalls = <E, R>(
  roots: ReadonlyArray<Node.Node<unknown, E, R>>
): ReadonlyArray<Node.Node<Excluded.Excluded, E, R>> => {
  const found = Node.reachable(roots).filter(isCleaned)
  const further = new Set(found.map(({ inputs }) => inputs.table))
  return found.filter((node) => !further.has(node)).map((node) => countOf(node as Node.Node<unknown, E, R>)) // reached by them
}

/** Looks up a column that a step takes. */
export const columnOf = (
  step: string,
  table: Table.Table,
  name: string,
  kinds: ReadonlyArray<Column.Kind>
): Effect.Effect<Column.Column, CleanError> => {
  const column = table.columns[name]
  if (column !== undefined && kinds.includes(column.kind)) return Effect.succeed(column)
  const reason = column === undefined ? "is no column" : `is a column of the kind ${column.kind}`
  const hint = column === undefined ? "Check its name." : `Take one of the kind ${kinds.join(", ")}.`
  return Effect.fail(new CleanError({ step, column: name, reason, hint }))
}
