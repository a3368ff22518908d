/**
 * The features among which a selection chooses: numbers one by one, or columns as wholes, and the target beside them.
 */
import { Effect } from "effect"
import * as Column from "../../Column.ts"
import { type Numeric, finite } from "../../internal/numeric.ts"
import type * as Step from "../../Step.ts"

/** The column to be told. */
export type Target = Step.Cells<Column.Float | Column.Category>

/** What can be read of a table. */
export type Read = Step.Cells<Numeric | Column.Category | Column.Timestamp>

/** One number of each row: a float column, or one element of a tensor's. */
export interface Element {
  readonly name: string
  readonly cells: Step.Cells<Numeric>
  readonly at: number
  readonly width: number
}

/** What stays or goes: one number, or all numbers of a column. */
export interface Feature {
  readonly name: string
  readonly elements: ReadonlyArray<Element>
}

const featuresOf = (cells: Step.Cells<Numeric>, isWhole: boolean): ReadonlyArray<Feature> => {
  const { column, name } = cells
  const width = Column.width(column)
  const elements = Array.from({ length: width }, (_, at) => {
    return { name: column.kind === "float" ? name : `${name}[${at}]`, cells, at, width }
  })
  return isWhole ? [{ name, elements }] : elements.map((element) => ({ name: element.name, elements: [element] }))
}

/** The numbers of an element in all rows. */
export const valuesOf = ({ at, cells, width }: Element): Float64Array =>
  Float64Array.from({ length: cells.length }, (_, row) => cells.values[row * width + at])

/** What is read: numeric features, the target, and what says which rows belong together. */
export interface Parts {
  readonly features: ReadonlyArray<Feature>
  readonly target: Target
  readonly beside: ReadonlyArray<Read>
}

/** Parts what is read: so many features, of which a tensor is one or each of its numbers is, then the target. */
export const parts = Effect.fnUntraced(function* (
  cells: ReadonlyArray<Read>,
  count: number,
  isWhole: boolean
): Effect.fn.Return<Parts, Step.RecipeError> {
  const numeric: Array<Step.Cells<Numeric>> = []
  for (const each of cells.slice(0, count)) {
    if (each.column.kind === "category" || each.column.kind === "timestamp") {
      return yield* each.refuse("a feature is a float or tensor column; make numbers of it first: Recipe.oneHot")
    }
    const column = each as Step.Cells<Numeric> // its kind was just checked
    yield* finite(column)
    numeric.push(column)
  }
  const told = cells[count]
  if (told.column.kind !== "float" && told.column.kind !== "category") {
    return yield* told.refuse("a target is a float or category column")
  }
  const target = told as Target // its kind was just checked
  return { features: numeric.flatMap((column) => featuresOf(column, isWhole)), target, beside: cells.slice(count + 1) }
})

/** The numbers of features side by side, as float32. */
export const gathered = Effect.fnUntraced(function* (features: ReadonlyArray<Feature>, length: number) {
  const elements = features.flatMap((feature) => feature.elements)
  const out = new Float32Array(length * elements.length)
  elements.forEach(({ at, cells, width }, place) => {
    for (let row = 0; row < length; row++) out[row * elements.length + place] = cells.values[row * width + at]
  })
  const place = out.findIndex((value) => !Number.isFinite(value))
  if (place < 0) return out
  const { cells, name } = elements[place % elements.length]
  return yield* cells.refuse(
    `row ${Math.floor(place / elements.length)} of ${name} is too large for float32; scale it first`
  )
})
