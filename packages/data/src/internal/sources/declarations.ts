/** What sources declare, as data for their stage's parameters and for its digest of the outside. */
import { Digest } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as Files from "./files.ts"

const encode = Schema.encodeSync(Column.Declaration)

/** Lists columns as data, in the order of their declaration. */
export const ofColumns = (columns: Columns) =>
  Object.entries(columns).map(([name, column]) => ({ name, column: encode(column) }))

/** A column and the file that holds it, by the column's name. */
type FileEntry = readonly [name: string, file: { readonly path: Files.Path; readonly column: Column.Column }]

/** Lists columns that lie in a file each as data; of a file only its base name, so that keys do not depend on folders. */
export const ofFiles = (files: ReadonlyArray<FileEntry>) =>
  files.map(([name, { column, path }]) => ({ name, file: Files.nameOf(path), column: encode(column) }))

/** Digests the content of all files. */
export const contentOf = (files: ReadonlyArray<FileEntry>) =>
  Effect.map(
    Effect.forEach(files, ([, { path }]) => Files.digest(path)),
    (digests) => Digest.of(digests)
  )
