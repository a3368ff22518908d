/** A review as a page: what was compared, how far it can be believed, then the rows to look at, the surest first. */
import { aligned, counted, cut, plain, significant } from "../internal/prose.ts"
import type { Review } from "../Review.ts"

const most = { swaps: 10, suspects: 20, features: 6 } as const

const shown = (value: string | number): string =>
  typeof value === "string" ? cut(plain(value), 28) : significant(value)

const title = ({ features, rows, target }: Review): string => {
  const named = features.slice(0, most.features).map(plain).join(", ")
  const more = features.length > most.features ? ` and ${features.length - most.features} more` : ""
  return `Review of the labels of ${plain(target)}: ${counted(rows, "train row")}, compared by ${named}${more}`
}

const trust = ({ agreement, folds, kind, neighbors }: Review): string => {
  const by = `${counted(neighbors, "nearest neighbor")} in the other ${counted(folds - 1, "fold")}`
  const far = agreement.toFixed(2)
  return kind === "classes"
    ? `Labels agree with those of the ${by} ${far} of the way from chance (0) to always (1).`
    : `The ${by} leave ${(1 - agreement).toFixed(2)} of the target's spread unexplained.`
}

const verdict = ({ rows, skipped, suspicious }: Review): string => {
  if (skipped !== null) return `No row is called suspicious: ${plain(skipped)}.`
  if (suspicious === 0) return "No label is suspicious."
  const share = ((100 * suspicious) / rows).toPrecision(2)
  return `${counted(suspicious, "label")} (${share} % of the rows) ${suspicious === 1 ? "is" : "are"} suspicious: look at these rows, and correct or drop what is wrong at the source.`
}

const swaps = ({ swaps }: Review): ReadonlyArray<string> =>
  swaps.length === 0
    ? []
    : [
        "Labelled, and likely to be",
        ...aligned(
          swaps
            .slice(0, most.swaps)
            .map(({ given, likely, rows }) => [shown(given), shown(likely), counted(rows, "row")])
        ).map((line) => `  ${line}`)
      ]

const suspects = ({ kind, suspects, suspicious }: Review): ReadonlyArray<string> => {
  if (suspects.length === 0) return []
  const isClass = kind === "classes"
  const lines = suspects
    .slice(0, most.suspects)
    .map(({ certainty, given, likely, row }) => [
      (row + 1).toLocaleString("en-US"),
      shown(given),
      shown(likely),
      isClass ? certainty.toFixed(2) : certainty.toFixed(1)
    ])
  const rest = suspicious - lines.length
  return [
    "Rows to look at, the surest first",
    ...aligned([["row", "given", "likely", isClass ? "certainty" : "deviations"], ...lines], [0, 3]).map(
      (line) => `  ${line}`
    ),
    ...(rest > 0 ? [`  and ${rest.toLocaleString("en-US")} more`] : [])
  ]
}

/** Writes a review as text for people. */
export const page = (review: Review): string =>
  [[title(review), trust(review), verdict(review)], swaps(review), suspects(review)]
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n")
