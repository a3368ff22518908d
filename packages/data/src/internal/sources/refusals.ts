/** What every source refuses. */
import { SourceError } from "../../sources/SourceError.ts"

/** Refuses to read no columns. */
export const noColumns = (file: string): SourceError => {
  const hint = "Declare at least one."
  return new SourceError({ file, problem: "bad columns", detail: "was asked for no columns", hint })
}

/** Says that a file has no rows. */
export const noRows = (file: string): SourceError => {
  const hint = "Give a file with at least one row."
  return new SourceError({ file, problem: "empty file", detail: "has no rows", hint })
}
