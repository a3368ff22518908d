/**
 * A file's text in pieces of whole records, as it comes in: the header first, then what lies between two ends of lines. How
 * the file came apart before does not matter.
 */
import * as Records from "./records.ts"

/** So many bytes a record may have: a quote that nothing closes takes all that follows into one. */
export const longest = 1 << 24

/** What a file starts with. */
export interface Header {
  readonly names: ReadonlyArray<string>
  /** Whether a CR alone ends a line. */
  readonly isReturn: boolean
}

/** Takes a file's bytes in their order. */
export interface Cutter {
  /** Returns the whole records that are there now, in a buffer of their own, and keeps the rest. */
  readonly push: (bytes: Uint8Array) => Uint8Array
  /** Returns what is left. */
  readonly end: () => Uint8Array
  /** The header, once it has come. */
  readonly header: () => Header | undefined
  /** What is longer than it may be: the header, or the record that has not ended yet. */
  readonly endless: () => "header" | "row" | undefined
  /** Whether the text is UTF-16, by its mark or by the zeros between Latin letters. */
  readonly isWide: () => boolean
}

const carriageReturn = 0x0d
const nothing = new Uint8Array(0)
const start = (): Records.Scan => ({ at: 0, isQuoted: false, closed: -1 })

/** Makes a cutter of text whose cells are separated by an ASCII character. */
export const cutter = (delimiter: string): Cutter => {
  let header: Header | undefined
  let [rest, scan] = [nothing, start()]
  let [isMarked, isWide] = [true, false]
  let endless: "header" | "row" | undefined

  const split = (end: number): Uint8Array => {
    const records = rest.subarray(0, end)
    rest = rest.slice(end)
    return records
  }
  /** Takes the header off. In it either of CR and LF ends a line. */
  const begin = (isWhole: boolean): void => {
    if (isMarked && (isWhole || rest.length >= 4)) {
      const [first, second] = rest
      isWide = first + second === 0xff + 0xfe || rest.subarray(0, 4).includes(0)
      if (rest[0] === 0xef && rest[1] === 0xbb && rest[2] === 0xbf) split(3)
      isMarked = false
    }
    if (isMarked) return
    const layout = { delimiter: delimiter.charCodeAt(0), isReturn: true }
    const found = Records.endOfLines(isWhole ? rest : settled(rest), layout, scan, 1)
    if ((found < 0 ? rest.length : found) > longest) endless = "header"
    if (found < 0 && !isWhole) return
    const line = split(found < 0 ? rest.length : found)
    header = {
      names: cells(new TextDecoder().decode(line).replace(/(\r\n|\r|\n)$/, ""), delimiter),
      isReturn: line.at(-1) === carriageReturn
    }
    scan = start()
  }
  const take = (isWhole: boolean): Uint8Array => {
    if (header === undefined) begin(isWhole)
    if (header === undefined || isWhole) return split(rest.length)
    const layout = { delimiter: delimiter.charCodeAt(0), isReturn: header.isReturn }
    const found = Records.endOfLines(settled(rest), layout, scan)
    if (rest.length - Math.max(found, 0) > longest) endless ??= "row"
    if (found < 0) return nothing
    scan = { ...scan, at: scan.at - found, closed: scan.closed - found }
    return split(found)
  }
  return {
    push: (bytes) => {
      const all = new Uint8Array(rest.length + bytes.length)
      all.set(rest)
      all.set(bytes, rest.length)
      rest = all
      if (header === undefined) begin(false)
      return header === undefined ? nothing : take(false)
    },
    end: () => take(true),
    header: () => header,
    endless: () => endless,
    isWide: () => isWide
  }
}

/** A CR at the end may be half of a line break. */
const settled = (bytes: Uint8Array): Uint8Array => {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === carriageReturn) end--
  return bytes.subarray(0, end)
}

/** The cells of one record. */
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
