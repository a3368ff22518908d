/**
 * What every command shares: the store's folder, the ledger in it, the engine, and who is at the keyboard.
 */
import { Ledger, Store } from "@watertight/core"
import { Engine } from "@watertight/model"
import { type FileSystem, Layer, Option, type Path } from "effect"
import { Flag } from "effect/cli"
import { createRequire } from "node:module"
import { cpus, userInfo } from "node:os"

/** `--store`. */
export const store = Flag.String("store").pipe(
  Flag.withDescription("The folder for artifacts, runs and the ledger"),
  Flag.withDefault(".watertight")
)

/** `--seed` and `--json` of commands that look at a pipeline's splits and print what they see. */
export const looking = {
  seed: Flag.Int("seed").pipe(Flag.withDescription("The seed of the pipeline's split"), Flag.withDefault(0)),
  json: Flag.Boolean("json").pipe(Flag.withDescription("Print JSON"), Flag.withDefault(false))
}

/** `--engine`. */
export const engine = Flag.Literals("engine", ["onnx", "reference"]).pipe(
  Flag.withDescription("What computes: onnx (compiled, fast) or reference (TensorFlow.js on the CPU, slow)"),
  Flag.withDefault("onnx")
)

/** `--threads`. */
export const threads = Flag.Int("threads").pipe(
  Flag.withDescription("Threads of the onnx engine; results do not depend on it"),
  Flag.optional
)

/** `--concurrency`. */
export const concurrency = Flag.Int("concurrency").pipe(
  Flag.withDescription("Stages that may compute at the same time; results do not depend on it"),
  Flag.withDefault(2)
)

/** `--spend-test`. */
export const spendTest = Flag.String("spend-test").pipe(
  Flag.withDescription("Read test rows that another model has read, for this reason; the report shows it"),
  Flag.optional
)

/** Provides a folder as the store. */
export const layerStore = (folder: string): Layer.Layer<Store.Store, never, FileSystem.FileSystem | Path.Path> =>
  Store.layerFolder(folder)

/** Provides the ledger that lies in a store's folder. */
export const layerLedger = (
  folder: string,
  spend: Option.Option<string>
): Layer.Layer<Ledger.Ledger, never, FileSystem.FileSystem | Path.Path> =>
  Layer.mergeAll(
    Ledger.layerFolder(`${folder}/ledger`),
    Layer.succeed(Ledger.Reader, userInfo().username),
    Layer.succeed(Ledger.SpendReason, spend)
  )

/** Provides the engine of that name. */
export const layerEngine = (name: "onnx" | "reference", threadCount: Option.Option<number>) =>
  name === "onnx" ? Engine.onnx({ threads: Option.getOrUndefined(threadCount) }) : Engine.reference

const require = createRequire(import.meta.url)

/** Versions that go into every manifest. */
export const versions: Readonly<Record<string, string>> = {
  node: process.versions.node,
  ...Object.fromEntries(
    ["@watertight/core", "@watertight/data", "@watertight/optim", "@watertight/model", "@watertight/eval"].map(
      (name) => [name, String(require(`${name}/package.json`).version)]
    )
  )
}

/** The machine, for the manifest: bits of floating-point results can depend on its processor. */
export const machine = `${process.platform} ${process.arch}, ${cpus()[0]?.model ?? "unknown processor"}`

/** No test rows are spent. */
export const noSpending: Option.Option<string> = Option.none()
