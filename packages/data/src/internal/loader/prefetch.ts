/**
 * The reading side of a ring of batches that worker threads fill. Waiting goes through shared memory: while ONNX Runtime
 * computes on this thread no message is delivered, and a batch that is ready needs none.
 */
import { Effect, type Scope } from "effect"
import { Worker } from "node:worker_threads"
import { type Packed, type Plan, type Slot, makeSlot } from "./fill.ts"
import type { Work } from "./worker.ts"
import { LoaderError } from "./pack.ts"
import * as Ring from "./ring.ts"
import * as Shared from "./shared.ts"
import type { Timing } from "../../Verdict.ts"

const extension = import.meta.url.endsWith(".ts") ? "ts" : "js"
const workerFile = new URL(`./worker.${extension}`, import.meta.url)

/** Reads the slot of a position; its arrays stay as they are until the next call. */
export type Read = (epoch: number, step: number) => Effect.Effect<Slot, LoaderError>

/** The reading side. */
export interface Prefetch {
  readonly read: Read
  /** Counts the workers that died and were replaced. */
  readonly restarts: () => number
  /** How many batches were made, and how long that took. */
  readonly making: () => Pick<Timing, "made" | "making">
}

/** How to prefetch. */
export interface Options {
  readonly prefetch: number
  readonly workers: number
  /** See `Ring.take`. */
  readonly lastTicket?: number
}

/** How often a worker that died is replaced. */
const mostRestarts = 1

/** The threads of a ring, and what became of them. */
interface Crew {
  readonly threads: Map<number, Worker>
  failure: LoaderError | undefined
  /** Tells a waiting reader of the failure. */
  onFailure: (error: LoaderError) => void
  restarts: number
}

const neverWrites = (): never => {
  throw new TypeError("prefetch: the reader writes no batches")
}

const neverWaits = (): never => {
  throw new TypeError("prefetch: only takes wait")
}

const fail = (crew: Crew, failure: LoaderError): void => {
  crew.failure = failure
  crew.onFailure(failure)
}

/** Starts the thread of a worker; when it dies, another one goes on where it was, and when that dies, reading fails. */
const hire = (crew: Crew, work: Work, course: () => Ring.Reader["course"], restarts = 0): void => {
  const { shape, worker, words } = work
  const thread = new Worker(workerFile, { workerData: work, execArgv: [], name: `watertight loader ${worker}` })
  crew.threads.set(worker, thread)
  let cause: unknown
  thread.on("error", (error) => (cause = error))
  thread.on("exit", (code) => {
    if (crew.failure !== undefined) return
    if (restarts < mostRestarts) {
      crew.restarts++
      hire(crew, work, course, restarts + 1)
      Ring.run(words, Ring.revive(shape), neverWaits, neverWrites)
      return
    }
    const ticket = Atomics.load(words, Ring.writing(shape, worker)) - 1
    const at = ticket < course().firstTicket ? undefined : Ring.positionOf(shape, course(), ticket)
    const where = at === undefined ? "between batches" : `making the batch at epoch ${at.epoch}, step ${at.step}`
    const what = cause === undefined ? `it ended with code ${code}` : String(cause)
    const reason = `worker thread ${worker} died again after a restart, ${where}: ${what}`
    fail(crew, new LoaderError({ worker, ...at, reason }))
  })
}

const dismiss = (crew: Crew, words: Int32Array) =>
  Effect.promise(() => {
    if (crew.failure === undefined)
      fail(crew, new LoaderError({ reason: "it was closed with its scope; read while that is open" }))
    Atomics.store(words, Ring.word.stop, 1)
    Ring.run(words, Ring.wake(), neverWaits, neverWrites)
    return Promise.all([...crew.threads.values()].map((thread) => thread.terminate()))
  })

/**
 * Performs a reader's process: at once while nothing must be waited for, else resuming when the words change. Whoever gives up
 * waiting wakes itself: where memory is gone that somebody still waits for, V8 lets the next thread that notifies at the same
 * address take the waiter apart, which is not safe.
 */
const follow = (crew: Crew, words: Int32Array, process: Ring.Process<number>): Effect.Effect<number, LoaderError> => {
  let state = process.next(0)
  const advance = (): void => {
    while (state.done !== true && state.value.op !== "wait") {
      state = process.next(Ring.perform(words, state.value, neverWaits, neverWrites))
    }
  }
  advance()
  if (state.done === true) return Effect.succeed(state.value)
  return Effect.callback<number, LoaderError>((resume) => {
    let waiting = true
    const place = () => state.value as Extract<Ring.Access, { readonly op: "wait" }> // where `advance` stops
    const look = (): void => {
      while (waiting) {
        if (state.done === true) return resume(Effect.succeed(state.value))
        const { at, value } = place()
        const change = Atomics.waitAsync(words, at, value)
        if (change.async) {
          void change.value.then(() => {
            if (!waiting) return
            step()
            look()
          })
          return
        }
        step()
      }
    }
    const step = (): void => {
      state = process.next(0)
      advance()
    }
    const giveUp = (): void => {
      waiting = false
      crew.onFailure = () => {}
      if (state.done !== true) Atomics.notify(words, place().at)
    }
    crew.onFailure = (error) => {
      giveUp()
      resume(Effect.fail(error))
    }
    look()
    return Effect.sync(giveUp)
  })
}

/** Starts worker threads that write up to `prefetch` batches ahead of the one being read. */
export const make = Effect.fnUntraced(function* (
  packed: Packed,
  plan: Plan,
  options: Options
): Effect.fn.Return<Prefetch, LoaderError, Scope.Scope> {
  const slots = Array.from({ length: options.prefetch + 1 }, () => makeSlot(packed, plan, Shared))
  const workers = Math.min(options.workers, slots.length)
  const shape: Ring.Shape = { slots: slots.length, workers, steps: plan.steps }
  const lastTicket = options.lastTicket ?? 2 ** 30
  const words = Shared.int32(Ring.wordsFor(shape))
  const making = new BigInt64Array(new SharedArrayBuffer(16))
  const reader = Ring.reader()
  const crew: Crew = { threads: new Map(), failure: undefined, onFailure: () => {}, restarts: 0 }
  yield* Effect.addFinalizer(() => dismiss(crew, words))
  yield* Effect.try({
    try: () => {
      for (let worker = 0; worker < workers; worker++) {
        hire(crew, { packed, plan, slots, words, shape, making, worker }, () => reader.course)
      }
    },
    catch: (error) => new LoaderError({ reason: `a worker thread did not start: ${error}` })
  })
  const read: Read = (epoch, step) =>
    Effect.suspend(() => {
      if (crew.failure !== undefined) return Effect.fail(crew.failure)
      const taken = follow(crew, words, Ring.take(shape, reader, { epoch, step, lastTicket }))
      return Effect.map(taken, (slot) => slots[slot])
    })
  return {
    read,
    restarts: () => crew.restarts,
    making: () => ({ made: Number(Atomics.load(making, 0)), making: Number(Atomics.load(making, 1)) / 1e6 })
  }
})
