/** scikit-learn's and imbalanced-learn's values for the steps that make, fill and select features. */
import { readFileSync } from "node:fs"
import type { Numbers } from "./fixtures.ts"

/** JSON has no NaN: null is missing. */
export type Gaps = ReadonlyArray<number | null>

interface Made {
  readonly near: ReadonlyArray<Numbers>
  readonly parents: Numbers
  readonly choices: Numbers
  readonly steps: Numbers
  readonly made: ReadonlyArray<Numbers>
}

interface Fixtures {
  readonly knn: {
    readonly width: number
    readonly train: Gaps
    readonly other: Gaps
    readonly cases: ReadonlyArray<{
      readonly neighbors: number
      readonly weights: "uniform" | "distance"
      readonly standardized: boolean
      readonly train: Numbers
      readonly other: Numbers
    }>
    readonly far: { readonly given: Gaps; readonly expected: Numbers }
  }
  readonly hashing: {
    readonly levels: ReadonlyArray<string>
    readonly codes: Numbers
    readonly makes: Numbers
    readonly numbers: Numbers
    readonly cases: ReadonlyArray<{
      readonly width: number
      readonly signed: boolean
      readonly expected: Numbers | Readonly<Record<string, number>>
    }>
  }
  readonly selection: {
    readonly x: Numbers
    readonly y: Numbers
    readonly label: Numbers
    readonly three: Numbers
    readonly mutual: ReadonlyArray<
      { readonly neighbors: number } & Readonly<Record<"float" | "two" | "three", Numbers>>
    >
    readonly l1: ReadonlyArray<{ readonly penalty: number } & Readonly<Record<"float" | "two", Numbers>>>
  }
  readonly differences: ReadonlyArray<{
    readonly validation: readonly [number, number]
    readonly test: readonly [number, number]
    readonly confidence: 90 | 95 | 99
    readonly interval: readonly [number, number]
  }>
  readonly smote: Readonly<Record<"x" | "z" | "kind" | "label", Numbers>> & Readonly<Record<"numbers" | "mixed", Made>>
}

export const features: Fixtures = JSON.parse(
  readFileSync(new URL("../fixtures/feature_fixtures.json", import.meta.url), "utf8")
)

/** Column `index` of columns of equal length, one after the other. */
export const columnOf = (all: Gaps, index: number, count: number): Float64Array => {
  const length = all.length / count
  return Float64Array.from(all.slice(index * length, (index + 1) * length), (value) => value ?? NaN)
}
