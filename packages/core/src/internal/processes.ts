/** Other processes of this machine. */
import { Effect } from "effect"

/** Tells whether a process runs. */
export const isRunning = (pid: number): Effect.Effect<boolean> =>
  Effect.sync(() => process.kill(pid, 0)).pipe(
    Effect.catchDefect((cause) =>
      Effect.succeed(typeof cause === "object" && cause !== null && "code" in cause && cause.code === "EPERM")
    )
  )
