/**
 * Counts the records of RFC 4180 text and keeps the first, byte by byte. DuckDB drops rows in silence where it misjudges
 * a file's line breaks (seen with 1.5.6: a header with a quoted line break of another kind); a second opinion on how many
 * rows there are turns that into an error.
 */

/** What a file of records has been found to hold. */
export interface Records {
  /** The cells of the first record, as far as `longest` goes. */
  readonly header: ReadonlyArray<string>
  /** Records below the header. A blank line is one only where there is a single column. */
  readonly rows: number
  /** Which lines are blank, of all: the header is line 1, and a record is one line whatever its cells hold. */
  readonly blank: ReadonlyArray<number>
}

/** Takes a file in pieces. */
export interface Counter {
  readonly push: (bytes: Uint8Array) => void
  readonly end: () => Records
}

/** So many bytes of the first record are kept: a file without a line break is no header. */
export const longest = 1 << 24

const newline = 0x0a
const carriageReturn = 0x0d
const quote = 0x22
const space = 0x20

/** Makes a counter for cells separated by an ASCII character. */
export const counter = (delimiter: string): Counter => {
  const between = delimiter.charCodeAt(0)
  const first: Array<number> = []
  let records = 0
  const blank: Array<number> = []
  let isFirst = true
  let atCellStart = true
  let quoted = false
  let justClosed = false
  let isEmpty = true
  let previous = -1

  const endRecord = (): void => {
    if (isEmpty && !isFirst) blank.push(records + blank.length + 1)
    else records++
    isFirst = false
    isEmpty = true
    atCellStart = true
  }
  /** Counts the lines of a piece in which nothing is quoted, and returns where the last one ends. */
  const skipLines = (bytes: Uint8Array): number => {
    const isPlain = !isFirst && !quoted && !justClosed && previous !== carriageReturn
    if (!isPlain || bytes.includes(quote) || bytes.includes(carriageReturn)) return 0
    let start = 0
    for (;;) {
      const end = bytes.indexOf(newline, start)
      if (end < 0) return start
      if (end > start) isEmpty = false
      endRecord()
      previous = newline
      start = end + 1
    }
  }
  return {
    push: (bytes) => {
      for (let at = skipLines(bytes); at < bytes.length; at++) {
        const byte = bytes[at]
        const reopens = justClosed && byte === quote
        justClosed = quoted && byte === quote
        if (quoted) quoted = byte !== quote
        else if (byte === newline || byte === carriageReturn) {
          if (byte === carriageReturn || previous !== carriageReturn) endRecord()
          previous = byte
          continue
        } else if (byte === quote && (atCellStart || reopens)) {
          quoted = true
          atCellStart = false
        } else if (byte === between) atCellStart = true
        else if (byte !== space && !isMark(byte, records)) atCellStart = false
        if (isFirst && first.length < longest) first.push(byte)
        isEmpty = false
        previous = byte
      }
    },
    end: () => {
      if (!isEmpty) endRecord()
      const header = cells(new TextDecoder().decode(Uint8Array.from(first)), delimiter)
      const isRow = header.length === 1
      return { header, rows: Math.max(0, records - 1) + (isRow ? blank.length : 0), blank: isRow ? [] : blank }
    }
  }
}

/** The bytes of a byte order mark do not end a cell's start. */
const isMark = (byte: number, records: number): boolean =>
  records === 0 && (byte === 0xef || byte === 0xbb || byte === 0xbf)

const cells = (record: string, delimiter: string): ReadonlyArray<string> => {
  if (!record.includes('"')) return record.split(delimiter)
  const found = [""]
  let quoted = false
  const last = () => found.length - 1
  for (let at = 0; at < record.length; at++) {
    const character = record[at]
    if (character === '"' && quoted && record[at + 1] === '"') {
      found[last()] += '"'
      at++
    } else if (character === '"' && (quoted || found[last()].trim() === "")) {
      if (!quoted) found[last()] = ""
      quoted = !quoted
    } else if (character === delimiter && !quoted) found.push("")
    else found[last()] += character
  }
  return found
}
