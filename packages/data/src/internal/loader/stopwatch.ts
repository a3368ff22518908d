/** Measures how long a reader waits for batches and how long it does other things in between. */
import type { Clock } from "effect"
import type { Timing } from "../../Verdict.ts"

/** Turns nanoseconds into milliseconds. */
export const millis = (nanos: bigint): number => Number(nanos) / 1e6

/** Makes a stopwatch. `ask` is called when a batch is asked for, `got` when it is there. */
export const make = (clock: Clock.Clock) => {
  let [reads, waited, between] = [0, 0, 0]
  let [asked, delivered] = [0n, 0n]
  let next: { readonly epoch: number; readonly step: number } | undefined
  let isCounted = false
  return {
    ask: (epoch: number, step: number): void => {
      asked = clock.monotonicTimeNanosUnsafe()
      isCounted = next !== undefined && next.epoch === epoch && next.step === step
      next = undefined
    },
    got: (epoch: number, step: number): void => {
      const before = delivered
      delivered = clock.monotonicTimeNanosUnsafe()
      next = { epoch, step: step + 1 }
      if (!isCounted) return
      reads++
      waited += millis(delivered - asked)
      between += millis(asked - before)
    },
    timing: (): Pick<Timing, "reads" | "waited" | "between"> => ({ reads, waited, between })
  }
}
