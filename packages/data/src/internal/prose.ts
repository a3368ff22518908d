/** Text for people: numbers, shares, counts, aligned columns and bars of block characters. */

/** Writes a share in percent: three significant digits, and never 0 % or 100 % for what is neither. */
export const percent = (share: number): string => {
  if (share === 0 || share === 1) return `${100 * share} %`
  if (share < 0.0005) return "<0.1 %"
  if (share > 0.9995) return ">99.9 %"
  return `${(100 * share).toFixed(share < 0.1 ? 1 : share > 0.99 ? 1 : 0)} %`
}

/** Writes a number with about four significant digits, whole numbers in full as long as they are not huge. */
export const significant = (value: number): string => {
  const size = Math.abs(value)
  if (size === 0) return "0"
  if (size < 1e-3 || size >= 1e9) return value.toExponential(2)
  if (Number.isInteger(value)) return value.toLocaleString("en-US")
  const decimals = Math.max(0, 3 - Math.floor(Math.log10(size)))
  return Number(value.toFixed(decimals)).toLocaleString("en-US", { maximumFractionDigits: decimals })
}

/** Writes an instant in UTC: the day alone where the time is midnight. */
export const instant = (milliseconds: number): string => {
  if (!(Math.abs(milliseconds) <= 8.64e15)) return String(milliseconds)
  const text = new Date(milliseconds).toISOString()
  return text.endsWith("T00:00:00.000Z") ? text.slice(0, -14) : `${text.slice(0, -5).replace("T", " ")}`
}

const plurals: Readonly<Record<string, string>> = { class: "classes" }

/** Counts with a noun: `1 row`, `2 rows`. */
export const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? noun : (plurals[noun] ?? `${noun}s`)}`

/** Writes a count as words do in a list: `a, b and 3 more`. */
export const some = (names: ReadonlyArray<string>, most: number): string =>
  names.length <= most
    ? names.join(", ")
    : `${names.slice(0, most).join(", ")} and ${(names.length - most).toLocaleString("en-US")} more`

/** Keeps a name on its line, and a terminal from taking it for a command. */
export const plain = (name: string): string => name.replace(/\p{Cc}/gu, "\uFFFD")

/** Cuts a text to at most `width` characters. */
export const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text

/** Aligns columns, those in `right` to the right. */
export const aligned = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  right: ReadonlyArray<number> = []
): ReadonlyArray<string> => {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) =>
    row
      .map((cell, column) => (right.includes(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
      .join("  ")
      .trimEnd()
  )
}

const blocks = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

/** Draws counts as a row of bars, the highest the largest; where there is nothing there is a blank. */
export const histogram = (counts: ReadonlyArray<number>): string => {
  const most = Math.max(1, ...counts)
  return counts.map((count) => (count === 0 ? " " : blocks[Math.ceil((8 * count) / most) - 1])).join("")
}

/** Draws a share as a bar of at most `width` characters; what is not nothing shows. */
export const bar = (share: number, width: number): string =>
  share <= 0 ? "" : "█".repeat(Math.floor(share * width)) || "▏"

/** Breaks a text into lines of at most `width` characters, at blanks. */
export const wrapped = (text: string, width: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}

/** What a column predicts of the target by itself. */
export interface Power {
  readonly column: string
  readonly metric: string
  readonly score: number
  /** In [0, 1]; below 0 it predicts nothing. */
  readonly strength: number
}

/** Shows the first ten columns with a bar each. */
export const strongest = (powers: ReadonlyArray<Power>): ReadonlyArray<string> =>
  aligned(
    powers
      .slice(0, 10)
      .map(({ column, metric, score, strength }) => [
        cut(plain(column), 28),
        `${metric} ${score.toFixed(3)}`,
        bar(Math.max(0, strength), 30)
      ])
  ).map((line) => `  ${line}`)
