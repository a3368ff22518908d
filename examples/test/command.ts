/** Runs the `watertight` command as a process of its own, as a person would. */
import { spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"

const bin = fileURLToPath(new URL("../../packages/cli/bin/watertight.js", import.meta.url))
const root = fileURLToPath(new URL("../..", import.meta.url))

export interface Finished {
  /** `null` when a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
  readonly seconds: number
  /** The largest resident memory seen, where the system tells it (Linux), else 0. */
  readonly peakMegabytes: number
}

/** Reads a process's largest resident memory so far. */
const peakOf = (pid: number | undefined): number => {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8")
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024
  } catch {
    return 0
  }
}

/** Runs the command; `killWhen` is asked after every output, and SIGKILL (or `signal`) sent when it says so. */
export const watertight = (
  args: ReadonlyArray<string>,
  options: {
    readonly killWhen?: (out: string) => boolean
    readonly signal?: NodeJS.Signals
    readonly prefix?: ReadonlyArray<string>
  } = {}
): Promise<Finished> =>
  new Promise((done) => {
    const [command, ...rest] = [...(options.prefix ?? []), process.execPath, bin, ...args]
    const started = performance.now()
    const child = spawn(command, rest, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    let out = ""
    let err = ""
    child.stdout.on("data", (data) => {
      out += String(data)
      if (options.killWhen?.(out)) child.kill(options.signal ?? "SIGKILL")
    })
    let peakMegabytes = 0
    const watch = setInterval(() => (peakMegabytes = Math.max(peakMegabytes, peakOf(child.pid))), 100)
    child.stderr.on("data", (data) => (err += String(data)))
    child.on("close", (code) => {
      clearInterval(watch)
      done({ code, out, err, seconds: (performance.now() - started) / 1000, peakMegabytes })
    })
  })

/** Makes an empty folder for a store. */
export const newStore = (): string => join(mkdtempSync(join(tmpdir(), "watertight-test-")), "store")

/** Writes a module beside the examples, in a folder git does not track, so that it finds the packages. */
export const writeModule = (name: string, text: string): string => {
  const folder = resolve(root, "examples", ".watertight", `test-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

/** Reads the root digest a run or replay printed. */
export const rootDigest = ({ out }: Finished): string | undefined => /^root digest ([0-9a-f]{64})$/m.exec(out)?.[1]
