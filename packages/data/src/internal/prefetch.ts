/**
 * The reading side of a ring of batches that worker threads fill. Waiting goes through shared memory: while ONNX Runtime
 * computes on this thread no message is delivered, and a batch that is ready needs none.
 */
import { Effect, type Scope } from "effect"
import { Worker } from "node:worker_threads"
import { type Packed, type Plan, type Slot, makeSlot } from "./fill.ts"
import type { Work } from "./loaderWorker.ts"
import { LoaderError } from "./pack.ts"
import * as Ring from "./ring.ts"
import * as Shared from "./shared.ts"

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
const workerFile = new URL(`./loaderWorker.${extension}`, import.meta.url)

/** Reads the slot of a position; its arrays stay as they are until the next call. */
export type Read = (epoch: number, step: number) => Effect.Effect<Slot, LoaderError>

/** Starts worker threads that write up to `prefetch` batches ahead of the one being read. */
export const make = Effect.fnUntraced(function* (
  packed: Packed,
  plan: Plan,
  options: {
    readonly prefetch: number
    readonly workers: number
    /** From this ticket on a new course starts at 0: tickets are 32-bit words. */
    readonly lastTicket?: number
  }
): Effect.fn.Return<Read, LoaderError, Scope.Scope> {
  const slots = Array.from({ length: options.prefetch + 1 }, () => makeSlot(packed, plan, Shared))
  const workers = Math.min(options.workers, slots.length)
  const lastTicket = options.lastTicket ?? 2 ** 30
  const words = Shared.int32(Ring.wordsFor(slots.length))
  let failure: LoaderError | undefined
  let onFailure: (error: LoaderError) => void = () => {}
  let closing = false

  const fail = (reason: string) => {
    if (closing || failure !== undefined) return
    failure = new LoaderError({ reason })
    onFailure(failure)
  }
  const start = (worker: number) =>
    Effect.try({
      try: () => {
        const workerData: Work = { packed, plan, slots, words, worker, workers }
        const thread = new Worker(workerFile, { workerData, execArgv: [], name: `watertight loader ${worker}` })
        thread.on("error", (error) => fail(`worker thread ${worker} failed: ${error}`))
        thread.on("exit", (code) => fail(`worker thread ${worker} ended with code ${code} while the loader was in use`))
        return thread
      },
      catch: (error) => new LoaderError({ reason: `worker thread ${worker} did not start: ${error}` })
    })
  const stop = (thread: Worker) =>
    Effect.promise(() => {
      closing = true
      Atomics.store(words, Ring.word.stop, 1)
      Ring.wake(words)
      return thread.terminate()
    })
  for (let worker = 0; worker < workers; worker++) yield* Effect.acquireRelease(start(worker), stop)

  /** Resumes when the tag of a ticket's slot says that it is complete, or when a worker has died. */
  const ready = (ticket: number) =>
    Effect.callback<void, LoaderError>((resume) => {
      const at = Ring.word.tags + (ticket % slots.length)
      let waiting = true
      const look = (): void => {
        while (waiting) {
          const tag = Atomics.load(words, at)
          if (tag === ticket + 1) return resume(Effect.void)
          const change = Atomics.waitAsync(words, at, tag)
          if (change.async) return void change.value.then(look)
        }
      }
      onFailure = (error) => resume(Effect.fail(error))
      look()
      return Effect.sync(() => {
        waiting = false
        onFailure = () => {}
      })
    })

  const slotsPerWake = Math.max(1, options.prefetch >> 1)
  let ticket = -1
  let next = { epoch: -1, step: 0 }
  return (epoch, step) =>
    Effect.suspend(() => {
      if (failure !== undefined) return Effect.fail(failure)
      const last = ticket >= lastTicket
      if (epoch === next.epoch && step === next.step && !last) {
        ticket++
        Ring.hold(words, ticket)
        if (ticket % slotsPerWake === 0) Ring.wake(words)
      } else {
        ticket = last ? 0 : ticket + slots.length + 1
        Ring.startCourse(words, ticket, epoch, step)
      }
      next = step + 1 < plan.steps ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 }
      const slot = slots[ticket % slots.length]
      const here = Atomics.load(words, Ring.word.tags + (ticket % slots.length)) === ticket + 1
      if (here) return Effect.succeed(slot)
      Ring.wake(words)
      return Effect.as(ready(ticket), slot)
    })
})
