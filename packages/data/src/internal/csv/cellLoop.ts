/** The loop over the cells of a column, in WebAssembly: each becomes a float64, or NaN where it is left to its text. */
import * as Web from "../webassembly.ts"
import * as Operations from "./operations.ts"

const { all, f64, float, get, i32, integer, plus, procedure, set } = Web
const { during, isBelow, isOther, storeNumber, wordAt } = Operations

/** What is known of a cell: where it starts and ends in memory, and the number it becomes. */
export const locals = { at: i32, to: i32, value: f64, left: i32 } as const

const parameters = { input: i32, starts: i32, ends: i32, last: i32, output: i32 } as const

/** Writes the loop; what it gives is how many cells are left. A cell's part is told where the cell starts in its text. */
export const loop = <L extends typeof locals>(
  name: string,
  own: L,
  cell: (local: Readonly<Record<keyof L, number>>, start: Web.Code) => Web.Code
): Web.Procedure =>
  procedure(name, parameters, own, i32, (local) => {
    const { at, ends, input, last, left, output, starts, to, value } = local
    return all(
      during(
        isBelow(get(starts), get(last)),
        all(
          set(at, plus(wordAt(get(starts)), get(input))),
          set(to, plus(wordAt(get(ends)), get(input))),
          set(value, float(Number.NaN)),
          cell(local, wordAt(get(starts))),
          storeNumber(get(output), get(value)),
          set(left, plus(get(left), isOther(get(value), get(value)))),
          set(starts, plus(get(starts), integer(4))),
          set(ends, plus(get(ends), integer(4))),
          set(output, plus(get(output), integer(8)))
        )
      ),
      get(left)
    )
  })
