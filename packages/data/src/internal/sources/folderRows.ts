/**
 * Tables of folders in which each file is a row: classes from the names of folders or from a CSV file, the files' own
 * paths, and one thing more that is made of each file's bytes.
 */
import { Digest } from "@watertight/core"
import { Effect, type FileSystem } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as Csv from "../../sources/Csv.ts"
import type * as Quarantine from "../../sources/Quarantine.ts"
import { SourceError } from "../../sources/SourceError.ts"
import type * as RowId from "../../RowId.ts"
import * as Table from "../../Table.ts"
import * as Declarations from "./declarations.ts"
import * as Files from "./files.ts"
import * as Folder from "./folder.ts"
import * as SetAside from "./setAside.ts"

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

/** A file that was found, and its row. */
export interface File {
  readonly path: string
  readonly place: number
}

/** Takes the files of so many rows. */
export interface Content {
  readonly column: Column.Column
  readonly values: RowId.Values
  /** Puts a file into its row. */
  readonly put: (place: number, entry: Folder.Entry) => Effect.Effect<void, SourceError, FileSystem.FileSystem>
  /** Puts files into their rows in threads, as far as that is quick; gives the places of those that it did. */
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

/** So many files are read before it is known whether one of them is bad. */
const together = 1024

/** Reads the files of a folder, in the order of their paths by code points. */
export const read = Effect.fnUntraced(function* (
  plan: Plan,
  makeContent: (rows: number) => Content,
  onBadRow: Quarantine.OnBadRow
): Effect.fn.Return<Quarantine.Sorted<Columns>, SourceError, FileSystem.FileSystem> {
  const folder = Files.systemPath(plan.folder)
  const entries = yield* Folder.list(plan.folder, plan.endings, csvOf(plan))
  if (entries.length === 0) {
    const detail = `holds no file whose name ends in ${plan.endings.join(", ")}`
    return yield* new SourceError({ file: folder, problem: "missing file", detail, hint: "Check the path." })
  }
  const labels = yield* isCsv(plan.labels)
    ? labelsOfCsv(plan.labels, entries)
    : Effect.succeed(labelsOfFolders(plan.labels, entries))
  const content = makeContent(entries.length)
  const left: Array<SetAside.Left> = []
  const wrong = (place: number) => entries[place].refused ?? labels.wrong(place)
  const one = (place: number) => Effect.result(Effect.suspend(() => wrong(place) ?? content.put(place, entries[place])))
  for (let start = 0; start < entries.length; start += together) {
    const places = Array.from({ length: Math.min(together, entries.length - start) }, (_, index) => start + index)
    const files = places
      .filter((place) => wrong(place) === undefined)
      .map((place) => ({ path: entries[place].path, place }))
    const done = yield* content.putQuickly?.(files) ?? Effect.succeed(new Set<number>())
    const rest = places.filter((place) => !done.has(place))
    const results = yield* Effect.forEach(rest, one, { concurrency: plan.concurrency })
    for (const [index, result] of results.entries()) {
      if (result._tag === "Success") continue
      if (onBadRow === "fail") return yield* result.failure
      left.push(leftOf(result.failure, entries[rest[index]].name, rest[index], plan.content))
    }
  }
  const columns = { [plan.content]: content.column, ...labels.columns }
  const values = { [plan.content]: content.values, ...labels.values }
  if (plan.file !== undefined) Object.assign(columns, { [plan.file]: Column.text })
  if (plan.file !== undefined) Object.assign(values, { [plan.file]: entries.map(({ name }) => name.toWellFormed()) })
  return yield* Effect.mapError(SetAside.sorted(columns, values, entries.length, left), ({ column, message }) => {
    const hint = "Name the columns otherwise."
    return new SourceError({ file: folder, problem: "bad columns", detail: message, hint, column })
  })
})

const leftOf = (error: SourceError, file: string, place: number, content: string): SetAside.Left => ({
  place,
  reason: error.column === undefined || error.column === content ? error.problem : "no label",
  row: { file, row: place + 1, column: error.column ?? content, value: error.value ?? "", reason: error.detail }
})

/** Columns of labels; those of rows that have none hold anything. */
interface Found {
  readonly columns: Columns
  readonly values: Readonly<Record<string, RowId.Values>>
  readonly wrong: (place: number) => SourceError | undefined
}

const folderOf = (name: string): string => name.split("/").at(-2) ?? ""

const labelsOfFolders = (labels: Exclude<Labels, FromCsv>, entries: ReadonlyArray<Folder.Entry>): Found => {
  if (labels === "none") return { columns: {}, values: {}, wrong: () => undefined }
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
  return { columns: { label: Column.category(levels) }, values: { label: codes }, wrong }
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
  const all: Columns = { ...columns, [file]: Column.text }
  const { table } = yield* Csv.readTable(csv, all, {}, "fail")
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
  const taken = Table.take(
    table,
    Uint32Array.from(places, (row) => Math.max(row, 0))
  )
  const values = Object.fromEntries(Object.entries(taken.values).filter(([name]) => name !== file))
  const wrong = (place: number) => {
    if (places[place] >= 0) return undefined
    const hint = "Add a row, or move the file elsewhere."
    const detail = `has no row in ${path}`
    return new SourceError({ file: entries[place].path, problem: "bad value", detail, hint, column: file })
  }
  return { columns, values, wrong }
})
