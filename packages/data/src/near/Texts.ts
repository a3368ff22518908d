/**
 * Near texts: sets of shingles, compared by MinHash.
 */
import * as MinHash from "../internal/near/minHash.ts"
import * as Shingles from "../internal/near/shingles.ts"
import { isTexts } from "../RowId.ts"
import type { Text } from "../Near.ts"
import type { Table } from "../Table.ts"

/** Prepares the comparison of texts, or says why they cannot be compared. */
export const of = ({ column, similarity, size, unit }: Text, table: Table) => {
  const values = table.values[column]
  if (values === undefined) return { column, reason: "is no column" }
  if (!isTexts(values)) return { column, reason: `is a ${table.columns[column].kind} column; texts are compared so` }
  const sets = Shingles.ofTexts(values, unit === "words" ? { words: size } : { characters: size })
  return {
    components: () => MinHash.components(sets, similarity),
    pairs: (visit: (first: number, second: number) => void) => MinHash.pairs(sets, similarity, visit)
  }
}
