/**
 * Measures contenders side by side. A round runs each of them once, beginning with another one every time, and ratios are
 * taken within a round: what slows the machine for a while slows all of them.
 */
import { Effect } from "effect"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/** Something to be measured. */
export interface Contender {
  readonly name: string
  /** Does its work for about a tenth of a second or once, whichever takes longer; gives milliseconds per unit of work. */
  readonly round: Effect.Effect<number>
}

/** What each contender took in each round, in milliseconds per unit of work. */
export type Rounds = Readonly<Record<string, ReadonlyArray<number>>>

/** The middle and the ends of some numbers. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** What is hoped for of a ratio. */
export type Aim = { readonly atLeast: number } | { readonly atMost: number }

/** How many times longer `slow` takes than `fast`. */
export interface Ratio {
  readonly slow: string
  readonly fast: string
  readonly aim?: Aim
}

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/**
 * Leaves the next contender a machine at rest: no garbage of the last one to collect, and time enough for its thread pool
 * to stop spinning. Before, it lets the stack unwind, which still refers to the last result.
 */
const rest = Effect.gen(function* () {
  yield* Effect.sleep("1 millis")
  yield* Effect.sync(collectGarbage)
  yield* Effect.sleep("60 millis")
})

/** Runs every contender once to warm up, then `count` rounds. */
export const rounds = Effect.fnUntraced(function* (contenders: ReadonlyArray<Contender>, count: number) {
  const taken: Record<string, Array<number>> = Object.fromEntries(contenders.map(({ name }) => [name, []]))
  for (let round = -1; round < count; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const contender = contenders[(turn + round + 1) % contenders.length]
      yield* rest
      const time = yield* contender.round
      if (round >= 0) taken[contender.name].push(time)
    }
  }
  return taken
})

/** Does something `count` times and gives the milliseconds that one took. */
export const timed = <E, R>(count: number, work: (index: number) => Effect.Effect<unknown, E, R>) =>
  Effect.gen(function* () {
    const began = performance.now()
    for (let index = 0; index < count; index++) yield* work(index)
    return (performance.now() - began) / count
  })

export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  return { median, min: sorted[0], max: sorted[sorted.length - 1] }
}

/** The ratios of two contenders' times, round by round. */
export const ratio = (rounds: Rounds, slow: string, fast: string): Spread =>
  spread(rounds[slow].map((time, round) => time / rounds[fast][round]))

/** Writes a number with three digits, or with all it has before the point. */
export const digits = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3))

const cells = ({ max, median, min }: Spread): ReadonlyArray<string> => [digits(median), `${digits(min)}–${digits(max)}`]

const isMet = (aim: Aim, value: number): boolean => ("atLeast" in aim ? value >= aim.atLeast : value <= aim.atMost)

const verdict = (aim: Aim | undefined, value: number): string => {
  if (aim === undefined) return ""
  return `${"atLeast" in aim ? `≥ ${aim.atLeast}` : `≤ ${aim.atMost}`}: ${isMet(aim, value) ? "met" : "NOT MET"}`
}

/** Writes rows as a Markdown table whose columns line up. */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column].length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(" | ")} |`
  const rule = `| ${widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`)).join(" | ")} |`
  return [line(head), rule, ...rows.map(line)].join("\n")
}

/** Writes what every contender took. */
export const times = (rounds: Rounds, unit: string): string =>
  table(
    [unit, "median ms", "min–max"],
    Object.entries(rounds).map(([name, values]) => [name, ...cells(spread(values))])
  )

/** Writes ratios and whether they are what was hoped for. Those with a contender that is missing are left out. */
export const ratios = (rounds: Rounds, wanted: ReadonlyArray<Ratio>): string =>
  table(
    ["ratio, round by round", "median", "min–max", "aim"],
    wanted
      .filter(({ fast, slow }) => fast in rounds && slow in rounds)
      .map(({ aim, fast, slow }) => {
        const values = ratio(rounds, slow, fast)
        return [`${slow} ÷ ${fast}`, ...cells(values), verdict(aim, values.median)]
      })
  )
