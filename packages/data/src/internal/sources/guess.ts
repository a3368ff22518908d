/** What is said of the columns of files whose declaration is guessed. */
import * as Column from "../../Column.ts"

/** What was guessed of one column. */
export interface OfColumn {
  readonly column?: Column.Column
  readonly note?: string
}

/** What was guessed of a file. */
export interface OfFile {
  readonly columns: ReadonlyMap<string, OfColumn>
  readonly rows: number
}

/** What is true or false. */
export const booleans = Column.category(["false", "true"])

/** What keeps numbers from being floats. */
export const noFloat = "holds NaN, infinity, or a whole number past 2^53"

/** Says how many values are missing. */
export const gapsOf = (missing: number, rows: number): string =>
  `${missing} of ${rows} ${missing === 1 ? "is" : "are"} missing`

/** Adds to a note how many values are missing, if some are. */
export const noted = (note: string, gaps: string | undefined): string =>
  gaps === undefined ? note : `${note}, and ${gaps}`

/** Says that missing values could not be told from empty texts. */
export const alsoEmpty = (gaps: string): string => noted("some texts are empty", gaps)

/** Makes a category of few texts, else a column of texts, which none may miss. */
export const ofTexts = (texts: ReadonlyArray<string>, mostLevels: number, gaps?: string): OfColumn => {
  const levels = new Set(texts)
  if (levels.size > mostLevels) {
    const note = noted(`more than ${mostLevels} distinct texts`, gaps)
    return gaps === undefined ? { column: Column.text, note } : { note }
  }
  const category = Column.category([...levels].sort())
  if (gaps === undefined) return { column: category }
  return levels.has("") ? { note: alsoEmpty(gaps) } : { column: Column.optional(category), note: gaps }
}
