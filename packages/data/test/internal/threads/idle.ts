/** A program that uses the pool and has nothing more to do. */
import { Effect } from "effect"
import * as Threads from "../../../src/internal/threads/pool.ts"

const values = Float64Array.of(1, 2, 3)
const squared = await Effect.runPromise(
  Threads.call<Float64Array>(new URL("./tasks.ts", import.meta.url), { do: "square", values })
)
process.stdout.write(squared.join())
