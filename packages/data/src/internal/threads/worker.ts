/** A thread of the pool: runs tasks one after the other, loading each task's module once. */
import { type MessagePort, type Transferable, parentPort } from "node:worker_threads"

/** What a task gives: a value, and what of it changes hands instead of being copied. */
export interface Answer<out A> {
  readonly value: A
  readonly transfer?: ReadonlyArray<Transferable>
}

/** Asks for a task's value. */
export interface Request {
  readonly module: string
  readonly argument: unknown
}

/** A task's value, or why there is none. */
export type Reply = { readonly value: unknown } | { readonly cause: unknown }

type Task = (argument: unknown) => Answer<unknown> | Promise<Answer<unknown>>

const modules = new Map<string, Promise<{ readonly task: Task }>>()

const load = (module: string): Promise<{ readonly task: Task }> => {
  const loading = modules.get(module) ?? import(module)
  modules.set(module, loading)
  return loading
}

const port = parentPort as MessagePort // this module is the program of a thread
port.on("message", ({ argument, module }: Request) => {
  const reply = (made: Reply, transfer: ReadonlyArray<Transferable> = []) => port.postMessage(made, transfer)
  void load(module)
    .then(({ task }) => task(argument))
    .then(({ transfer, value }) => reply({ value }, transfer))
    .catch((cause: unknown) => reply({ cause: cause instanceof Error ? cause : String(cause) }))
})
