/**
 * The one place that decides where work on columns is done: in a thread if the columns are large and lie in shared memory,
 * else here and now. The result is the same.
 */
import { Effect } from "effect"
import { type Asked, type Name, arraysOf, kernels } from "./kernels.ts"
import * as Threads from "./pool.ts"
import * as Shared from "./shared.ts"

type Kernels = typeof kernels

const module = Threads.beside(import.meta.url, "kernels")

/** Arrays that are not shared are copied to a thread: this many bytes may be. */
const mostCopied = 2 ** 16

/** A part has at most this many rows. */
const partRows = 2 ** 18

const isForThreads = (given: ReadonlyArray<unknown>): boolean => {
  const arrays = arraysOf(given)
  const isCopied = (array: ArrayBufferView) => !Shared.isShared(array) && array.buffer.byteLength > mostCopied
  return arrays.some(({ byteLength }) => byteLength > Shared.least) && !arrays.some(isCopied)
}

/** Computes a kernel's result. */
export const compute = <N extends Name>(
  name: N,
  ...given: Parameters<Kernels[N]>
): Effect.Effect<ReturnType<Kernels[N]>> => {
  const kernel = kernels[name] as (...given: ReadonlyArray<unknown>) => ReturnType<Kernels[N]> // that of the name
  const here = Effect.sync(() => kernel(...given))
  if (!isForThreads(given)) return here
  const asked: Asked = { name, given }
  return Effect.flatMap(Threads.areUseful, (areUseful) => (areUseful ? Threads.call(module, asked) : here))
}

/** Does the same to each of several columns, side by side where threads may be asked; results are in order. */
export const each = <A, B, E, R>(
  all: ReadonlyArray<A>,
  f: (one: A, index: number) => Effect.Effect<B, E, R>
): Effect.Effect<ReadonlyArray<B>, E, R> =>
  Effect.flatMap(Threads.areUseful, (areUseful) => Effect.forEach(all, f, { concurrency: areUseful ? "unbounded" : 1 }))

/** Does the same to parts of the rows, of which there is one at least, and which must not matter to one another. */
export const byRows = <A>(
  length: number,
  f: (start: number, end: number) => Effect.Effect<A>
): Effect.Effect<ReadonlyArray<A>> => {
  const starts = Array.from({ length: Math.max(1, Math.ceil(length / partRows)) }, (_, part) => part * partRows)
  return each(starts, (start) => f(start, Math.min(start + partRows, length)))
}
