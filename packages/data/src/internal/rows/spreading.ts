/**
 * Programs that put columns side by side in lanes: of every four rows the first words, then the second ones, and so on, as
 * the hash takes them.
 */
import * as Web from "../webassembly.ts"

type Code = Web.Code
const { advance, all, each, get, i32, integer, load, loadInteger, operation, plus, procedure, repeat } = Web
const { set, shuffle, store, v128 } = Web

const shift = operation(0x74)

/** Of the words of two vectors those of even places, of odd ones, and both halves of two ways to take turns. */
const [even, odd] = [shuffle(4, 0, 2, 4, 6), shuffle(4, 1, 3, 5, 7)]
const [lowTurns, highTurns] = [shuffle(4, 0, 4, 1, 5), shuffle(4, 2, 6, 3, 7)]
const [firstPairs, lastPairs] = [shuffle(4, 0, 1, 4, 5), shuffle(4, 2, 3, 6, 7)]

/** Rows of four words as columns of them, or columns as rows. */
export const transposed = ([a, b, c, d]: readonly [number, number, number, number]): ReadonlyArray<Code> =>
  [lowTurns, highTurns].flatMap((turns) => {
    const [one, other] = [turns(get(a), get(b)), turns(get(c), get(d))]
    return [firstPairs(one, other), lastPairs(one, other)]
  })

/** Where four rows start to be read, where they go, where the last ones end, and how many bytes the next four are on. */
const parameters = { from: i32, to: i32, end: i32, stride: i32 } as const

/** Spreads numbers of eight bytes. */
export const pairs = procedure(
  "pairs",
  parameters,
  { one: v128, other: v128 },
  undefined,
  ({ end, from, one, other, stride, to }) =>
    repeat(
      get(from),
      get(end),
      all(
        set(one, load(0, get(from))),
        set(other, load(16, get(from))),
        store(0, get(to), even(get(one), get(other))),
        store(16, get(to), odd(get(one), get(other))),
        advance(from, 32),
        set(to, plus(get(to), get(stride)))
      )
    )
)

/** Spreads rows of 64 bytes. */
export const blocks = procedure(
  "blocks",
  parameters,
  { row0: v128, row1: v128, row2: v128, row3: v128 },
  undefined,
  ({ end, from, row0, row1, row2, row3, stride, to }) => {
    const rows = [row0, row1, row2, row3] as const
    const quarter = (index: number): Code =>
      all(
        each(4, (row) => set(rows[row], load(64 * row + 16 * index, get(from)))),
        transposed(rows).map((word, place) => store(64 * index + 16 * place, get(to), word))
      )
    return repeat(get(from), get(end), all(each(4, quarter), advance(from, 256), set(to, plus(get(to), get(stride)))))
  }
)

/** Spreads the four words that a table has for each code, from -1 on. */
export const coded = procedure(
  "coded",
  { ...parameters, table: i32 },
  { row0: v128, row1: v128, row2: v128, row3: v128 },
  undefined,
  ({ end, from, row0, row1, row2, row3, stride, table, to }) => {
    const rows = [row0, row1, row2, row3] as const
    return repeat(
      get(from),
      get(end),
      all(
        each(4, (row) => {
          const place = shift(loadInteger(4 * row, get(from)), integer(4))
          return set(rows[row], load(16, plus(get(table), place)))
        }),
        transposed(rows).map((word, index) => store(16 * index, get(to), word)),
        advance(from, 16),
        set(to, plus(get(to), get(stride)))
      )
    )
  }
)
