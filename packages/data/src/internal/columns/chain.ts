/** Columns that lie in parts, one after the other, none of them in memory; and parts of columns that come in blocks. */
import type { Numbers } from "../../RowId.ts"
import { type Lazy, type LazyTexts, isLazyTexts } from "./columnar.ts"

const sum = (all: ReadonlyArray<number>): number => all.reduce((sum, one) => sum + one, 0)

function* blocksOf<B>(parts: ReadonlyArray<{ readonly blocks: () => Iterable<B> }>): Generator<B> {
  for (const part of parts) yield* part.blocks()
}

/** Makes one column of parts of the same kind. */
export const chained = (parts: ReadonlyArray<Lazy | LazyTexts>): Lazy | LazyTexts => {
  const [first] = parts
  if (parts.length === 1) return first
  const length = sum(parts.map((part) => part.length))
  if (isLazyTexts(first)) {
    const texts = parts as ReadonlyArray<LazyTexts> // as the first
    const byteLength = sum(texts.map((part) => part.byteLength))
    return { Values: Array, length, byteLength, blocks: () => blocksOf(texts) }
  }
  const numbers = parts as ReadonlyArray<Lazy> // as the first
  const column = { Values: first.Values, length, blocks: () => blocksOf(numbers) }
  return numbers.every(isReadable) ? { ...column, read: reading(numbers) } : column
}

const isReadable = (part: Lazy): part is Required<Lazy> => part.read !== undefined

const reading =
  (parts: ReadonlyArray<Required<Lazy>>) =>
  (start: number, into: Numbers): void =>
    within(parts, start, into, (part, from, own) => part.read(from, own))

/** Visits the parts that the numbers from `start` on lie in: from which of a part's on, and where they are to go. */
export const within = <P extends { readonly length: number }>(
  parts: ReadonlyArray<P>,
  start: number,
  into: Numbers,
  visit: (part: P, from: number, into: Numbers) => void
): void => {
  let before = 0
  for (const part of parts) {
    const [from, to] = [Math.max(start, before), Math.min(start + into.length, before + part.length)]
    if (from < to) visit(part, from - before, into.subarray(from - start, to - start))
    before += part.length
  }
}

/** Cuts out of blocks what lies from one place to another; places ascend from call to call. */
export const cutting = <B extends { readonly length: number; slice: (from: number, to: number) => B }>(
  blocks: Iterator<B>
): ((start: number, end: number) => Generator<B>) => {
  let [block, before] = [blocks.next(), 0]
  return function* (start, end) {
    for (let at = start; at < end && block.done !== true;) {
      const { value } = block
      const [from, to] = [at - before, Math.min(end - before, value.length)]
      if (from < to) yield from === 0 && to === value.length ? value : value.slice(from, to)
      at = Math.max(at, before + to)
      if (to < value.length) continue
      before += value.length
      block = blocks.next()
    }
  }
}
