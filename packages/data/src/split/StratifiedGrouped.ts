/**
 * The stratified grouped split: groups are placed whole so that the classes have the table's proportions everywhere, as
 * nearly as whole groups allow. It is a greedy placement in random order followed by moves of single groups for as long
 * as one brings the class counts nearer to their shares.
 */
import type { Key } from "@watertight/core"
import { Effect } from "effect"
import type * as Assignment from "../Assignment.ts"
import type * as Near from "../Near.ts"
import * as Blocks from "./Blocks.ts"
import * as Grouped from "./Grouped.ts"
import * as Share from "./Share.ts"
import * as Stratified from "./Stratified.ts"

/** Decides a stratified grouped split: groups by `on`, joined where they have near rows, classes by `stratify`. */
export const assign = (on: Grouped.On, stratify: string, shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key) {
    const split = "Split.stratifiedGrouped"
    yield* Share.refuseTimestamps(split, table, "Split.groupedTemporal")
    const fractions = yield* Share.fractions(split, shares)
    const { codes, levels } = yield* Stratified.classes(split, table, stratify)
    const blocks = yield* Grouped.blocks(split, table, on, key, near)
    const assignment = Grouped.toRows(blocks.of, deal(blocks, codes, levels.length, fractions))
    const hint = near === undefined ? Grouped.tooFew(blocks.sizes.length) : Grouped.tooFewAlike(blocks.sizes.length)
    return yield* Share.refuseEmpty(split, assignment, ["train", "validation", "test"], hint)
  })

/** Decides a stratified split that keeps equal rows together, and near ones if it is said what those are. */
export const assignTogether = (on: string, shares: Share.Shares, near?: Near.Near): Assignment.Assign =>
  Effect.fnUntraced(function* (table, key: Key.Key) {
    const split = "Split.stratified"
    yield* Share.refuseTimestamps(split, table)
    yield* Share.refuseGroups(split, table)
    const fractions = yield* Share.fractions(split, shares)
    const { codes, levels } = yield* Stratified.classes(split, table, on)
    const blocks = Blocks.make([Blocks.equalRows(table)], key, yield* Blocks.near(split, table, near))
    const assignment = Grouped.toRows(blocks.of, deal(blocks, codes, levels.length, fractions))
    const hint = near === undefined ? undefined : Grouped.tooFewAlike(blocks.sizes.length)
    return yield* Share.refuseEmpty(split, assignment, ["train", "validation", "test"], hint)
  })

/** The classes a block's rows have, and how many rows of each: from `starts[block]` up to `starts[block + 1]`. */
interface Composition {
  readonly starts: Uint32Array
  readonly classes: Uint32Array
  readonly counts: Uint32Array
}

/** Lists the rows of the blocks, block after block, each block's in their order. */
const byBlock = ({ of, sizes }: Blocks.Blocks): Uint32Array => {
  const next = new Uint32Array(sizes.length)
  for (let block = 1; block < next.length; block++) next[block] = next[block - 1] + sizes[block - 1]
  const rows = new Uint32Array(of.length)
  of.forEach((block, row) => (rows[next[block]++] = row))
  return rows
}

const compose = (blocks: Blocks.Blocks, codes: Int32Array, levels: number): Composition => {
  const rows = byBlock(blocks)
  const starts = new Uint32Array(blocks.sizes.length + 1)
  const [classes, counts] = [new Uint32Array(rows.length), new Uint32Array(rows.length)]
  const placeOf = new Int32Array(levels).fill(-1) // of this block where it is not before its start
  let [end, at] = [0, 0]
  blocks.sizes.forEach((size, block) => {
    starts[block] = end
    for (let turn = 0; turn < size; turn++) {
      const code = codes[rows[at + turn]]
      if (placeOf[code] < starts[block]) {
        placeOf[code] = end
        classes[end++] = code
      }
      counts[placeOf[code]]++
    }
    at += size
  })
  starts[blocks.sizes.length] = end
  return { starts, classes, counts }
}

/**
 * Places blocks in as many places as there are fractions. What is made small is the sum over places and classes of
 * `(count - share)^2 / rows of the class`; in the end no move of one block makes it smaller. Where blocks are single rows,
 * each class is within one row of its share.
 */
export const deal = (
  blocks: Blocks.Blocks,
  codes: Int32Array,
  levels: number,
  fractions: ReadonlyArray<number>
): Uint8Array => {
  const { classes, counts, starts } = compose(blocks, codes, levels)
  const totals = new Float64Array(levels)
  codes.forEach((code) => totals[code]++)
  /** Count minus share of each class, place by place. */
  const excess = Float64Array.from({ length: fractions.length * levels }, (_, at) => {
    return -fractions[Math.floor(at / levels)] * totals[at % levels]
  })
  /** How the sum changes when a block comes to a place. */
  const cost = (block: number, place: number): number => {
    let sum = 0
    for (let at = starts[block]; at < starts[block + 1]; at++) {
      sum += (counts[at] * (2 * excess[place * levels + classes[at]] + counts[at])) / totals[classes[at]]
    }
    return sum
  }
  const put = (block: number, place: number, sign: 1 | -1): void => {
    for (let at = starts[block]; at < starts[block + 1]; at++) excess[place * levels + classes[at]] += sign * counts[at]
  }
  const cheapest = (block: number, otherwise: number): number => {
    let best = otherwise
    let least = cost(block, otherwise)
    for (let place = 0; place < fractions.length; place++) {
      const here = cost(block, place)
      if (here < least - Share.tolerance) [best, least] = [place, here]
    }
    return best
  }
  const places = new Uint8Array(blocks.sizes.length)
  for (let block = 0; block < places.length; block++) {
    places[block] = cheapest(block, 0)
    put(block, places[block], 1)
  }
  for (let moved = true; moved;) {
    moved = false
    for (let block = 0; block < places.length; block++) {
      put(block, places[block], -1)
      const place = cheapest(block, places[block])
      moved ||= place !== places[block]
      places[block] = place
      put(block, place, 1)
    }
  }
  return places
}
