/**
 * Which rows make a batch: a pure function of the order, the epoch and the step, in constant memory beside the order's
 * tables, which are made once. This file imports types alone, so that a worker starts in no time.
 */
import type { Key, Permutation } from "@watertight/core"

/** The functions of core that draw, handed in so that this file loads none of it. */
export interface Draws {
  readonly foldIn: typeof Key.foldIn
  readonly bernoulli: typeof Key.bernoulli
  readonly permutation: typeof Permutation.make
}

/** The rows of each class side by side: those of class `c` lie at `starts[c]` up to `starts[c + 1]`. No class is empty. */
export interface Classes {
  readonly members: Uint32Array
  readonly starts: Uint32Array
}

/** In which order rows are visited. `length` counts the visits of an epoch. */
export type Order =
  | { readonly kind: "sequential"; readonly length: number }
  | { readonly kind: "shuffled"; readonly length: number; readonly key: Key.Key }
  /** `sums` are the running sums of the rows' weights; rows after `last` weigh nothing. */
  | {
      readonly kind: "weighted"
      readonly length: number
      readonly key: Key.Key
      readonly sums: Float64Array
      readonly last: number
    }
  | {
      readonly kind: "balanced"
      readonly length: number
      readonly key: Key.Key
      readonly mixing: Key.Key
      readonly classes: Classes
    }
  /** `pattern` is the class at each visit, `turns` how many visits of that class came before. */
  | {
      readonly kind: "stratified"
      readonly length: number
      readonly key: Key.Key
      readonly mixing: Key.Key
      readonly classes: Classes
      readonly pattern: Uint32Array
      readonly turns: Uint32Array
    }
  /** `rows` are ascending by length; a bucket is `batches` batches. */
  | {
      readonly kind: "bucketed"
      readonly length: number
      readonly key: Key.Key
      readonly mixing: Key.Key
      readonly rows: Uint32Array
      readonly batches: number
    }

type Of<Kind extends Order["kind"]> = Extract<Order, { readonly kind: Kind }>

/** Writes the rows of the batch at an epoch and step, as many as `out` holds. */
export type BatchRows = (epoch: number, step: number, out: Uint32Array) => void

/** Folds a count that may be past 32 bits. */
const foldCount = ({ foldIn }: Draws, key: Key.Key, count: number): Key.Key =>
  foldIn(foldIn(key, Math.floor(count / 2 ** 32)), count % 2 ** 32)

/** Remembers what was made for the last epoch. */
const perEpoch = <A>(make: (epoch: number) => A) => {
  let last: { readonly epoch: number; readonly made: A } | undefined
  return (epoch: number): A => {
    if (last?.epoch !== epoch) last = { epoch, made: make(epoch) }
    return last.made
  }
}

const shuffled = ({ key, length }: Of<"shuffled">, batchSize: number, draws: Draws): BatchRows => {
  const orderOf = perEpoch((epoch) => draws.permutation(draws.foldIn(key, epoch), length))
  return (epoch, step, out) => orderOf(epoch).fill(out, step * batchSize)
}

/** Visit i draws its row by the 53 bits that the epoch's key gives for i: no draw depends on another. */
const weighted = ({ key, last, sums }: Of<"weighted">, batchSize: number, draws: Draws): BatchRows => {
  const keyOf = perEpoch((epoch) => draws.foldIn(key, epoch))
  const total = sums[last]
  return (epoch, step, out) => {
    const drawing = keyOf(epoch)
    for (let place = 0; place < out.length; place++) {
      const { hi, lo } = draws.foldIn(drawing, step * batchSize + place)
      const wanted = ((hi >>> 5) * 2 ** 26 + (lo >>> 6)) * 2 ** -53 * total
      let [low, high] = [0, last]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (sums[middle] > wanted) high = middle
        else low = middle + 1
      }
      out[place] = low
    }
  }
}

/** Writes rows in an order of the batch's own, so that no place in a batch belongs to a class. */
const mixed = (
  mixing: Key.Key,
  batchSize: number,
  draws: Draws,
  rowAt: (epoch: number, visit: number) => number
): BatchRows => {
  const keyOf = perEpoch((epoch) => draws.foldIn(mixing, epoch))
  return (epoch, step, out) => {
    draws.permutation(draws.foldIn(keyOf(epoch), step), out.length).fill(out, 0)
    for (let place = 0; place < out.length; place++) out[place] = rowAt(epoch, step * batchSize + out[place])
  }
}

