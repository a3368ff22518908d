/**
 * Folders of texts: each file is a row, what it says a text, and the folder it lies in may be its class. Files come in
 * the order of their paths by code points; a file that is not written as declared is an error, never a replaced letter.
 */
import { Effect, type FileSystem } from "effect"
import * as Column from "../Column.ts"
import * as Files from "../internal/sources/files.ts"
import type * as Folder from "../internal/sources/folder.ts"
import * as FolderRows from "../internal/sources/folderRows.ts"
import * as Quarantine from "./Quarantine.ts"
import { SourceError } from "./SourceError.ts"

/** How texts are written: `latin-1` is ISO 8859-1, every byte a letter. */
export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252" | "latin-1"

/** Where the texts are and how they are written. */
export interface Options<L extends FolderRows.Labels, F extends string> extends FolderRows.Options<L, F> {
  /** UTF-8 unless given. */
  readonly encoding?: Encoding
  /** The endings of the files' names, `[".txt"]` unless given; capital letters do not matter. */
  readonly endings?: ReadonlyArray<string>
}

/** The columns of a folder of texts. */
export type TextColumns<L extends FolderRows.Labels, F extends string = never> = {
  readonly text: Column.Text
} & FolderRows.LabelColumns<L> & { readonly [K in F]: Column.Text }

/**
 * Reads the text files below a folder: a column `text`, and a category `label` or the columns of a CSV file. A byte order
 * mark of the declared encoding is taken off; line breaks and everything else stay as they are. Hidden files are passed
 * over. Fails with a `SourceError` that names the file when one is not written in the encoding, has another ending, lies
 * in no folder that is a level, is larger than 256 MiB, or is a link out of the folder; and when there is none at all.
 *
 * @example
 * import { Column, Source } from "@watertight/data"
 * const reviews = Source.texts("reviews", { labels: Column.category(["neg", "pos"]), file: "path" })
 * reviews.stage.name // => "texts"
 */
export const texts = <const L extends FolderRows.Labels, const F extends string = never>(
  folder: Files.Path,
  options: Options<L, F>
): Quarantine.Source<TextColumns<L, F>, SourceError, FileSystem.FileSystem> => {
  const { encoding = "utf-8", labels } = options
  const endings = (options.endings ?? [".txt"]).map((ending) => ending.toLowerCase())
  const file = options.file === undefined ? {} : { file: options.file }
  const plan = { folder, labels, endings, content: "text", concurrency: 8, ...file }
  return Quarantine.source({
    name: "texts",
    version: 1,
    params: { ...FolderRows.params({ ...options, folder }), encoding, endings },
    external: FolderRows.digest(folder, endings, labels),
    label: Files.systemPath(folder),
    read: (onBadRow) =>
      Effect.map(
        FolderRows.read(plan, contentOf(encoding), onBadRow),
        (sorted) => sorted as unknown as Quarantine.Sorted<TextColumns<L, F>> // the columns that the options declare
      )
  })
}

const contentOf = (encoding: Encoding): FolderRows.Content => ({
  column: Column.text,
  together: 256,
  block: (rows) => {
    const values = Array.from({ length: rows }, () => "")
    const put = (row: number, entry: Folder.Entry) =>
      Effect.map(readText(entry, encoding), (text) => {
        values[row] = text
      })
    return { values, put }
  }
})

const readText = Effect.fnUntraced(function* ({ path }: Folder.Entry, encoding: Encoding) {
  const bytes = yield* Files.read(path)
  const decoded = yield* Effect.result(
    Effect.try({
      try: () =>
        encoding === "latin-1"
          ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
          : new TextDecoder(encoding, { fatal: true }).decode(bytes),
      catch: () => undefined
    })
  )
  if (decoded._tag === "Success") return decoded.success
  const [first, second] = bytes
  const isWide = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)
  return yield* new SourceError({
    file: path,
    problem: "wrong encoding",
    detail: `is not ${encoding.toUpperCase()}${isWide && encoding === "utf-8" ? " but UTF-16, by its mark" : ""}`,
    hint: "Say which encoding it is written in: { encoding }.",
    column: "text"
  })
})
