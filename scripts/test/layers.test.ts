import { assert, describe, it } from "@effect/vitest"
import { compareManifest, refuse, table } from "../layers.ts"

describe("layers", () => {
  it("the table has no cycle", () => {
    const below = (name: string, path: ReadonlyArray<string>): void => {
      assert.notInclude(path, name)
      for (const next of table[name]) {
        if (next.startsWith("@watertight/")) below(next.slice("@watertight/".length), [...path, name])
      }
    }
    Object.keys(table).forEach((name) => below(name, []))
  })

  const allowed: ReadonlyArray<readonly [file: string, specifier: string]> = [
    ["packages/core/src/Digest.ts", "node:crypto"],
    ["packages/core/src/Digest.ts", "effect"],
    ["packages/core/src/Digest.ts", "effect/platform"],
    ["packages/core/src/split/A.ts", "../Digest.ts"],
    ["packages/core/src/testing/Law.ts", "fast-check"],
    ["packages/core/src/testing/Law.ts", "../Digest.ts"],
    ["packages/core/test/Digest.test.ts", "../src/testing/index.ts"],
    ["packages/core/test/Digest.test.ts", "../src/internal/journal.ts"],
    ["packages/core/test/Digest.test.ts", "@effect/vitest"],
    ["packages/data/src/testing/SplitLaws.ts", "@watertight/core/testing"],
    ["packages/data/test/Split.test.ts", "@watertight/data/testing"],
    ["packages/data/src/internal/arrow/ipc.ts", "apache-arrow"],
    ["packages/model/src/internal/tfjs.ts", "@tensorflow/tfjs"],
    ["packages/eval/src/Evaluate.ts", "@watertight/model"],
    ["packages/eval/test/Evaluate.test.ts", "@watertight/optim"],
    ["packages/cli/src/main.ts", "@effect/platform-node/NodeRuntime"],
    ["examples/digits/digits.ts", "@watertight/eval"],
    ["examples/test/digits.test.ts", "../digits/digits.ts"],
    ["examples/test/digits.test.ts", "@watertight/data/testing"],
    ["scripts/check.ts", "vitest/node"]
  ]
  for (const [file, specifier] of allowed) {
    it(`${file} may import ${specifier}`, () => assert.isUndefined(refuse(file, specifier)))
  }

  const refused: ReadonlyArray<readonly [file: string, specifier: string, why: RegExp]> = [
    ["packages/core/src/Digest.ts", "@watertight/data", /core may not import @watertight\/data/],
    ["packages/core/src/Digest.ts", "apache-arrow", /core may not import apache-arrow/],
    ["packages/core/src/Digest.ts", "fast-check", /core may not import fast-check/],
    ["packages/core/src/Digest.ts", "@watertight/core", /core may not import @watertight\/core/],
    ["packages/core/test/Digest.test.ts", "@watertight/data", /core may not import @watertight\/data/],
    ["packages/core/src/Digest.ts", "./testing/Law.ts", /nothing outside testing/],
    ["packages/core/src/Digest.ts", "../test/fixtures.ts", /only tests import tests/],
    ["packages/data/src/Split.ts", "@watertight/core/testing", /nothing outside testing/],
    ["packages/data/src/Split.ts", "@watertight/core/internal/journal", /no entry point of @watertight\/core/],
    ["packages/data/src/Split.ts", "@watertight/core/src/Digest.ts", /no entry point of @watertight\/core/],
    ["packages/data/src/Split.ts", "../../core/src/Digest.ts", /leaves packages\/data/],
    ["packages/data/test/Split.test.ts", "../../core/src/internal/journal.ts", /leaves packages\/data/],
    ["packages/data/src/Split.ts", "@tensorflow/tfjs", /data may not import @tensorflow\/tfjs/],
    ["packages/optim/src/Clip.ts", "@watertight/data", /optim may not import @watertight\/data/],
    ["packages/model/src/Train.ts", "@watertight/eval", /model may not import @watertight\/eval/],
    ["packages/eval/src/Report.ts", "@tensorflow/tfjs", /eval may not import @tensorflow\/tfjs/],
    ["packages/eval/src/Evaluate.ts", "@watertight/optim", /eval may not import @watertight\/optim/],
    ["packages/data/src/testing/Laws.ts", "vitest", /data may not import vitest/],
    ["examples/digits/digits.ts", "../../packages/core/src/index.ts", /leaves examples/],
    ["examples/digits/digits.ts", "@watertight/core/testing", /nothing outside testing/],
    ["examples/digits/digits.ts", "@watertight/core/internal/journal", /no entry point/]
  ]
  for (const [file, specifier, why] of refused) {
    it(`${file} may not import ${specifier}`, () => assert.match(refuse(file, specifier) ?? "", why))
  }

  it("manifests declare what is imported, and nothing beyond their row", () => {
    const manifest = { dependencies: { effect: "1", "apache-arrow": "1" } }
    assert.deepStrictEqual(compareManifest("data", manifest, new Set(["effect"])), [])
    assert.match(compareManifest("core", manifest, new Set())[0], /core declares the dependency apache-arrow/)
    assert.match(
      compareManifest("data", manifest, new Set(["@watertight/core"]))[0],
      /imports @watertight\/core without/
    )
  })
})
