/**
 * Tables of folders in which each file is a row: classes from the names of folders or from a CSV file, the files' own
 * paths, and one thing more that is made of each file's bytes.
 */
import { Digest, Event } from "@watertight/core"
import { Effect, type FileSystem, type Scope } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as Csv from "../../sources/Csv.ts"
import * as Quarantine from "../../sources/Quarantine.ts"
import { SourceError } from "../../sources/SourceError.ts"
import type * as RowId from "../../RowId.ts"
import * as Table from "../../Table.ts"
import * as Columnar from "../columns/columnar.ts"
import * as Builder from "../rows/builder.ts"
import * as Declarations from "./declarations.ts"
import * as Files from "./files.ts"
import * as Folder from "./folder.ts"

/** Columns of a CSV file that has a row for each file of the folder, named by its path below the folder. */
export interface FromCsv<out C extends Columns = Columns> {
  readonly csv: Files.Path
  /** The column that names the files. */
  readonly file: string
  readonly columns: C
}

/** Where classes come from. */
export type Labels = "folders" | "none" | Column.Category | FromCsv

/** The columns that labels are. */
export type LabelColumns<L extends Labels> = L extends Column.Category
  ? { readonly label: L }
  : L extends FromCsv<infer C>
    ? C
    : L extends "folders"
      ? { readonly label: Column.Category }
      : {}

/** What all folders are read with. */
export interface Options<L extends Labels, F extends string> {
  /**
   * `"folders"`: the class is the name of the folder that the file lies in, and the levels are all of these, by code
   * points. A category: likewise, and its levels are the only ones there are. `{ csv, file, columns }`: the columns of a
   * CSV file whose column `file` has the files' paths below the folder. `"none"`: no labels.
   */
  readonly labels: L
  /** The name of a column for the files' paths below the folder, none unless given. */
  readonly file?: F
}

/** A folder and what to make of its files. */
export interface Plan extends Options<Labels, string> {
  readonly folder: Files.Path
  readonly endings: ReadonlyArray<string>
  readonly concurrency: number
  /** The name of the column that is made of the files' bytes. */
  readonly content: string
}

/** A file that was found, and its row in a block. */
export interface File {
  readonly path: string
  readonly row: number
}

/** What is made of files' bytes. */
export interface Content {
  readonly column: Column.Column
  /** So many files are read before it is known whether one of them is bad, and are in memory. */
  readonly together: number
  /** Makes room for so many rows, in an array of theirs if it is of use. */
  readonly block: (rows: number, own: RowId.Numbers | undefined) => Block
}

/** Takes the files of some rows. */
export interface Block {
  readonly values: RowId.Values
  /** Puts a file into its row. */
  readonly put: (row: number, entry: Folder.Entry) => Effect.Effect<void, SourceError, FileSystem.FileSystem>
  /** Puts files into their rows in threads, as far as that is quick; gives the rows of those that it did. */
  readonly putQuickly?: (files: ReadonlyArray<File>) => Effect.Effect<ReadonlySet<number>>
}

const isCsv = (labels: Labels): labels is FromCsv => typeof labels !== "string" && "csv" in labels

const csvOf = ({ labels }: { readonly labels: Labels }): Files.Path | undefined =>
  isCsv(labels) ? labels.csv : undefined

/** Writes the options as parameters of a stage. */
export const params = ({ file, folder, labels }: Options<Labels, string> & { readonly folder: Files.Path }) => {
  const from = isCsv(labels) ? { csv: Files.nameOf(labels.csv), file: labels.file } : null
  const declared: Columns = isCsv(labels) ? labels.columns : typeof labels === "string" ? {} : { label: labels }
  return {
    folder: Files.nameOf(folder),
    labels: typeof labels === "string" ? labels : from,
    columns: Declarations.ofColumns(declared),
    file: file ?? null
  }
}

/** The digest of the files' paths below the folder and of what they hold, and of the CSV file. */
export const digest = Effect.fn("Source.folder.digest")(function* (
  folder: Files.Path,
  endings: ReadonlyArray<string>,
  labels: Labels
) {
  const csv = csvOf({ labels })
  const entries = yield* Folder.list(folder, endings, csv)
  const digests = yield* Effect.forEach(
    entries,
    ({ name, path, refused }) =>
      refused === undefined
        ? Effect.map(Files.digest(path), (digest) => [name, digest])
        : Effect.succeed([name, refused.detail]),
    { concurrency: 8 }
  )
  return Digest.of(csv === undefined ? digests : [digests, yield* Files.digest(csv)])
})

