/** Rows that do not decode: why they left, and which they are. */
import * as Quarantine from "../../sources/Quarantine.ts"

/** Why a column's value left. */
export const because = (column: string): string => `column ${JSON.stringify(column)} does not decode`

/** Counts and lists what left of `read` rows. */
export const listed = (read: number, left: ReadonlyArray<Quarantine.Left>): Quarantine.Quarantine =>
  Quarantine.make(
    read,
    [...left].sort((one, other) => one.row.row - other.row.row)
  )
