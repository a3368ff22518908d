import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"

const root = resolve(import.meta.dirname, "../..")

interface Report {
  readonly diagnostics: ReadonlyArray<{ readonly code: string; readonly filename: string }>
}

/** Lints files given by path and text with a configuration of ours, in a folder of their own. */
const lint = (config: string, files: ReadonlyArray<readonly [path: string, text: string]>) => {
  const folder = mkdtempSync(join(tmpdir(), "watertight-lint-"))
  try {
    const plugins = (text: string) =>
      text.replace(/"\.\/(\S+\.ts)"/g, (_, path) => `"${resolve(root, dirname(config), path)}"`)
    writeFileSync(join(folder, ".oxlintrc.json"), plugins(readFileSync(join(root, config), "utf8")))
    for (const [path, text] of files) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const { stdout } = spawnSync(join(root, "node_modules/.bin/oxlint"), ["-f", "json", "."], {
      cwd: folder,
      encoding: "utf8"
    })
    const report: Report = JSON.parse(stdout)
    return (path: string) =>
      report.diagnostics
        .filter(({ filename }) => resolve(folder, filename) === join(folder, path))
        .map(({ code }) => code)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const source = (text: string) => `/** A module. */\n${text}\n`

describe("the lint configuration", () => {
  const broken: ReadonlyArray<readonly [rule: string, text: string]> = [
    ["eslint(no-restricted-properties)", "/** A. */\nexport const a = Math.random()"],
    ["eslint(no-restricted-properties)", "/** A. */\nexport const a = Date.now()"],
    ["eslint(no-restricted-properties)", "/** A. */\nexport const a = performance.now()"],
    ["eslint(no-restricted-properties)", "/** A. */\nexport const a = crypto.randomUUID()"],
    [
      "eslint(no-restricted-imports)",
      `import { randomBytes } from "node:crypto"\n/** A. */\nexport const a = randomBytes(1)`
    ],
    ["eslint(no-console)", "console.log(1)"],
    ["node(no-process-env)", "/** A. */\nexport const a = process.env.HOME"],
    ["oxc(no-async-await)", "/** A. */\nexport const a = async () => 1"],
    ["import(no-default-export)", "export default 1"],
    ["typescript(ban-ts-comment)", "// @ts-ignore\n/** A. */\nexport const a: string = 1"],
    ["typescript(ban-ts-comment)", "// @ts-expect-error\n/** A. */\nexport const a: string = 1"],
    ["eslint(max-lines)", "\n".repeat(601)],
    ["house(no-clock)", "/** A. */\nexport const a = new Date()"],
    ["house(no-clock)", "/** A. */\nexport const a = Date()"],
    ["house(no-try)", "try {\n  JSON.parse('')\n} catch (error) {\n  throw new Error('a', { cause: error })\n}"],
    ["house(reason)", "/** A. */\nexport const a = 1 as number"],
    ["house(reason)", "/** A. */\nexport const a = <number>1"],
    ["house(reason)", "/** A. */\nexport const a = [1].at(0)!"],
    ["house(reason)", "/** A. */\nexport const a: any = 1"],
    ["house(reason)", "/** A. */\nexport const a: any = 1 // oxlint-disable-line no-console"],
    ["house(documented)", "export const a = 1"],
    ["house(documented)", "// not a doc comment\nexport interface A {}"]
  ]
  const good: ReadonlyArray<string> = [
    "/** A. */\nexport const a = [1, 2] as const",
    "/** A. */\nexport const a = 1 as number // the compiler cannot know",
    "/** A. */\nexport const a: any = 1 // a foreign library's type",
    `/** A. */\nexport const a = "Math.random() new Date() async try any !"`,
    "/** A. */\nexport const a = new Date(0).toISOString()",
    "// @ts-expect-error a foreign library's type\n/** A. */\nexport const a: string = 1",
    "/** A. */\nexport interface A { readonly a: 1 }\nexport const A = 1"
  ]
  const files: ReadonlyArray<readonly [string, string]> = [
    ...broken.map(([, text], index) => [`packages/core/src/Broken${index}.ts`, source(text)] as const),
    ...good.map((text, index) => [`packages/core/src/Good${index}.ts`, source(text)] as const),
    ["packages/core/src/Headless.ts", "/* what */\nexport {}\n"],
    ["packages/core/src/utils.ts", source("export {}")],
    ["packages/core/src/internal/quiet.ts", source("export const a = 1")],
    ["packages/model/src/engines/onnx.ts", source("/** A. */\nexport const a = async () => 1")],
    ["packages/core/test/Only.test.ts", `import { it } from "vitest"\nit.only("runs alone", () => {})\n`],
    ["packages/core/test/Skip.test.ts", `import { it } from "vitest"\nit.skip("is skipped", () => {})\n`],
    [
      "packages/core/test/Reason.test.ts",
      `import { it } from "vitest"\nit.skip("is skipped", () => {}) // needs a GPU\n`
    ]
  ]
  const codes = lint(".oxlintrc.json", files)

  broken.forEach(([rule, text], index) => {
    it(`${rule} refuses ${JSON.stringify(text.slice(0, 70))}`, () => {
      assert.include(codes(`packages/core/src/Broken${index}.ts`), rule)
    })
  })

  good.forEach((text, index) => {
    it(`takes ${JSON.stringify(text.slice(0, 70))}`, () => {
      assert.deepStrictEqual(codes(`packages/core/src/Good${index}.ts`), [])
    })
  })

  it("wants a first comment, names that say something, tests that run", () => {
    assert.deepStrictEqual(codes("packages/core/src/Headless.ts"), ["house(header)"])
    assert.deepStrictEqual(codes("packages/core/src/utils.ts"), ["house(named)"])
    assert.deepStrictEqual(codes("packages/core/src/internal/quiet.ts"), [])
    assert.deepStrictEqual(codes("packages/model/src/engines/onnx.ts"), [])
    assert.include(codes("packages/core/test/Only.test.ts"), "house(no-skip)")
    assert.include(codes("packages/core/test/Skip.test.ts"), "house(no-skip)")
    assert.deepStrictEqual(codes("packages/core/test/Reason.test.ts"), [])
  })
})

describe("the layer rules", () => {
  const codes = lint("scripts/lint/layers.json", [
    ["packages/core/src/A.ts", `import "@watertight/data"\n`],
    ["packages/core/src/B.ts", `export type B = import("@watertight/data").B\n`],
    ["packages/core/src/C.ts", `export const c = import("apache-arrow")\n`],
    ["packages/core/src/D.ts", `export * from "./testing/Law.ts"\n`],
    ["packages/core/src/E.ts", `import { Effect } from "effect"\nEffect.runSync(Effect.void)\n`],
    ["packages/core/src/testing/Law.ts", `import { Effect } from "effect"\nEffect.runSync(Effect.void)\n`],
    ["packages/core/src/F.ts", `// import "@watertight/data"\nexport const f = 'import "@watertight/data"'\n`]
  ])

  for (const name of ["A", "B", "C", "D"]) {
    it(`sees the import in ${name}.ts`, () => {
      assert.deepStrictEqual(codes(`packages/core/src/${name}.ts`), ["layers(imports)"])
    })
  }

  it("lets effects run in the law checker only", () => {
    assert.deepStrictEqual(codes("packages/core/src/E.ts"), ["layers(no-run)"])
    assert.deepStrictEqual(codes("packages/core/src/testing/Law.ts"), [])
  })

  it("sees no imports in text", () => assert.deepStrictEqual(codes("packages/core/src/F.ts"), []))
})