/** Classes take turns, in all epochs: visit `v` of a class is row `v % size` of the order of cycle `v / size`. */
const balanced = ({ classes, key, length, mixing }: Of<"balanced">, batchSize: number, draws: Draws): BatchRows => {
  const { members, starts } = classes
  const count = starts.length - 1
  const cycles: Array<{ readonly cycle: number; readonly order: Permutation.Permutation } | undefined> = []
  return mixed(mixing, batchSize, draws, (epoch, visit) => {
    const which = visit % count
    const size = starts[which + 1] - starts[which]
    const turn = epoch * (length / count) + Math.floor(visit / count)
    const cycle = Math.floor(turn / size)
    let current = cycles[which]
    if (current?.cycle !== cycle) {
      const order = draws.permutation(foldCount(draws, draws.foldIn(key, which), cycle), size)
      current = cycles[which] = { cycle, order }
    }
    return members[starts[which] + current.order.at(turn % size)]
  })
}

/** Epochs begin the pattern at different places, and visit each class in an order of their own. */
const stratified = (order: Of<"stratified">, batchSize: number, draws: Draws): BatchRows => {
  const { classes, key, length, mixing, pattern, turns } = order
  const { members, starts } = classes
  const epochOf = perEpoch((epoch) => {
    const drawing = draws.foldIn(key, epoch)
    const { hi, lo } = draws.foldIn(drawing, 0)
    const orders: Array<Permutation.Permutation | undefined> = []
    const orderOf = (which: number): Permutation.Permutation =>
      (orders[which] ??= draws.permutation(draws.foldIn(drawing, which + 1), starts[which + 1] - starts[which]))
    return { shift: (hi * 2 ** 20 + (lo >>> 12)) % length, orderOf }
  })
  return mixed(mixing, batchSize, draws, (epoch, visit) => {
    const { orderOf, shift } = epochOf(epoch)
    const at = (visit + shift) % length
    return members[starts[pattern[at]] + orderOf(pattern[at]).at(turns[at])]
  })
}

/**
 * Buckets are neighbours in `rows`. One of them, another in each epoch, is smaller when the rows do not fill all; the
 * batch that is not full is its last, and the last of the epoch. The full ones come in an order of the epoch's own.
 */
const bucketed = (order: Of<"bucketed">, batchSize: number, draws: Draws): BatchRows => {
  const { batches, key, length, mixing, rows } = order
  const full = Math.floor(length / batchSize)
  const bucketRows = batches * batchSize
  const buckets = Math.ceil(length / bucketRows)
  const smallRows = length - (buckets - 1) * bucketRows
  const epochOf = perEpoch((epoch) => {
    const drawing = draws.foldIn(key, epoch)
    const orders: Array<Permutation.Permutation | undefined> = []
    const orderOf = (bucket: number, size: number): Permutation.Permutation =>
      (orders[bucket] ??= draws.permutation(draws.foldIn(drawing, bucket), size))
    const chosen = draws.foldIn(mixing, epoch)
    return { orderOf, small: chosen.hi % buckets, batchAt: draws.permutation(chosen, full).at }
  })
  const inSmall = Math.floor(smallRows / batchSize)
  return (epoch, step, out) => {
    const { batchAt, orderOf, small } = epochOf(epoch)
    const batch = step < full ? batchAt(step) : undefined
    let [bucket, first] = [small, inSmall]
    if (batch !== undefined) {
      const beyond = batch - small * batches
      if (beyond < 0) [bucket, first] = [Math.floor(batch / batches), batch % batches]
      else if (beyond < inSmall) first = beyond
      else [bucket, first] = [small + 1 + Math.floor((beyond - inSmall) / batches), (beyond - inSmall) % batches]
    }
    const start = bucket * bucketRows - (bucket > small ? bucketRows - smallRows : 0)
    orderOf(bucket, bucket === small ? smallRows : bucketRows).fill(out, first * batchSize)
    for (let place = 0; place < out.length; place++) out[place] = rows[start + out[place]]
  }
}

/** Makes the function that tells which rows make a batch. */
export const batchRows = (order: Order, batchSize: number, draws: Draws): BatchRows => {
  switch (order.kind) {
    case "sequential":
      return (_, step, out) => {
        for (let place = 0; place < out.length; place++) out[place] = step * batchSize + place
      }
    case "shuffled":
      return shuffled(order, batchSize, draws)
    case "weighted":
      return weighted(order, batchSize, draws)
    case "balanced":
      return balanced(order, batchSize, draws)
    case "stratified":
      return stratified(order, batchSize, draws)
    case "bucketed":
      return bucketed(order, batchSize, draws)
  }
}
