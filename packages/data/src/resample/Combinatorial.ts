/**
 * Combinatorial purged cross-validation (López de Prado 2018, chapter 12): time is cut into blocks, and every choice of
 * some of them validates once. Train is the rest, before and after, less the rows whose labels reach into what validates
 * (purging) and those that follow it too closely (embargo).
 */
import { Effect } from "effect"
import type * as Near from "../Near.ts"
import * as Blocks from "../split/Blocks.ts"
import type * as Grouped from "../split/Grouped.ts"
import { SplitError } from "../split/SplitError.ts"
import * as Temporal from "../split/Temporal.ts"
import type { Table } from "../Table.ts"
import * as Plan from "./Plan.ts"
import * as Windows from "./Windows.ts"

/** How time is cut, and what is left out of train. */
export interface Options {
  /** The column of instants. */
  readonly on: string
  /** Into how many blocks of about as many rows time is cut. */
  readonly blocks: number
  /** How many of them validate at a time; 2 unless given. */
  readonly validation?: number
  /** How long after a row its label is known; zero unless given. */
  readonly ahead?: Temporal.Length
  /** A column with the instant at which a row's label is known. */
  readonly labelEnd?: string
  /** The least time from where the labels of a validating block end to the next row of train; zero unless given. */
  readonly embargo?: Temporal.Length
  /** Groups of which none may be on both sides: those that validate are left out of train. */
  readonly group?: Grouped.On
  /** Rows that are near ones that validate are left out of train. */
  readonly near?: Near.Near | undefined
}

const resample = "Resample.combinatorialPurged"

/** One plan per choice of blocks, at most 255. */
export const plans = (options: Options): ReadonlyArray<Plan.Plan> => {
  const { ahead, blocks, embargo, group, labelEnd, near, on, validation = 2 } = options
  const given = { ahead, labelEnd, embargo, group }
  const count = chooseCount(blocks, validation)
  const chosen = count <= Plan.most ? choices(blocks, validation) : [[0]]
  return chosen.map((choice) => {
    const name = `blocks-${choice.map((block) => block + 1).join("-")}`
    return {
      name,
      version: 1,
      code: "versioned",
      draws: false,
      repeats: false,
      params: {
        on,
        blocks,
        validation,
        ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        ...Blocks.toJson(near)
      },
      reads: Windows.columnsRead(options),
      check: (columns) =>
        checkBlocks(blocks, validation, count).pipe(Effect.andThen(Windows.checkGroups(resample, columns, group))),
      mark: (table) => markBlocks(table, options, choice),
      folds: [{ name, sides: Plan.single }]
    }
  })
}

const checkBlocks = (blocks: number, validation: number, count: number): Effect.Effect<void, SplitError> => {
  const isPossible = Number.isSafeInteger(blocks) && Number.isSafeInteger(validation) && validation >= 1
  if (isPossible && validation < blocks && count <= Plan.most) return Effect.void
  const reason = `${validation} of ${blocks} blocks validate, which is ${isPossible ? count : "no number of"} folds`
  const hint = `Take fewer validating blocks than there are, and at most ${Plan.most} folds, such as 2 of 6.`
  return Effect.fail(new SplitError({ split: resample, reason, hint }))
}

/** How many choices there are; infinite for what `checkBlocks` refuses. */
const chooseCount = (blocks: number, chosen: number): number => {
  if (!Number.isSafeInteger(blocks) || !Number.isSafeInteger(chosen) || chosen < 1 || chosen > blocks) return Infinity
  let count = 1
  for (let index = 0; index < chosen && count < Infinity; index++) {
    count = (count * (blocks - index)) / (index + 1)
    if (index < blocks / 2 && count > 1e6) return Infinity
  }
  return Math.round(count)
}

const choices = (blocks: number, chosen: number, from = 0): ReadonlyArray<ReadonlyArray<number>> =>
  chosen === 0
    ? [[]]
    : Array.from({ length: Math.max(0, blocks - chosen - from + 1) }, (_, index) => from + index).flatMap((first) =>
        choices(blocks, chosen - 1, first + 1).map((rest) => [first, ...rest])
      )

/** A block that validates: when it begins, and when the last of its labels is known. */
interface Block {
  readonly from: number
  readonly to: number
  readonly known: number
}

const markBlocks = Effect.fnUntraced(function* (
  table: Table,
  { ahead, blocks, embargo, group, labelEnd, near, on }: Options,
  choice: ReadonlyArray<number>
): Effect.fn.Return<Int32Array, SplitError> {
  const times = yield* Temporal.instants(resample, table, on)
  const reach = ahead === undefined ? 0 : yield* Temporal.millis(resample, "ahead", ahead)
  const ends = labelEnd === undefined ? times : yield* Temporal.labelEnds(resample, table, times, labelEnd)
  const known = ends.map((end, row) => Math.max(end, times[row] + reach))
  const wait = embargo === undefined ? 0 : yield* Temporal.millis(resample, "embargo", embargo)
  const sorted = times.toSorted()
  const start = (block: number) => {
    const place = Math.floor((block * sorted.length) / blocks)
    return block === blocks || sorted.length === 0 ? Infinity : sorted[Temporal.changeNear(sorted, place)]
  }
  const validating = choice.map((block): Block => {
    const [from, to] = [start(block), start(block + 1)]
    const inside = known.filter((_, row) => times[row] >= from && times[row] < to)
    return { from, to, known: inside.reduce((last, end) => Math.max(last, end), -Infinity) }
  })
  const empty = validating.findIndex((block) => block.known === -Infinity)
  if (empty >= 0) {
    const reason = `block ${choice[empty] + 1} of ${blocks} has none of the ${times.length} rows`
    return yield* new SplitError({ split: resample, reason, hint: "Ask for fewer blocks: equal times stay together." })
  }
  const marks = Int32Array.from(times, (time, row) => {
    if (validating.some(({ from, to }) => time >= from && time < to)) return Plan.mark.validation
    const isClear = validating.every((block) =>
      time < block.from ? known[row] <= block.from : block.known + wait <= time
    )
    return isClear ? Plan.mark.train : Plan.mark.leftOut
  })
  return yield* Windows.purge(resample, table, { group, near }, marks)
})
