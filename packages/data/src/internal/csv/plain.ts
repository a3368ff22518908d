/**
 * Goes over records as long as they are of the layout and nothing in them is quoted, in WebAssembly: most files have no
 * others. What it finds is written into memory: where cells that are wanted start and end, and where lines do.
 */
import * as Web from "../webassembly.ts"
import * as Operations from "./operations.ts"

const { advance, all, get, i32, integer, plus, procedure, set } = Web
const { and, both, byteAt, during, isBelow, isDifferent, isEqual, isZero, leaveIf, or, shift, storeWord } = Operations
const { when, wordAt } = Operations

const [newline, carriageReturn] = [0x0a, 0x0d]

/**
 * `cursor` is the place of four words: which mark is next (four times that), where its record starts, four times the rows
 * so far, and the records so far. `cells` has for each cell of a record where its first row's start goes, or 0; their ends go
 * `toEnds` bytes further on. `between` is four times the delimiters of a record.
 */
const parameters = {
  cursor: i32,
  marks: i32,
  last: i32,
  cells: i32,
  between: i32,
  toEnds: i32,
  lines: i32,
  delimiter: i32,
  isReturn: i32,
  input: i32,
  size: i32
} as const

const locals = {
  mark: i32,
  line: i32,
  rows: i32,
  count: i32,
  start: i32,
  at: i32,
  cell: i32,
  stop: i32,
  place: i32,
  isPair: i32
} as const

/** The program. */
export const plain = procedure("plain", parameters, locals, undefined, (local) => {
  const { at, between, cell, cells, count, cursor, delimiter, input, isPair, isReturn, last, line, lines } = local
  const { mark, marks, place, rows, size, start, stop, toEnds } = local
  const byte = byteAt(plus(get(input), get(at)))
  const isAt = (code: Web.Code, offset = 0) => isEqual(byteAt(plus(get(input), get(at)), offset), code)
  const isLast = isEqual(plus(get(at), integer(1)), get(size))
  const takeCell = all(
    set(place, wordAt(get(cell))),
    when(
      get(place),
      all(
        set(place, plus(get(place), get(rows))),
        storeWord(get(place), get(start)),
        storeWord(plus(get(place), get(toEnds)), get(at))
      )
    )
  )
  const isEnd = or(
    isEqual(byte, integer(newline)),
    and(isAt(integer(carriageReturn)), or(or(get(isReturn), get(isPair)), isLast))
  )
  return all(
    set(mark, plus(get(marks), wordAt(get(cursor)))),
    set(line, wordAt(get(cursor), 4)),
    set(rows, wordAt(get(cursor), 8)),
    set(count, wordAt(get(cursor), 12)),
    set(lines, plus(get(lines), plus(get(rows), shift(get(rows), integer(1))))),
    set(stop, plus(get(cells), get(between))),
    during(
      isBelow(plus(get(mark), get(between)), get(last)),
      all(
        set(start, get(line)),
        set(at, wordAt(get(mark))),
        set(cell, get(cells)),
        during(
          both(isBelow(get(cell), get(stop)), isAt(get(delimiter))),
          all(
            takeCell,
            set(start, plus(get(at), integer(1))),
            advance(cell, 4),
            set(at, wordAt(plus(get(mark), Web.minus(get(cell), get(cells)))))
          )
        ),
        leaveIf(isDifferent(get(cell), get(stop)), 1),
        set(isPair, and(isAt(integer(carriageReturn)), isAt(integer(newline), 1))),
        leaveIf(isZero(isEnd), 1),
        takeCell,
        storeWord(get(lines), get(count)),
        storeWord(plus(get(lines), integer(4)), get(line)),
        storeWord(plus(get(lines), integer(8)), get(at)),
        advance(lines, 12),
        advance(rows, 4),
        advance(count, 1),
        set(line, plus(plus(get(at), integer(1)), get(isPair))),
        set(mark, plus(plus(get(mark), get(between)), shift(plus(get(isPair), integer(1)), integer(2))))
      )
    ),
    storeWord(get(cursor), Web.minus(get(mark), get(marks))),
    storeWord(plus(get(cursor), integer(4)), get(line)),
    storeWord(plus(get(cursor), integer(8)), get(rows)),
    storeWord(plus(get(cursor), integer(12)), get(count))
  )
})
