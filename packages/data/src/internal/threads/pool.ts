/**
 * Threads that do pieces of work beside the calling one. A task is a module's exported function `task`, pure in its argument,
 * so nothing depends on which thread does it, when, or how many there are. Arguments and values are copied as `postMessage`
 * copies them: arrays in shared memory are shared, and what is transferred changes hands. Threads start when they are first
 * needed, sleep between tasks, and do not keep the process alive.
 */
import { Context, Effect, Result, Schema } from "effect"
import { availableParallelism } from "node:os"
import { type Transferable, Worker } from "node:worker_threads"
import type { Reply, Request } from "./worker.ts"

export type { Answer } from "./worker.ts"

/** A task failed, or its thread ended: a bug, so it is what callers die of. */
export class ThreadError extends Schema.TaggedError<ThreadError>()("ThreadError", {
  module: Schema.String,
  reason: Schema.String,
  cause: Schema.Unknown
}) {
  override get message() {
    return `The task of ${this.module} ${this.reason}: ${this.cause}`
  }
}

/** The most threads that are of use: files and memory do not become faster. */
const mostUseful = 8

/** How many tasks run side by side: as many as there are processors, at most 8, unless given. No result depends on it. */
export const size = Context.Reference<number>("@watertight/data/Threads/size", {
  defaultValue: () => Math.min(mostUseful, availableParallelism())
})

/** Returns the address of a module that lies beside another: `.ts` in the workspace, `.js` as it is published. */
export const beside = (url: string, name: string): URL => new URL(`./${name}.${url.endsWith(".ts") ? "ts" : "js"}`, url)

interface Job {
  readonly request: Request
  readonly transfer: ReadonlyArray<Transferable>
  /** How many jobs, this one included, may run while it does. */
  readonly among: number
  readonly end: (result: Effect.Effect<unknown>) => void
}

interface Thread {
  readonly worker: Worker
  job: Job | undefined
}

const waiting: Array<Job> = []
const threads = new Set<Thread>()

const died = (job: Job, reason: string, cause: unknown): void => {
  job.end(Effect.die(new ThreadError({ module: job.request.module, reason, cause })))
}

const rest = (thread: Thread): void => {
  thread.job = undefined
  thread.worker.unref()
}

const hire = (): Thread => {
  const worker = new Worker(beside(import.meta.url, "worker"), { execArgv: [], name: "watertight" })
  const thread: Thread = { worker, job: undefined }
  threads.add(thread)
  let cause: unknown
  worker.on("message", (reply: Reply) => {
    const { job } = thread
    rest(thread)
    if (job !== undefined) {
      if ("cause" in reply) died(job, "failed", reply.cause)
      else job.end(Effect.succeed(reply.value))
    }
    dispatch()
  })
  worker.on("error", (error) => (cause = error))
  worker.on("exit", (code) => {
    threads.delete(thread)
    if (thread.job !== undefined) died(thread.job, "lost its thread", cause ?? `it ended with code ${code}`)
    dispatch()
  })
  return thread
}

const isIdle = (thread: Thread): boolean => thread.job === undefined

const start = (job: Job): void => {
  const sent = Result.try(() => {
    const thread = [...threads].find(isIdle) ?? hire()
    thread.job = job
    thread.worker.ref()
    const posted = Result.try(() => thread.worker.postMessage(job.request, job.transfer))
    if (Result.isSuccess(posted)) return
    rest(thread)
    died(job, "was given what no thread can take", posted.failure)
  })
  if (Result.isFailure(sent)) died(job, "got no thread", sent.failure)
}

const dispatch = (): void => {
  for (let job = waiting[0]; job !== undefined; job = waiting[0]) {
    if ([...threads].filter((thread) => !isIdle(thread)).length >= job.among) return
    waiting.shift()
    start(job)
  }
}

/** Takes back a job; afterwards nothing of it runs any more. */
const withdraw = (job: Job): Effect.Effect<void> =>
  Effect.suspend(() => {
    const place = waiting.indexOf(job)
    if (place >= 0) waiting.splice(place, 1)
    const thread = [...threads].find((each) => each.job === job)
    if (thread === undefined) return Effect.void
    threads.delete(thread)
    thread.job = undefined
    return Effect.ensuring(
      Effect.promise(() => thread.worker.terminate()),
      Effect.sync(dispatch)
    )
  })

/**
 * Runs the exported function `task` of a module in some thread. Dies with a `ThreadError` when the task throws or its thread
 * ends; interrupting it ends the thread, so that no task goes on to write into shared memory.
 */
export const call = <A>(module: URL, argument: unknown, transfer: ReadonlyArray<Transferable> = []): Effect.Effect<A> =>
  Effect.flatMap(size, (among) =>
    Effect.callback<unknown>((end) => {
      const job: Job = { request: { module: module.href, argument }, transfer, among: Math.max(1, among), end }
      waiting.push(job)
      dispatch()
      return withdraw(job)
    })
  ) as Effect.Effect<A> // what the module's task gives
