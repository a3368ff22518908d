/** The command that writes a declaration for a file of data: `columns`. */
import { Source } from "@watertight/data"
import { Console, Effect, Option } from "effect"
import { Argument, Command, Flag } from "effect/cli"

const flags = {
  file: Argument.String("file").pipe(
    Argument.withDescription("A CSV, TSV, JSON, JSON Lines, Parquet, Arrow or .npz file")
  ),
  rows: Flag.Int("rows").pipe(
    Flag.withDescription("How many rows, from the first on, the guess is made from"),
    Flag.withDefault(100_000)
  ),
  delimiter: Flag.String("delimiter").pipe(
    Flag.withDescription("For CSV, the character between cells; a comma, or a tab in .tsv, unless given"),
    Flag.optional
  )
}

/** The `columns` command. */
export const command = Command.make("columns", flags, ({ delimiter, file, rows }) => {
  const options = { rows, ...(Option.isSome(delimiter) ? { delimiter: delimiter.value } : {}) }
  return Effect.flatMap(Source.infer(file, options), (inferred) => Console.log(Source.declaration(file, inferred)))
}).pipe(Command.withDescription("Print the declaration of a data file's columns, guessed from its first rows"))
