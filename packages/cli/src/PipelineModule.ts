/**
 * Loads the module that holds a pipeline, and records which source files of the author it loads on the way: their
 * digests decide whether results of the author's own stages may be reused.
 */
import { Digest, Pipeline } from "@watertight/core"
import { Effect, FileSystem, Path, Schema } from "effect"
import { registerHooks } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"

/** The file is not a module with a pipeline. */
export class ModuleError extends Schema.TaggedError<ModuleError>()("ModuleError", {
  file: Schema.String,
  reason: Schema.String
}) {
  override get message() {
    return `${this.file}: ${this.reason}`
  }
}

/** A loaded pipeline, and what it was loaded from. */
export interface PipelineModule {
  readonly pipeline: Pipeline.Any
  readonly sources: Pipeline.Sources
}

/** Files of Watertight itself and of installed packages are covered by their versions. */
const ownFolders = ["core", "data", "optim", "model", "eval", "cli"].map((name) =>
  fileURLToPath(new URL(".", import.meta.resolve(`@watertight/${name}/package.json`)))
)

const isAuthors = (file: string): boolean =>
  !file.includes("/node_modules/") && !ownFolders.some((folder) => file.startsWith(folder))

/** Imports a module and lists the author's files it loaded. */
const importRecorded = (file: string) =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const loaded = new Set<string>()
      const hooks = registerHooks({
        load: (url, context, next) => {
          if (url.startsWith("file:")) loaded.add(fileURLToPath(url))
          return next(url, context)
        }
      })
      return { hooks, loaded }
    }),
    ({ loaded }) =>
      Effect.tryPromise({
        try: (): Promise<{ readonly default?: unknown }> => import(pathToFileURL(file).href),
        catch: (cause) => new ModuleError({ file, reason: `it does not load: ${describe(cause)}` })
      }).pipe(Effect.map((module) => ({ module, files: [...loaded].filter(isAuthors).sort() }))),
    ({ hooks }) => Effect.sync(() => hooks.deregister())
  )

const describe = (cause: unknown): string => (cause instanceof Error ? (cause.stack ?? cause.message) : String(cause))

/** Loads FILE: a TypeScript or JavaScript module whose default export is a pipeline. */
export const load = Effect.fn("PipelineModule.load")(function* (
  given: string
): Effect.fn.Return<PipelineModule, ModuleError, FileSystem.FileSystem | Path.Path> {
  const files = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.resolve(given)
  const info = yield* files
    .stat(file)
    .pipe(Effect.mapError(() => new ModuleError({ file: given, reason: "there is no such file" })))
  if (info.type === "Directory") {
    return yield* new ModuleError({
      file: given,
      reason: "this is a folder; name the module in it that exports a pipeline"
    })
  }
  const { files: loaded, module } = yield* importRecorded(file)
  if (!Pipeline.isPipeline(module.default)) {
    const reason =
      module.default === undefined
        ? 'it has no default export. End it with `export default Pipeline.make("name", { … })`'
        : 'its default export is no pipeline. Make one with `Pipeline.make("name", { … })`'
    return yield* new ModuleError({ file: given, reason })
  }
  const folder = path.dirname(file)
  const sources = yield* Effect.forEach(loaded, (each) =>
    files.readFile(each).pipe(
      Effect.map((bytes) => ({ file: path.relative(folder, each), digest: Digest.fromBytes(bytes) })),
      Effect.mapError((error) => new ModuleError({ file: each, reason: error.message }))
    )
  )
  return { pipeline: module.default, sources: { file: path.relative(process.cwd(), file), files: sources } }
})
