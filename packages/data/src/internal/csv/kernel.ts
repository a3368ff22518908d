/**
 * The loops over all bytes of delimited text, in WebAssembly: where delimiters, quotes and line breaks are, sixteen bytes at
 * a time, and what numbers stand between them.
 */
import * as Web from "../webassembly.ts"
import * as Dates from "./dates.ts"
import * as Floats from "./floats.ts"
import * as Operations from "./operations.ts"
import * as Plain from "./plain.ts"
import type { Layout } from "./records.ts"

const { all, get, i32, integer, lanes, minus, plus, procedure, set, v128 } = Web
const { and, during, isBelow, isDifferent, storeWord, trailingZeros } = Operations
const [splatBytes, areEqual, either, bits] = [0x0f, 0x23, 0x50, 0x64].map(lanes)

const [newline, carriageReturn, quote] = [0x0a, 0x0d, 0x22]

const marks = procedure(
  "marks",
  { input: i32, end: i32, output: i32, delimiter: i32 },
  { at: i32, found: i32, text: v128 },
  i32,
  ({ at, delimiter, end, found, input, output, text }) => {
    const are = (byte: Web.Code): Web.Code => areEqual(get(text), splatBytes(byte))
    const breaks = either(are(integer(newline)), are(integer(carriageReturn)))
    return all(
      set(at, minus(integer(0), get(input))),
      during(
        isBelow(get(input), get(end)),
        all(
          set(text, [get(input), 0xfd, 0, 0, 0]),
          set(found, bits(either(either(are(get(delimiter)), are(integer(quote))), breaks))),
          during(
            isDifferent(get(found), integer(0)),
            all(
              storeWord(get(output), plus(plus(get(input), get(at)), trailingZeros(get(found)))),
              set(output, plus(get(output), integer(4))),
              set(found, and(get(found), minus(get(found), integer(1))))
            )
          ),
          set(input, plus(get(input), integer(16)))
        )
      ),
      get(output)
    )
  }
)

type CellLoop = (input: number, starts: number, ends: number, last: number, output: number) => number

interface Program extends Web.Memory {
  readonly marks: (input: number, end: number, output: number, delimiter: number) => number
  readonly floats: CellLoop
  readonly dates: CellLoop
  readonly plain: (...numbers: ReadonlyArray<number>) => void
}

let program: Program | undefined

/** The program, compiled when it is first needed. */
const loaded = (): Program => {
  if (program !== undefined) return program
  program = Web.compiled<Omit<Program, "memory">>(32, [marks, Floats.floats, Dates.dates, Plain.plain])
  Floats.writeTables(new DataView(program.memory.buffer))
  return program
}

/** Text in the program's memory, with where its marks are and room for what is found out about it. */
export interface Text {
  readonly bytes: Uint8Array
  /** The places of delimiters, quotes and line breaks, in their order. */
  readonly marks: Int32Array
  /** Goes over plain records, by parts of the room: see `Plain`. */
  readonly plain: (layout: Layout, parts: PlainParts) => void
  /** As many numbers as were asked for, of any value; decoders work in the last ones, two for each of them. */
  readonly room: Int32Array
  /** Decodes plain decimal numbers. */
  readonly floats: Decoder
  /** Decodes dates, with a time or without. */
  readonly dates: Decoder
}

/** Decodes cells between places that lie in the room, into an array; others are NaN, and counted. */
export type Decoder = (starts: Int32Array, ends: Int32Array, into: Float64Array) => number

/** Parts of the room. */
export interface PlainParts {
  readonly cursor: Int32Array
  readonly cells: Int32Array
  readonly starts: Int32Array
  readonly ends: Int32Array
  readonly lines: Int32Array
}

const aligned = (place: number): number => Math.ceil(place / 16) * 16

/** Puts text into the program's memory and finds its marks; at most one may be in use. */
export const open = (text: Uint8Array, delimiter: number, roomFor: (marks: number) => number): Text => {
  const { dates, floats, marks, memory, plain } = loaded()
  const reserve = (end: number): void => {
    const missing = end - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil(missing / 65536))
  }
  const first = aligned(Floats.tables.end + text.length + 16)
  reserve(first + 4 * text.length)
  const bytes = new Uint8Array(memory.buffer, Floats.tables.end, first - Floats.tables.end)
  bytes.set(text)
  bytes.fill(0, text.length) // so that nothing behind the text is a mark
  const count = (marks(Floats.tables.end, Floats.tables.end + text.length, first, delimiter) - first) / 4
  const second = aligned(first + 4 * count)
  const numbers = 2 * Math.ceil(roomFor(count) / 2)
  reserve(second + 4 * numbers)
  const decoder =
    (loop: CellLoop): Decoder =>
    (starts, ends, into) => {
      const output = second + 4 * numbers - 8 * starts.length
      const last = starts.byteOffset + starts.byteLength
      const left = loop(Floats.tables.end, starts.byteOffset, ends.byteOffset, last, output)
      into.set(new Float64Array(memory.buffer, output, starts.length))
      return left
    }
  return {
    bytes: new Uint8Array(memory.buffer, Floats.tables.end, text.length),
    marks: new Int32Array(memory.buffer, first, count),
    room: new Int32Array(memory.buffer, second, numbers),
    plain: ({ delimiter, isReturn, width }, { cells, cursor, ends, lines, starts }) => {
      const toEnds = ends.byteOffset - starts.byteOffset
      const places = [cursor.byteOffset, first, first + 4 * count, cells.byteOffset, 4 * (width - 1), toEnds]
      plain(...places, lines.byteOffset, delimiter, isReturn ? 1 : 0, Floats.tables.end, text.length)
    },
    floats: decoder(floats),
    dates: decoder(dates)
  }
}
