/** Makes each batch when it is read, on the thread that reads. */
import { type Clock, Effect } from "effect"
import { type Filler, type Packed, type Plan, makeSlot } from "./fill.ts"
import type { Prefetch } from "./prefetch.ts"
import { millis } from "./stopwatch.ts"

/** Makes the reading side of a loader without worker threads. */
export const make = (packed: Packed, plan: Plan, fill: Filler, clock: Clock.Clock): Prefetch => {
  const slot = makeSlot(packed, plan)
  let [made, making] = [0, 0]
  return {
    read: (epoch, step) =>
      Effect.sync(() => {
        const began = clock.monotonicTimeNanosUnsafe()
        fill(epoch, step, slot)
        made++
        making += millis(clock.monotonicTimeNanosUnsafe() - began)
        return slot
      }),
    restarts: () => 0,
    making: () => ({ made, making })
  }
}
