/**
 * Checks the documentation's code: `@example` blocks in `packages/X/src` and `ts` fences in Markdown. Each becomes a module
 * of its own in `.doc-examples/`, on the lines it has in its source. All are type-checked, then run in one process, where
 * each line `expression // => value` is compared by deep equality. A fence `ts no-run` is type-checked only.
 */
import { spawnSync } from "node:child_process"
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { tsc } from "./tsc.ts"

/** A piece of code in a file: `line` is where its first line stands, from 1. */
export interface Example {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly run: boolean
}

/** Finds the `@example` blocks of a TypeScript source. */
export const inSource = (file: string, text: string): ReadonlyArray<Example> => {
  const lines = text.split("\n")
  const examples: Array<Example> = []
  let start = -1
  let inComment = false
  const end = (index: number) => {
    if (start >= 0) {
      const code = lines.slice(start, index).map((line) => line.replace(/^\s*\* ?/, ""))
      examples.push({ file, line: start + 1, code: code.join("\n").trimEnd(), run: true })
    }
    start = -1
  }
  lines.forEach((line, index) => {
    if (/^\s*\/\*\*/.test(line)) inComment = true
    if (inComment && (/^\s*\* @\w+/.test(line) || /\*\/\s*$/.test(line))) end(index)
    if (inComment && /^\s*\* @example\s*$/.test(line)) start = index + 1
    if (/\*\/\s*$/.test(line)) inComment = false
  })
  return examples
}

/** Finds the `ts` and `ts no-run` fences of a Markdown file. */
export const inMarkdown = (file: string, text: string): ReadonlyArray<Example> =>
  [...text.matchAll(/^```ts( no-run)?[ \t]*\n([\s\S]*?)^```/gm)].map((match) => ({
    file,
    line: text.slice(0, match.index).split("\n").length + 1,
    code: match[2].trimEnd(),
    run: match[1] === undefined
  }))

const isStatementStart = (line: string): boolean => /^[^\s)\]}.?:|&+*/,-]/.test(line)

/**
 * Turns an example into a module: each `expression // => value` becomes a comparison. A statement begins on the last line
 * above that is neither indented nor begins with a closing bracket or an operator.
 */
export const toModule = (example: Example): string => {
  const lines = example.code.split("\n")
  lines.forEach((line, index) => {
    const match = /^(.*?)\s*\/\/ => (.*)$/.exec(line)
    if (match === null) return
    const [, code, expected] = match
    const place = JSON.stringify(`${example.file}:${example.line + index}`)
    let start = index
    while (start > 0 && !isStatementStart(start === index ? code : lines[start])) start--
    const declared = /^(?:const|let) (\w+)/.exec(lines[start])?.[1]
    if (declared !== undefined) {
      lines[index] = `${code}; __check(${place}, ${declared}, (${expected}))`
    } else if (start === index) {
      lines[index] = `__check(${place}, (${code}), (${expected}))`
    } else {
      lines[start] = `__check(${place}, (${lines[start]}`
      lines[index] = `${code}), (${expected}))`
    }
  })
  const preamble = `import { check as __check } from "./check.ts"; void __check; export {}`
  return `${preamble}${"\n".repeat(example.line - 1)}${lines.join("\n")}\n`
}

const folder = ".doc-examples"

const nameOf = ({ file, line }: Example): string => `${file.replaceAll(/[^\w.]+/g, "__")}__${line}.ts`

const checker = `import { inspect, isDeepStrictEqual } from "node:util"
export const failures: Array<string> = []
export let comparisons = 0
export const check = (place: string, actual: unknown, expected: unknown): void => {
  comparisons++
  if (isDeepStrictEqual(actual, expected)) return
  failures.push(place + ": the example says " + inspect(expected) + ", but it is " + inspect(actual))
}
`

const runner = (examples: ReadonlyArray<Example>): string => `import { comparisons, failures } from "./check.ts"
const examples = ${JSON.stringify(examples.filter(({ run }) => run).map((example) => [`${example.file}:${example.line}`, `./${nameOf(example)}`]))}
for (const [place, file] of examples) {
  try { await import(file) } catch (error) { failures.push(place + ": " + (error instanceof Error ? error.stack : String(error))) }
}
failures.forEach((failure) => console.error(failure))
console.log(examples.length + " examples run, " + comparisons + " results compared, " + failures.length + " wrong")
process.exit(failures.length === 0 ? 0 : 1)
`

const write = (examples: ReadonlyArray<Example>): void => {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(join(folder, "cwd"), { recursive: true })
  for (const example of examples) writeFileSync(join(folder, nameOf(example)), toModule(example))
  writeFileSync(join(folder, "check.ts"), checker)
  writeFileSync(join(folder, "run.ts"), runner(examples))
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false }
  const config = { extends: "../tsconfig.json", compilerOptions, include: ["*.ts"], exclude: ["run.ts"] }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
}

const main = (): number => {
  const read = (find: typeof inSource, pattern: string) =>
    globSync(pattern).flatMap((file) => find(file, readFileSync(file, "utf8")))
  const examples = [
    ...read(inSource, "packages/*/src/**/*.ts"),
    ...["*.md", "docs/**/*.md", "packages/*/README.md", "examples/**/README.md"].flatMap((pattern) =>
      read(inMarkdown, pattern)
    )
  ]
  write(examples)
  const places = new Map(examples.map((example) => [join(folder, nameOf(example)), example.file]))
  const errors = tsc("-p", folder)
  errors.forEach(({ file, line, message }) => console.error(`${places.get(file) ?? file}:${line}: ${message}`))
  if (errors.length > 0) return 1
  const { status } = spawnSync(process.execPath, ["../run.ts"], {
    cwd: join(folder, "cwd"),
    stdio: "inherit",
    timeout: 300_000
  })
  return status ?? 1
}

if (import.meta.main) process.exitCode = main()
