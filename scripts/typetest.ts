/**
 * Checks the type tests. Programs in `typetest/legal` compile; each starts with a line `// legal: <what>`. In
 * `typetest/illegal`, each line `// error: <part of a sentence>` announces exactly one error of the statement below it, up to
 * the next empty line, and the compiler's message must contain that part. No other error may appear.
 */
import { globSync, readFileSync } from "node:fs"
import { tsc, type Diagnostic } from "./tsc.ts"

/** An announced error: where it was announced, what it must say, and the last line it may be on. */
export interface Announced {
  readonly file: string
  readonly line: number
  readonly until: number
  readonly sentence: string
}

/** Finds the errors a file announces. */
export const announced = (file: string, text: string): ReadonlyArray<Announced> => {
  const lines = text.split("\n")
  return lines.flatMap((each, index) => {
    const sentence = /^\s*\/\/ error: (.+)$/.exec(each)?.[1].trim()
    if (sentence === undefined) return []
    const rest = lines.slice(index + 1)
    const length = rest.findIndex((next) => next.trim() === "" || /^\s*\/\/ error: /.test(next))
    return [{ file, line: index + 1, until: index + 1 + (length < 0 ? rest.length : length), sentence }]
  })
}

/** Compares announced errors with those the compiler found, one to one; returns what is wrong, as sentences. */
export const compare = (
  expected: ReadonlyArray<Announced>,
  found: ReadonlyArray<Diagnostic>
): ReadonlyArray<string> => {
  const open = new Set(found)
  const missing = expected.flatMap((each) => {
    const here = [...open].filter(({ file, line }) => file === each.file && line > each.line && line <= each.until)
    here.forEach((diagnostic) => open.delete(diagnostic))
    const at = `${each.file}:${each.line}`
    if (here.length === 0) return [`${at}: compiles, but should fail with "${each.sentence}"`]
    if (here.length > 1) return [`${at}: fails with ${here.length} errors instead of one:\n${show(here)}`]
    return here[0].message.includes(each.sentence) ? [] : [`${at}: does not say "${each.sentence}":\n${show(here)}`]
  })
  return [...missing, ...[...open].map((each) => `an error that nobody announced:\n${show([each])}`)]
}

const show = (diagnostics: ReadonlyArray<Diagnostic>): string =>
  diagnostics
    .map(({ code, file, line, message }) => `  ${file}:${line} ${code} ${message.replaceAll("\n", "\n    ")}`)
    .join("\n")

const main = (): number => {
  const expected = globSync("typetest/illegal/*.ts").flatMap((file) => announced(file, readFileSync(file, "utf8")))
  const legal = globSync("typetest/legal/*.ts").flatMap(
    (file) => readFileSync(file, "utf8").match(/^\s*\/\/ legal: .+$/gm) ?? []
  )
  const problems = [...compare(expected, tsc("-p", "typetest/illegal")), ...compare([], tsc("-p", "typetest/legal"))]
  problems.forEach((problem) => console.error(problem))
  const failed = problems.length
  console.log(`${expected.length} illegal programs and ${legal.length} legal ones: ${failed} wrong`)
  return failed === 0 ? 0 : 1
}

if (import.meta.main) process.exitCode = main()