/** Reads the files of a folder, in the order of their paths by code points. */
export const read = Effect.fnUntraced(function* (
  plan: Plan,
  content: Content,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Quarantine.Sorted<Columns>, SourceError, FileSystem.FileSystem | Scope.Scope> {
  const folder = Files.systemPath(plan.folder)
  const entries = yield* Folder.list(plan.folder, plan.endings, csvOf(plan))
  if (entries.length === 0) {
    const detail = `holds no file whose name ends in ${plan.endings.join(", ")}`
    return yield* new SourceError({ file: folder, problem: "missing file", detail, hint: "Check the path." })
  }
  const labels = yield* isCsv(plan.labels)
    ? labelsOfCsv(plan.labels, entries)
    : Effect.succeed(labelsOfFolders(plan.labels, entries))
  const paths = plan.file === undefined ? {} : { [plan.file]: Column.text }
  const columns = { [plan.content]: content.column, ...labels.columns, ...paths }
  const builder = yield* Builder.make(columns, { file: folder, rows: entries.length })
  const tally = Quarantine.counting()
  for (let start = 0; start < entries.length; start += content.together) {
    const some = entries.slice(start, start + content.together)
    const block = content.block(some.length, builder.room(some.length).columns[plan.content])
    const failed = yield* fill(block, some, plan.concurrency, (row) => some[row].refused ?? labels.wrong(start + row))
    for (const { error, row } of failed) {
      if (onBadRow === "fail") return yield* error
      tally.add(leftOf(error, some[row].name, start + row, plan.content))
    }
    const named = plan.file === undefined ? {} : { [plan.file]: some.map(({ name }) => name.toWellFormed()) }
    const own = { [plan.content]: block.values, ...labels.values(start, start + some.length), ...named }
    const left = failed.map(({ row }) => row)
    yield* builder.add(own, some.length, left)
    if (content.together < entries.length) yield* Event.progress(start + some.length, entries.length, "files")
  }
  return { table: yield* builder.end, quarantine: tally.of(entries.length) }
}, Effect.scoped)

/** A row whose file is bad. */
interface Failed {
  readonly row: number
  readonly error: SourceError
}

/** Puts files into the rows of a block, and gives those that are bad. */
const fill = Effect.fnUntraced(function* (
  block: Block,
  entries: ReadonlyArray<Folder.Entry>,
  concurrency: number,
  wrong: (row: number) => SourceError | undefined
) {
  const files = entries.flatMap(({ path }, row) => (wrong(row) === undefined ? [{ path, row }] : []))
  const done = yield* block.putQuickly?.(files) ?? Effect.succeed(new Set<number>())
  const rest = [...entries.keys()].filter((row) => !done.has(row))
  const one = (row: number) => Effect.result(Effect.suspend(() => wrong(row) ?? block.put(row, entries[row])))
  const results = yield* Effect.forEach(rest, one, { concurrency })
  return results.flatMap((result, index): ReadonlyArray<Failed> =>
    result._tag === "Success" ? [] : [{ row: rest[index], error: result.failure }]
  )
})

const leftOf = (error: SourceError, file: string, place: number, content: string) => ({
  reason: error.column === undefined || error.column === content ? error.problem : "no label",
  row: { file, row: place + 1, column: error.column ?? content, value: error.value ?? "", reason: error.detail }
})

/** Columns of labels; those of rows that have none hold anything. */
interface Found {
  readonly columns: Columns
  /** The values of the rows from one place to another. */
  readonly values: (start: number, end: number) => Readonly<Record<string, RowId.Values>>
  readonly wrong: (place: number) => SourceError | undefined
}

const folderOf = (name: string): string => name.split("/").at(-2) ?? ""

const labelsOfFolders = (labels: Exclude<Labels, FromCsv>, entries: ReadonlyArray<Folder.Entry>): Found => {
  if (labels === "none") return { columns: {}, values: () => ({}), wrong: () => undefined }
  const levels = labels === "folders" ? listed(entries) : labels.levels
  const codes = Int32Array.from(entries, ({ name }) => (name.includes("/") ? levels.indexOf(folderOf(name)) : -1))
  const wrong = (place: number) => {
    if (codes[place] >= 0) return undefined
    const value = folderOf(entries[place].name)
    const detail =
      value === "" ? "lies in no folder that would be its class" : `lies in the folder "${value}", which is no level`
    const hint = "Move it, or declare the level."
    return new SourceError({ file: entries[place].path, problem: "bad value", detail, hint, column: "label", value })
  }
  const values = (start: number, end: number) => ({ label: codes.slice(start, end) })
  return { columns: { label: Column.category(levels) }, values, wrong }
}

const listed = (entries: ReadonlyArray<Folder.Entry>): ReadonlyArray<string> => {
  const names = new Set(entries.filter(({ name }) => name.includes("/")).map(({ name }) => folderOf(name)))
  return [...names].filter((name) => name.isWellFormed()).sort(Folder.byCodePoints)
}

const labelsOfCsv = Effect.fnUntraced(function* (
  { columns, csv, file }: FromCsv,
  entries: ReadonlyArray<Folder.Entry>
): Effect.fn.Return<Found, SourceError, FileSystem.FileSystem> {
  const path = Files.systemPath(csv)
  const refuse = (problem: SourceError["problem"], detail: string, hint: string) =>
    new SourceError({ file: path, problem, detail, hint, column: file })
  if (file in columns) return yield* refuse("bad columns", `has "${file}" for its files`, "Do not declare it too.")
  const declared: Columns = { ...columns, [file]: Column.text }
  const { table } = yield* Csv.readTable(csv, declared, {}, "fail")
  const rows = new Map<string, number>()
  for (const [row, name] of Table.texts(table, file).entries()) {
    if (rows.has(name)) return yield* refuse("bad value", `names ${JSON.stringify(name)} in two rows`, "Keep one.")
    rows.set(name, row)
  }
  const names = new Set(entries.map(({ name }) => name))
  const missing = [...rows.keys()].find((name) => !names.has(name))
  if (missing !== undefined) {
    const detail = `names ${JSON.stringify(missing)}, which is not in the folder`
    return yield* refuse("missing file", detail, "Paths start below the folder, with / between their parts.")
  }
  const places = entries.map(({ name }) => rows.get(name) ?? -1)
  const all = Object.entries(table.values).filter(([name]) => name !== file)
  const values = (start: number, end: number) => {
    const some = Uint32Array.from(places.slice(start, end), (row) => Math.max(row, 0))
    return Object.fromEntries(
      all.map(([name, own]) => [name, Columnar.whole(Columnar.taken(own, Column.width(columns[name]), some))])
    )
  }
  const wrong = (place: number) => {
    if (places[place] >= 0) return undefined
    const hint = "Add a row, or move the file elsewhere."
    const detail = `has no row in ${path}`
    return new SourceError({ file: entries[place].path, problem: "bad value", detail, hint, column: file })
  }
  return { columns, values, wrong }
})
