/** A column that lies in parts, one after the other, none of them in memory. */
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
  return { Values: first.Values, length, read: reading(numbers), blocks: () => blocksOf(numbers) }
}

const reading =
  (parts: ReadonlyArray<Lazy>) =>
  (start: number, into: Numbers): void => {
    let before = 0
    for (const part of parts) {
      const [from, to] = [Math.max(start, before), Math.min(start + into.length, before + part.length)]
      if (from < to) part.read?.(from - before, into.subarray(from - start, to - start))
      before += part.length
    }
  }
