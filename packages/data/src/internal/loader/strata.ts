/** The tables behind samplers that know of classes, made once in shared memory: who is of which class, and whose turn it is. */
import type { Classes } from "./rows.ts"
import * as Shared from "./shared.ts"

/** Counts the rows of each level. */
export const counts = (codes: ArrayLike<number>, levels: number): Float64Array => {
  const found = new Float64Array(levels)
  for (let row = 0; row < codes.length; row++) found[codes[row]]++
  return found
}

/** Lays the rows of each level side by side, in their order; levels without rows are left out. */
export const classesOf = (codes: ArrayLike<number>, levels: number): Classes => {
  const sizes = counts(codes, levels)
  const places = new Float64Array(levels)
  for (let level = 1; level < levels; level++) places[level] = places[level - 1] + sizes[level - 1]
  const present = [...places].filter((_, level) => sizes[level] > 0)
  const starts = Shared.uint32(present.length + 1)
  starts.set([...present, codes.length])
  const members = Shared.uint32(codes.length)
  for (let row = 0; row < codes.length; row++) members[places[codes[row]]++] = row
  return { members, starts }
}

/** A set of numbered things from which the one with the least rank is taken, the lowest number among equals. */
const queue = (rank: Float64Array) => {
  const heap: Array<number> = []
  const isBefore = (a: number, b: number): boolean => rank[a] < rank[b] || (rank[a] === rank[b] && a < b)
  const add = (item: number): void => {
    let at = heap.push(item) - 1
    for (let parent = (at - 1) >> 1; at > 0 && isBefore(item, heap[parent]); parent = (at - 1) >> 1) {
      heap[at] = heap[parent]
      at = parent
    }
    heap[at] = item
  }
  const take = (): number => {
    const [first] = heap
    const item = heap[heap.length - 1]
    heap.length--
    let at = 0
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++
      if (!isBefore(heap[child], item)) break
      heap[at] = heap[child]
      at = child
    }
    if (heap.length > 0) heap[at] = item
    return first
  }
  return { add, take }
}

/**
 * Spreads classes evenly over the visits of an epoch: after any number of visits, each class has had its share of them to
 * within less than one. Visit `j` of a class with a share of `1/p` is due in the window from `p j` to `p (j + 1)`, and of
 * all that may come the one that is due first does: the earliest-deadline order of proportionate progress (Baruah, Cohen,
 * Plaxton and Varvel 1996).
 */
export const evenly = ({
  members,
  starts
}: Classes): { readonly pattern: Uint32Array; readonly turns: Uint32Array } => {
  const length = members.length
  const count = starts.length - 1
  const [pattern, turns] = [Shared.uint32(length), Shared.uint32(length)]
  const done = new Uint32Array(count)
  const due = new Float64Array(count)
  const { add, take } = queue(due)
  // Classes that wait for a visit, as a list per visit: its first one, and after each the next.
  const waiting = new Int32Array(length + 1).fill(-1)
  const following = new Int32Array(count)
  const enqueue = (which: number, earliest: number): void => {
    const size = starts[which + 1] - starts[which]
    if (done[which] === size) return
    const visit = Math.max(earliest, Math.floor((done[which] * length) / size))
    due[which] = Math.ceil(((done[which] + 1) * length) / size)
    following[which] = waiting[visit]
    waiting[visit] = which
  }
  for (let which = 0; which < count; which++) enqueue(which, 0)
  for (let visit = 0; visit < length; visit++) {
    for (let which = waiting[visit]; which >= 0; which = following[which]) add(which)
    const which = take()
    pattern[visit] = which
    turns[visit] = done[which]++
    enqueue(which, visit + 1)
  }
  return { pattern, turns }
}
