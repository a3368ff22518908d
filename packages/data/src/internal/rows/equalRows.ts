/** Rows that are equal, found in a hash table of numbers: a few bytes per row, whatever their number. */
import * as RowId from "../../RowId.ts"
import { add } from "./mix.ts"

/** For each row the first row that has its id. */
export const firsts = (ids: Uint8Array): Uint32Array => {
  const all = ids.byteOffset % 4 === 0 ? ids : ids.slice()
  return firstsOf(new Uint32Array(all.buffer, all.byteOffset, all.length / 4), RowId.bytes / 4)
}

/** For each row the first row that has its number; 0 and -0 are one number. */
export const firstsOfNumbers = (numbers: Float64Array): Uint32Array =>
  firstsOf(new Uint32Array(numbers.map((number) => number + 0).buffer), 2)

/** For each row the first row that has its words, two or more to a row. */
const firstsOf = (view: Uint32Array, words: number): Uint32Array => {
  const length = view.length / words
  const slots = new Uint32Array(2 ** Math.ceil(Math.log2(2 * length + 2))) // a row's number from 1 on, 0 where there is none
  const isEqual = (a: number, b: number): boolean => {
    for (let word = 0; word < words; word++) if (view[a * words + word] !== view[b * words + word]) return false
    return true
  }
  const found = new Uint32Array(length)
  for (let row = 0; row < length; row++) {
    let slot = add(view[row * words], view[row * words + 1]) & (slots.length - 1)
    while (slots[slot] !== 0 && !isEqual(slots[slot] - 1, row)) slot = (slot + 1) & (slots.length - 1)
    if (slots[slot] === 0) slots[slot] = row + 1
    found[row] = slots[slot] - 1
  }
  return found
}

/** For each row the first row that has its code; codes are from 0 up to `count`. */
export const firstsOfCodes = (codes: Int32Array, count: number): Uint32Array => {
  const first = new Uint32Array(count).fill(codes.length)
  return Uint32Array.from(codes, (code, row) => (first[code] = Math.min(first[code], row)))
}
