/**
 * Where the records of delimited text lie, and their cells: RFC 4180, with spaces around a quoted cell, and blank lines
 * that are no records. Nothing is decoded here. Lines end with LF or CR LF; with CR where the header does.
 */

import type { Text } from "./kernel.ts"

/** How a file's text is laid out. */
export interface Layout {
  /** The character between cells, by its code. */
  readonly delimiter: number
  /** Whether a CR alone ends a line. */
  readonly isReturn: boolean
  /** How many cells a record has. */
  readonly width: number
  /** The places in a record of the cells that are wanted. */
  readonly places: ReadonlyArray<number>
}

/** Why a record is none of this layout. */
export type Problem = "cells" | "quote" | "return"

/** A record that is none of this layout, by its place among all of them. */
export interface Refused {
  readonly record: number
  readonly start: number
  readonly end: number
  readonly problem: Problem
  /** How many cells it has. */
  readonly cells: number
}

/** The records of a piece of text. */
export interface Records {
  /** How many there are, those that are refused included. */
  readonly count: number
  /** How many are of this layout. */
  readonly rows: number
  /** Where the cells wanted start: those of one place after the other, each with room for `capacity` rows. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly capacity: number
  /** For each row its place among the records, and where it starts and ends. */
  readonly lines: Int32Array
  readonly refused: ReadonlyArray<Refused>
}

const newline = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
const space = 0x20

/** Where a cell starts that holds doubled quotes: the place, negated in its bits. */
export const isDoubled = (start: number): boolean => start < 0

const areSpaces = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if (bytes[at] !== space) return false
  return true
}

/** Tells whether a byte of text that is not quoted ends a line. Of CR LF the CR does. */
const endsLine = (bytes: Uint8Array, at: number, isReturn: boolean): boolean =>
  bytes[at] === newline ||
  (bytes[at] === carriageReturn && (isReturn || at + 1 === bytes.length || bytes[at + 1] === newline))

/** Where the next line starts. */
const afterLine = (bytes: Uint8Array, at: number): number =>
  bytes[at] === carriageReturn && bytes[at + 1] === newline ? at + 2 : at + 1

/** How far a scan for the ends of lines is: in a quoted cell or not, and which quote closed the last one. */
export interface Scan {
  at: number
  isQuoted: boolean
  closed: number
}

/** Scans on, over at most so many lines, and returns where the last one that ends does, or -1. */
export const endOfLines = (
  bytes: Uint8Array,
  { delimiter, isReturn }: Pick<Layout, "delimiter" | "isReturn">,
  scan: Scan,
  most = Number.POSITIVE_INFINITY
): number => {
  if (most > bytes.length && !scan.isQuoted && bytes.indexOf(quote, scan.at) < 0) return lastEnd(bytes, isReturn, scan)
  let { at, closed, isQuoted } = scan
  let [last, lines] = [-1, 0]
  for (; at < bytes.length && lines < most; at++) {
    const byte = bytes[at]
    if (byte === quote) {
      if (isQuoted) closed = at
      isQuoted = !isQuoted && (closed === at - 1 || startsCell(bytes, at, delimiter, isReturn))
    } else if (!isQuoted && (byte === newline || byte === carriageReturn) && endsLine(bytes, at, isReturn)) {
      last = afterLine(bytes, at)
      at = last - 1
      lines++
    }
  }
  Object.assign(scan, { at, closed, isQuoted })
  return last
}

/** Where no quote is, the last end is found from behind. */
const lastEnd = (bytes: Uint8Array, isReturn: boolean, scan: Scan): number => {
  const from = scan.at
  scan.at = bytes.length
  for (let at = bytes.length - 1; at >= from; at--) if (endsLine(bytes, at, isReturn)) return at + 1
  return -1
}

/** Tells whether nothing but spaces stands between a quote and the start of its cell. */
const startsCell = (bytes: Uint8Array, quoteAt: number, delimiter: number, isReturn: boolean): boolean => {
  let at = quoteAt - 1
  while (at >= 0 && bytes[at] === space && delimiter !== space) at--
  return at < 0 || bytes[at] === delimiter || endsLine(bytes, at, isReturn)
}

/** How many rows there may be. */
const capacityOf = ({ width }: Layout, marks: number): number => Math.floor((marks + 1) / width) + 1

/** How many numbers `find` needs room for, and two more for each row behind them. */
export const roomOf = (layout: Layout, marks: number): number =>
  (2 * layout.places.length + 5) * capacityOf(layout, marks) + layout.width + 4

