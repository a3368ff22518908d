/**
 * Where the records of delimited text lie, and their cells: RFC 4180, with spaces around a quoted cell, and blank lines
 * that are no records. Nothing is decoded here. Lines end with LF or CR LF; with CR where the header does.
 */

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

/** How many numbers `find` needs room for. */
export const roomOf = (layout: Layout, marks: number): number =>
  (2 * layout.places.length + 3) * capacityOf(layout, marks)

/** Finds the records of text that starts and ends with whole ones, by the places of delimiters, quotes and line breaks. */
export const find = (bytes: Uint8Array, layout: Layout, marks: Int32Array, room: Int32Array): Records => {
  const { delimiter, isReturn, places, width } = layout
  const capacity = capacityOf(layout, marks.length)
  const offsets = new Int32Array(width).fill(-1)
  for (const [index, place] of places.entries()) offsets[place] = index * capacity
  const starts = room.subarray(0, places.length * capacity)
  const ends = room.subarray(places.length * capacity, 2 * places.length * capacity)
  const lines = room.subarray(2 * places.length * capacity)
  const refused: Array<Refused> = []
  let [count, rows, cells, line, start, closed] = [0, 0, 0, 0, 0, -1]
  let [isDoubled, isFilled] = [false, false]
  let problem: Problem | undefined
  for (let index = 0; index <= marks.length; index++) {
    const at = index < marks.length ? marks[index] : bytes.length
    const byte = bytes[at]
    if (byte === quote) {
      if (closed >= 0 || !areSpaces(bytes, start, at)) continue
      start = at + 1
      for (index++; index < marks.length; index++) {
        if (bytes[marks[index]] !== quote) continue
        if (bytes[marks[index] + 1] !== quote) break
        isDoubled = true
        index++
      }
      if (index === marks.length) problem = "quote"
      closed = index < marks.length ? marks[index] : bytes.length
      if (index === marks.length) index--
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
      starts[offset + rows] = isDoubled ? ~start : start
      ends[offset + rows] = end
    } else if (cells >= width && end > start) isFilled = true
    cells++
    start = at + 1
    closed = -1
    isDoubled = false
    if (byte === delimiter) continue
    // a record ends
    if (at > line || (width === 1 && at < bytes.length)) {
      if (problem === undefined && (cells === width || (cells > width && !isFilled))) {
        lines[3 * rows] = count
        lines[3 * rows + 1] = line
        lines[3 * rows + 2] = at
        rows++
      } else refused.push({ record: count, start: line, end: at, problem: problem ?? "cells", cells })
      count++
    }
    line = start = afterLine(bytes, at)
    if (line === at + 2) index++
    cells = 0
    problem = undefined
    isFilled = false
  }
  return { count, rows, starts, ends, capacity, lines, refused }
}
