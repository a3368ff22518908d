/** Runs the TypeScript compiler and reads what it reports. */
import { spawnSync } from "node:child_process"
import { join } from "node:path"

/** One error of the compiler: the file as given to it, lines from 1, the message with its elaborations. */
export interface Diagnostic {
  readonly file: string
  readonly line: number
  readonly code: string
  readonly message: string
}

/** Reads the output of `tsc --pretty false`: elaborations are indented lines below. */
export const parseOutput = (output: string): ReadonlyArray<Diagnostic> => {
  const diagnostics: Array<Diagnostic> = []
  for (const text of output.split(/\r?\n/)) {
    const start = /^(.+?)\((\d+),\d+\): error (TS\d+): (.*)$/.exec(text) ?? /^()()error (TS\d+): (.*)$/.exec(text)
    const last = diagnostics.at(-1)
    if (start !== null) {
      diagnostics.push({ file: start[1], line: Number(start[2]), code: start[3], message: start[4] })
    } else if (last !== undefined && text.trim() !== "") {
      diagnostics[diagnostics.length - 1] = { ...last, message: `${last.message}\n${text.trim()}` }
    }
  }
  return diagnostics
}

/** Checks a project. Paths in the result are relative to the current folder. */
export const tsc = (...args: ReadonlyArray<string>): ReadonlyArray<Diagnostic> => {
  const root = join(import.meta.dirname, "..")
  const { status, stderr, stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["--pretty", "false", ...args], {
    encoding: "utf8",
    maxBuffer: 2 ** 28
  })
  const diagnostics = parseOutput(stdout)
  if (status !== 0 && diagnostics.length === 0) throw new Error(`tsc failed without saying why:\n${stdout}${stderr}`)
  return diagnostics
}