/** Where a search stands. */
interface Cursor {
  /** The mark that is next. */
  index: number
  /** Where its record starts. */
  line: number
  rows: number
  count: number
}

/** The parts of the room, and where the rows of each place start in it, or -1 where it is not wanted. */
const partsOf = (layout: Layout, marks: number, room: Int32Array) => {
  const capacity = capacityOf(layout, marks)
  const size = layout.places.length * capacity
  const offsets = new Int32Array(layout.width).fill(-1)
  for (const [index, place] of layout.places.entries()) offsets[place] = index * capacity
  const [cells, cursor] = [2 * size, 2 * size + layout.width]
  const parts = {
    capacity,
    offsets,
    starts: room.subarray(0, size),
    ends: room.subarray(size, 2 * size),
    cells: room.subarray(cells, cursor),
    cursor: room.subarray(cursor, cursor + 4),
    lines: room.subarray(cursor + 4)
  }
  for (const [cell, offset] of offsets.entries()) {
    parts.cells[cell] = offset < 0 ? 0 : parts.starts.byteOffset + 4 * offset
  }
  return parts
}

/** Finds the records of text that starts and ends with whole ones, by the places of delimiters, quotes and line breaks. */
export const find = (text: Text, layout: Layout): Records => {
  const { bytes, marks, room } = text
  const { delimiter, isReturn, width } = layout
  const parts = partsOf(layout, marks.length, room)
  const { capacity, ends, lines, offsets, starts } = parts
  const refused: Array<Refused> = []
  const cursor: Cursor = { index: 0, line: 0, rows: 0, count: 0 }
  const goOn = (): void => {
    parts.cursor.set([4 * cursor.index, cursor.line, 4 * cursor.rows, cursor.count])
    text.plain(layout, parts)
    const [index, line, rows, count] = parts.cursor
    Object.assign(cursor, { index: index / 4, line, rows: rows / 4, count })
  }
  goOn()
  let [cells, start, closed] = [0, cursor.line, -1]
  let [isDoubled, isFilled] = [false, false]
  let problem: Problem | undefined
  for (; cursor.index <= marks.length; cursor.index++) {
    const at = cursor.index < marks.length ? marks[cursor.index] : bytes.length
    const byte = bytes[at]
    if (byte === quote) {
      if (closed >= 0 || !areSpaces(bytes, start, at)) continue
      start = at + 1
      const close = closing(bytes, marks, cursor.index + 1)
      isDoubled = close > cursor.index + 1 && bytes.subarray(start, marks[close] ?? bytes.length).includes(quote)
      if (close === marks.length) problem = "quote"
      closed = close < marks.length ? marks[close] : bytes.length
      cursor.index = Math.min(close, marks.length - 1)
      continue
    }
    if (byte === carriageReturn && !endsLine(bytes, at, isReturn)) {
      problem ??= "return"
      continue
    }
    // a cell ends
    if (closed >= 0 && !areSpaces(bytes, closed + 1, at)) problem = "quote"
    const end = closed < 0 ? at : closed
    const offset = cells < width ? offsets[cells] : -1
    if (offset >= 0) {
      starts[offset + cursor.rows] = isDoubled ? ~start : start
      ends[offset + cursor.rows] = end
    } else if (cells >= width && end > start) isFilled = true
    cells++
    start = at + 1
    closed = -1
    isDoubled = false
    if (byte === delimiter) continue
    // a record ends
    const { count: record, line, rows } = cursor
    if (at > line || (width === 1 && at < bytes.length)) {
      if (problem === undefined && (cells === width || (cells > width && !isFilled))) {
        lines.set([record, line, at], 3 * rows)
        cursor.rows++
      } else refused.push({ record, start: line, end: at, problem: problem ?? "cells", cells })
      cursor.count++
    }
    cursor.line = afterLine(bytes, at)
    cursor.index += cursor.line - at
    cells = 0
    problem = undefined
    isFilled = false
    goOn()
    start = cursor.line
    cursor.index--
  }
  return { count: cursor.count, rows: cursor.rows, starts, ends, capacity, lines, refused }
}

/** The place among the marks of the quote that closes a cell, or behind them: a doubled one is none. */
const closing = (bytes: Uint8Array, marks: Int32Array, from: number): number => {
  let index = from
  for (; index < marks.length; index++) {
    if (bytes[marks[index]] !== quote) continue
    if (bytes[marks[index] + 1] !== quote) return index
    index++
  }
  return marks.length
}
