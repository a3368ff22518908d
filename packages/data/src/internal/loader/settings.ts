/** From a loader's options to the plan of its batches: what cannot be is refused, naming the option. */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import * as Sampler from "../../Sampler.ts"
import type { Partition } from "../../Dataset.ts"
import type { Table } from "../../Table.ts"
import { classWeightsOf } from "./classWeights.ts"
import type { Plan } from "./fill.ts"
import { orderOf } from "./ordering.ts"
import { LoaderError } from "./pack.ts"

/** The options that decide what is in the batches, and how they are made. */
export interface Settings {
  readonly features: ReadonlyArray<string>
  readonly target: string
  readonly batchSize: number
  readonly key: Key.Key
  readonly sampler?: Sampler.Sampler
  readonly classWeights?: "balanced" | Readonly<Record<string, number | undefined>>
  readonly shard?: { readonly rank: number; readonly of: number }
  readonly last?: "pad" | "drop" | "keep"
  readonly noise?: ReadonlyArray<{ readonly name: string; readonly size: number; readonly keep: number }>
  readonly prefetch?: number
  readonly workers?: number
}

const count = (name: string, value: number, least: number): LoaderError | undefined =>
  Number.isSafeInteger(value) && value >= least
    ? undefined
    : new LoaderError({ reason: `${name} is ${value}; give an integer of at least ${least}` })

const noiseDefect = ({ batchSize, last, noise = [], shard }: Settings): LoaderError | undefined => {
  const isCut = last === "keep" || (shard?.of ?? 1) > 1
  for (const [index, { keep, name, size }] of noise.entries()) {
    if (noise.findIndex((other) => other.name === name) < index) {
      return new LoaderError({ reason: `two noises are called "${name}"; give each a name of its own` })
    }
    if (!(keep >= 2 ** -16 && keep <= 1)) {
      return new LoaderError({ reason: `noise "${name}" keeps ${keep}; give a probability from 2^-16 to 1` })
    }
    const defect = count(`the size of noise "${name}"`, size, 0)
    if (defect !== undefined) return defect
    if (isCut && size % batchSize !== 0) {
      const reason = `noise "${name}" has ${size} numbers for ${batchSize} rows; to be cut with them it needs as many for each`
      return new LoaderError({ reason })
    }
  }
  return undefined
}

const shardDefect = ({ batchSize, last, shard = { rank: 0, of: 1 } }: Settings): LoaderError | undefined => {
  const { of, rank } = shard
  const defect = count("shard.of", of, 1) ?? count("shard.rank", rank, 0)
  if (defect !== undefined) return defect
  if (rank >= of) return new LoaderError({ reason: `shard.rank is ${rank}; of ${of} ranks the last is ${of - 1}` })
  if (Number.isInteger(batchSize) && batchSize % of !== 0) {
    const reason = `batchSize is ${batchSize}, over all ranks; give a multiple of the ${of} ranks`
    return new LoaderError({ reason })
  }
  if (of > 1 && last === "keep") {
    return new LoaderError({ reason: `last is "keep": the ranks' last batches would differ in size; pad or drop it` })
  }
  return undefined
}

/** Far more than hides any delay, and few enough for the tickets of a ring. */
const mostPrefetched = 1000

/** Finds what is wrong with options, the columns aside. */
export const optionDefect = (rows: number, partition: Partition, options: Settings): LoaderError | undefined => {
  const { batchSize, classWeights, last = "pad", prefetch = 0, workers = 0 } = options
  if (rows > 0 && batchSize > rows) {
    const reason = `batchSize is ${batchSize}, but there are only ${rows} rows; give at most that many`
    return new LoaderError({ reason })
  }
  if (classWeights === "balanced" && partition !== "train") {
    return new LoaderError({ reason: `classWeights are learned from train rows; these are ${partition} rows` })
  }
  if (!["pad", "drop", "keep"].includes(last)) {
    return new LoaderError({ reason: `last is ${JSON.stringify(last)}; it is "pad", "drop" or "keep"` })
  }
  if (prefetch > mostPrefetched) {
    return new LoaderError({ reason: `prefetch is ${prefetch}; give at most ${mostPrefetched}` })
  }
  return noiseDefect(options) ?? shardDefect(options) ?? count("prefetch", prefetch, 0) ?? count("workers", workers, 0)
}

/**
 * Memory for batches made ahead, in bytes, and how many each worker makes ahead at least and at most: what others do on the
 * machine may hold a thread up for some milliseconds.
 */
const [ringBytes, fewestAhead, mostAhead] = [32 * 2 ** 20, 4, 32]

/** A batch that takes less time to make than this, in microseconds, is made when it is read: a thread would save nothing. */
const cheap = 20

/**
 * Decides how many batches are made ahead and by how many threads, 0 of each for none. What was not given is decided by the
 * batch's size, a row taken as 0.1 microseconds and a number as a nanosecond: measured, but never measured again, so that
 * a loader works in the same way every time.
 */
export const aheadOf = (
  { batchSize, noise = [], prefetch, shard, workers }: Settings,
  { isAugmented, width }: { readonly isAugmented: boolean; readonly width: number }
): { readonly prefetch: number; readonly workers: number } => {
  const rows = batchSize / (shard?.of ?? 1)
  const numbers = rows * (width + 2) + noise.reduce((sum, { size }) => sum + size, 0)
  const isCheap = !isAugmented && rows / 10 + numbers / 1000 <= cheap
  const given = prefetch ?? workers ?? (isCheap ? 0 : 1)
  if (given === 0 || workers === 0) return { prefetch: 0, workers: 0 }
  const count = workers ?? 1
  const fitting = Math.floor(ringBytes / (4 * numbers))
  const ahead = prefetch ?? Math.min(mostPrefetched, count * Math.min(mostAhead, Math.max(fewestAhead, fitting)))
  return { prefetch: ahead, workers: Math.min(count, ahead + 1) }
}

/** Plans the batches of a table's rows. */
export const planOf = Effect.fnUntraced(function* (
  table: Table,
  options: Settings
): Effect.fn.Return<Plan, LoaderError> {
  const { batchSize, classWeights, key, last, noise = [], sampler = Sampler.shuffled, shard, target } = options
  const order = yield* orderOf(sampler, table, batchSize, Key.foldIn(key, "order"))
  const weights = classWeights === undefined ? undefined : classWeightsOf(table, target, classWeights)
  if (weights instanceof LoaderError) return yield* weights
  const batches = order.length / batchSize
  if (batches < 1 && last === "drop") {
    return yield* new LoaderError({ reason: `an epoch of ${order.length} rows has no full batch of ${batchSize}` })
  }
  const masks = Key.foldIn(key, "noise")
  return {
    batchSize,
    steps: last === "drop" ? Math.floor(batches) : Math.ceil(batches),
    order,
    shard: shard ?? { rank: 0, of: 1 },
    classWeights: weights,
    noise: noise.map((each) => ({ ...each, key: Key.foldIn(masks, each.name) }))
  }
})
