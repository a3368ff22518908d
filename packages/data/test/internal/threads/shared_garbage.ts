/** A program that makes columns and lets go of them, which threads have seen too, and prints how many MiB it takes. */
import { Effect } from "effect"
import { compute } from "../../../src/internal/threads/compute.ts"
import * as Shared from "../../../src/internal/threads/shared.ts"

for (let column = 0; column < 150; column++) {
  const values = Shared.float64(2 ** 20)
  await Effect.runPromise(compute("fill", values, 1, values))
}
process.stdout.write(`${process.memoryUsage().rss / 2 ** 20}`)
