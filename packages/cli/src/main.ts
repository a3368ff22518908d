/** The `watertight` command. */
import { NodeRuntime, NodeServices } from "@effect/platform-node"
import { Cause, Console, Effect } from "effect"
import { CliError, Command } from "effect/cli"
import * as Environment from "./Environment.ts"
import * as Audit from "./commands/Audit.ts"
import * as Columns from "./commands/Columns.ts"
import * as Look from "./commands/Look.ts"
import * as Profile from "./commands/Profile.ts"
import * as Replay from "./commands/Replay.ts"
import * as Run from "./commands/Run.ts"

const watertight = Command.make("watertight").pipe(
  Command.withDescription("Training pipelines that cannot leak and always replay"),
  Command.withSubcommands([
    Run.command,
    Replay.command,
    Look.diff,
    Look.runs,
    Look.show,
    Look.graph,
    Columns.command,
    Profile.command,
    Audit.command
  ])
)

/** One clear message for what can be expected to fail; the whole cause for what is a bug. */
const report = (cause: Cause.Cause<unknown>) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.void
  const error = Cause.squash(cause)
  if (CliError.isCliError(error)) return Effect.void
  const expected = cause.reasons.some(Cause.isFailReason) && error instanceof Error
  return Console.error(
    expected ? `\nerror: ${error.message}` : `\nthis is a bug in Watertight or in your stages:\n${Cause.pretty(cause)}`
  )
}

watertight.pipe(
  Command.run({ version: Environment.versions["@watertight/core"] }),
  Effect.tapCause(report),
  Effect.provide(NodeServices.layer),
  (program) => NodeRuntime.runMain(program, { disableErrorReporting: true })
)
