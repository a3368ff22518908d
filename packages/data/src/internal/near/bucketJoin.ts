/**
 * Finding near rows without comparing all with all: rows get a key in each of several bands, and only rows that share a
 * key in some band are compared. The cost is linear in rows as long as rows that share keys are near indeed.
 */
import * as Components from "./components.ts"

/** Keys of rows, and when two rows are near. */
export interface Bands {
  readonly length: number
  readonly bands: number
  /** Writes each row's key in a band. */
  readonly fill: (band: number, keys: Uint32Array) => void
  /** Compares two rows that share a key in a band; it may say no of rows that share one in an earlier band. */
  readonly isNear: (first: number, second: number, band: number) => boolean
}

const none = 0xffff_ffff

const slotsFor = (length: number): number => 2 ** Math.ceil(Math.log2(Math.max(2, length)))

/**
 * Joins rows that are near. Rows already joined are not compared: in each bucket, the rows of one component stand in a
 * list, and a list is passed over or left as soon as the row has been joined to it. So a thousand copies cost a thousand
 * comparisons, not half a million.
 */
export const components = ({ bands, fill, isNear, length }: Bands): Components.Components => {
  const joined = Components.make(length)
  const keys = new Uint32Array(length)
  const lists = new Uint32Array(slotsFor(length)) // the head of the first list in a slot
  const nextList = new Uint32Array(length)
  const nextMember = new Uint32Array(length)
  const joinTo = (head: number, row: number, band: number): boolean => {
    if (Components.find(joined, head) === Components.find(joined, row)) return true
    for (let member = head; member !== none; member = nextMember[member]) {
      if (!isNear(member, row, band)) continue
      Components.join(joined, member, row)
      return true
    }
    return false
  }
  for (let band = 0; band < bands; band++) {
    fill(band, keys)
    lists.fill(none)
    for (let row = 0; row < length; row++) {
      const slot = keys[row] & (lists.length - 1)
      let home = none
      for (let head = lists[slot]; head !== none; head = nextList[head]) {
        if (keys[head] === keys[row] && joinTo(head, row, band)) home = head
      }
      nextMember[row] = home === none ? none : nextMember[home]
      if (home !== none) nextMember[home] = row
      else {
        nextList[row] = lists[slot]
        lists[slot] = row
      }
    }
  }
  return joined
}

/** Visits every pair of near rows that share a key, once, the earlier row first. */
export const pairs = ({ bands, fill, isNear, length }: Bands, visit: (first: number, second: number) => void): void => {
  const keys = new Uint32Array(length)
  const last = new Uint32Array(slotsFor(length)) // the last row in a slot
  const previous = new Uint32Array(length)
  const found = new Set<number>()
  for (let band = 0; band < bands; band++) {
    fill(band, keys)
    last.fill(none)
    for (let row = 0; row < length; row++) {
      const slot = keys[row] & (last.length - 1)
      for (let earlier = last[slot]; earlier !== none; earlier = previous[earlier]) {
        const pair = earlier * length + row
        if (keys[earlier] !== keys[row] || found.has(pair) || !isNear(earlier, row, band)) continue
        found.add(pair)
        visit(earlier, row)
      }
      previous[row] = last[slot]
      last[slot] = row
    }
  }
}
