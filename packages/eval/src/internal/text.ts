/**
 * Text of reports: numbers as people read them, and tables with aligned columns.
 */

/** Writes a share in percent. */
export const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

/** Writes a number with four significant digits, without an exponent as long as it is neither tiny nor huge. */
export const significant = (value: number): string => {
  const size = Math.abs(value)
  if (size === 0) return "0"
  if (size < 1e-4 || size >= 1e9) return value.toExponential(3)
  return value.toFixed(decimalsOf(value))
}

/** How many decimals show four significant digits of a number. */
export const decimalsOf = (value: number): number =>
  value === 0 ? 0 : Math.min(100, Math.max(0, 3 - Math.floor(Math.log10(Math.abs(value)))))

/** Counts with a noun: `1 row`, `2 rows`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`

/** Keeps a name on its line, and a terminal from taking it for a command. */
export const plain = (name: string): string => name.replace(/\p{Cc}/gu, "\uFFFD")

/** Cuts a name to at most `width` characters. */
export const cut = (name: string, width: number): string =>
  name.length > width ? `${name.slice(0, width - 1)}…` : name

/** Aligns columns: the first to the left, the others to the right. */
export const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join("  ")
      .trimEnd()
  )
}
