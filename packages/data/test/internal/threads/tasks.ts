/** What the tests of the pool ask of its threads. */
import { threadId } from "node:worker_threads"
import type { Answer } from "../../../src/internal/threads/pool.ts"

/** Something to do. */
export type Argument =
  | { readonly do: "square"; readonly values: Float64Array }
  | { readonly do: "identify"; readonly milliseconds: number }
  | { readonly do: "count"; readonly into: Int32Array }
  | { readonly do: "throw" | "exit" | "give a function" }

const pause = new Int32Array(new SharedArrayBuffer(4))

export const task = (argument: Argument): Answer<unknown> => {
  switch (argument.do) {
    case "square": {
      const value = argument.values.map((each) => each * each)
      return { value, transfer: [value.buffer] }
    }
    case "identify":
      Atomics.wait(pause, 0, 0, argument.milliseconds)
      return { value: threadId }
    case "count":
      for (;;) Atomics.add(argument.into, 0, 1)
    case "throw":
      throw new RangeError("no such number")
    case "exit":
      return process.exit(3)
    case "give a function":
      return { value: () => 0 }
  }
}
