/** Python scripts as contenders: a script stays alive, is told on its input what to do, and answers with milliseconds. */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"

const interpreter = process.env.WATERTIGHT_BENCH_PYTHON ?? "python3"

const probe = spawnSync(interpreter, ["-W", "ignore", "-c", "import torch; print(torch.__version__)"], {
  encoding: "utf8"
})

/** PyTorch's version, or undefined where the interpreter cannot import it. */
export const torch: string | undefined = probe.status === 0 ? probe.stdout.trim() : undefined

/** Tells whether the interpreter can import a module. */
export const has = (module: string): boolean =>
  spawnSync(interpreter, ["-W", "ignore", "-c", `import ${module}`], { stdio: "ignore" }).status === 0

/** What to say about PyTorch. */
export const about =
  torch === undefined
    ? `PyTorch is missing: \`${interpreter} -c "import torch"\` fails. Name another interpreter in WATERTIGHT_BENCH_PYTHON.`
    : `PyTorch ${torch} (${interpreter})`

/** Starts a script of `peers/` on so many threads. What it returns sends a command and gives the answer. */
export const start = (script: string, threads: number, options: object) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const count = String(threads)
      const limits = { OMP_NUM_THREADS: count, MKL_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count }
      const file = new URL(`./peers/${script}`, import.meta.url).pathname
      const python = spawn(interpreter, ["-W", "ignore", file, JSON.stringify({ ...options, threads })], {
        stdio: ["pipe", "pipe", "inherit"],
        env: { ...process.env, ...limits }
      })
      return { python, lines: createInterface(python.stdout)[Symbol.asyncIterator]() }
    }),
    ({ python }) =>
      Effect.promise(async () => {
        python.stdin.end()
        if (python.exitCode === null) await once(python, "exit")
      })
  ).pipe(
    Effect.map(
      ({ lines, python }) =>
        (command: object): Effect.Effect<number> =>
          Effect.promise(async () => {
            python.stdin.write(`${JSON.stringify(command)}\n`)
            const { done, value } = await lines.next()
            if (done === true) throw new Error(`${script} ended before it answered ${JSON.stringify(command)}`)
            return JSON.parse(value).milliseconds
          })
    )
  )
