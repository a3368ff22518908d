/**
 * The laws of sources. Each takes a format: a way of writing a table to a path, and a source of that path. Tables that
 * are read must be those that were written, whatever the format, the folder, and the order in which files came there.
 */
import { Digest, Ledger, type Node, Pipeline, Store } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect, FileSystem, type Scope } from "effect"
import * as fc from "fast-check"
import type { Columns } from "../Columns.ts"
import * as Table from "../Table.ts"

/** A way of writing tables, and a source that reads them. */
export interface Format<C extends Columns> {
  readonly name: string
  /** The name of the file or folder that is written, with its ending. */
  readonly file: string
  readonly write: (table: Table.Table<C>, path: string) => Effect.Effect<unknown, unknown, FileSystem.FileSystem>
  readonly read: (path: string) => Node.Node<Table.Table<C>, unknown, FileSystem.FileSystem>
}

/** A format, tables of at least one row to try it on, and the file system to write to. */
export interface Subject<C extends Columns> {
  readonly format: Format<C>
  readonly tables: fc.Arbitrary<Table.Table<C>>
  readonly fileSystem: FileSystem.FileSystem
}

type Program<A> = Effect.Effect<A, unknown, FileSystem.FileSystem | Scope.Scope>

const within = (fileSystem: FileSystem.FileSystem, program: Program<unknown>): Effect.Effect<unknown, unknown> =>
  Effect.scoped(program).pipe(Effect.provideService(FileSystem.FileSystem, fileSystem))

/** Writes a table into a new folder and returns the path. */
const written = Effect.fnUntraced(function* <C extends Columns>(format: Format<C>, table: Table.Table<C>) {
  const fileSystem = yield* FileSystem.FileSystem
  const path = `${yield* fileSystem.makeTempDirectoryScoped()}/${format.file}`
  yield* format.write(table, path)
  return path
})

/** Runs a source as a pipeline does, its digest before and after included. */
const read = <C extends Columns>({ read }: Format<C>, path: string): Program<Table.Table<C>> =>
  Pipeline.run(Pipeline.make("law", { table: read(path) }), { seed: 0 }).pipe(
    Effect.map(({ outputs }) => outputs.table),
    Effect.provide([Store.layerMemory, Ledger.layerMemory])
  )

/** The digest a source takes of what it will read. */
const version = <C extends Columns>({ read }: Format<C>, path: string): Program<unknown> =>
  (read(path).stage.external ?? Effect.die("the source has no digest of what it reads")) as Program<unknown> // a stage of any type has unknown needs

/** A table that is written and read is the same, to the bit. */
export const identity = <C extends Columns>({ fileSystem, format, tables }: Subject<C>): Law.Law =>
  Law.make(`source: what was written is read (${format.name})`, tables, (table) => {
    const program = Effect.gen(function* () {
      const found = yield* read(format, yield* written(format, table))
      Law.ensure(found.length === table.length, () => `${found.length} rows of ${table.length}`)
      Law.ensure(Table.digest(found) === Table.digest(table), () => "the rows are others")
    })
    return within(fileSystem, program)
  })

/** The same rows through two formats are one table. */
export const agreement = <C extends Columns>({
  fileSystem,
  format,
  other,
  tables
}: Subject<C> & { readonly other: Format<C> }): Law.Law =>
  Law.make(`source: ${format.name} and ${other.name} give the same table`, tables, (table) => {
    const program = Effect.gen(function* () {
      const [one, two] = [
        yield* read(format, yield* written(format, table)),
        yield* read(other, yield* written(other, table))
      ]
      Law.ensure(Table.digest(one) === Table.digest(two), () => "the tables differ")
    })
    return within(fileSystem, program)
  })

/** The digest is that of what is read: not of where it lies, and another where the rows are others. */
export const versioned = <C extends Columns>({ fileSystem, format, tables }: Subject<C>): Law.Law =>
  Law.make(`source: the digest is that of the content (${format.name})`, fc.tuple(tables, tables), ([one, two]) => {
    const program = Effect.gen(function* () {
      const here = yield* version(format, yield* written(format, one))
      const there = yield* version(format, yield* written(format, one))
      Law.ensure(here === there, () => "the same content elsewhere has another digest")
      if (Table.digest(one) === Table.digest(two)) return
      const other = yield* version(format, yield* written(format, two))
      Law.ensure(here !== other, () => "other rows have the same digest")
    })
    return within(fileSystem, program)
  })

/** Reading changes no byte, and leaves no file behind. */
export const purity = <C extends Columns>({ fileSystem, format, tables }: Subject<C>): Law.Law =>
  Law.make(`source: reading changes nothing on disk (${format.name})`, tables, (table) => {
    const program = Effect.gen(function* () {
      const path = yield* written(format, table)
      const folder = path.slice(0, -format.file.length)
      const before = yield* contentOf(folder)
      yield* read(format, path)
      Law.ensure(before === (yield* contentOf(folder)), () => "a file was changed, added or removed")
    })
    return within(fileSystem, program)
  })

/** The names and bytes of all files below a folder, as a digest. */
const contentOf = (folder: string): Program<Digest.Digest> =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem.FileSystem
    const names = yield* fileSystem.readDirectory(folder, { recursive: true })
    const found: Array<readonly [string, Uint8Array | null]> = []
    for (const name of names.toSorted()) {
      const { type } = yield* fileSystem.stat(`${folder}${name}`)
      found.push([name, type === "File" ? Uint8Array.from(yield* fileSystem.readFile(`${folder}${name}`)) : null])
    }
    return Digest.of(found)
  })

/** A table in the files of a folder is the same whatever the order in which they were written; the file system's own differs. */
export const order = <C extends Columns>({ fileSystem, format, tables }: Subject<C>): Law.Law => {
  const parts = fc.uniqueArray(
    fc.string({
      unit: fc.constantFrom("a", "B", "ı", "I", "\u{1F600}", "\uFFFD", "1", "0"),
      minLength: 1,
      maxLength: 3
    }),
    {
      minLength: 2,
      maxLength: 5
    }
  )
  const cases = fc.record({ table: tables, names: parts, seed: fc.nat() })
  return Law.make(
    `source: rows of a folder come in the order of paths (${format.name})`,
    cases,
    ({ names, seed, table }) => {
      const program = Effect.gen(function* () {
        const system = yield* FileSystem.FileSystem
        const folder = yield* system.makeTempDirectoryScoped()
        const sorted = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))
        const turn = seed % names.length
        for (const name of [...names.slice(turn), ...names.slice(0, turn)]) {
          yield* format.write(partOf(table, sorted.indexOf(name), names.length), `${folder}/${name}-${format.file}`)
        }
        const found = yield* read(format, folder)
        const expected = sorted.map((_, part) => partOf(table, part, names.length))
        const ids = Buffer.concat(expected.map((part) => part.ids))
        Law.ensure(Buffer.compare(ids, found.ids) === 0, () => `the rows of ${sorted.join(", ")} come in another order`)
      })
      return within(fileSystem, program)
    }
  )
}

/** At least a row for each part, some rows in more than one. */
const partOf = <C extends Columns>(table: Table.Table<C>, part: number, parts: number): Table.Table<C> => {
  const rows = Uint32Array.from(
    { length: Math.ceil(table.length / parts) },
    (_, row) => (part + row * parts) % table.length
  )
  return Table.take(table, rows)
}

/** All laws of a format that lies in one file. */
export const all = <C extends Columns>(subject: Subject<C>): ReadonlyArray<Law.Law> => [
  identity(subject),
  versioned(subject),
  purity(subject)
]
