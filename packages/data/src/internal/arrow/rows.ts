/**
 * Some rows of a column as `apache-arrow` has them, read from the buffers of a batch: no more of these than the rows need.
 * What buffers lack is an error, never a zero.
 */
import * as Arrow from "apache-arrow"
import { Effect } from "effect"
import type { Body } from "./body.ts"
import { attempt, type Failure, IpcError } from "./ipcError.ts"
import type { Part } from "./layout.ts"
import * as Tensor from "./tensor.ts"
import * as Texts from "./texts.ts"
import * as Views from "./views.ts"

/** Dictionaries by their number. */
export type Dictionaries = ReadonlyMap<number, Arrow.Vector>

/** Rows from one place of a part on. */
export interface Range {
  readonly start: number
  readonly length: number
}

/** The bits of some rows, from the byte that has the first of them. */
const bits = (body: Body, buffer: number, { length, start }: Range): Effect.Effect<Uint8Array, Failure> => {
  const [first, last] = [Math.floor(start / 8), Math.ceil((start + length) / 8)]
  return last <= body.byteLength(buffer) ? body.read(buffer, first, last) : cutOff
}

const cutOff = Effect.suspend(() => new IpcError({ reason: "a column is cut off" }))

const nulls = (part: Part, range: Range, body: Body) =>
  part.nulls === 0
    ? Effect.succeed({ nullCount: 0 })
    : Effect.map(bits(body, part.buffer, range), (nullBitmap) => ({ nullBitmap }))

interface Typed {
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): ArrayBufferView
  readonly BYTES_PER_ELEMENT: number
}

const viewOf = (Values: Typed, bytes: Uint8Array): ArrayBufferView => {
  const { buffer, byteOffset } = bytes.byteOffset % Values.BYTES_PER_ELEMENT === 0 ? bytes : Uint8Array.from(bytes)
  return new Values(buffer, byteOffset, bytes.length / Values.BYTES_PER_ELEMENT)
}

const values = Effect.fnUntraced(function* (
  body: Body,
  buffer: number,
  typed: () => Typed,
  { length, start }: Range
): Effect.fn.Return<ArrayBufferView, Failure> {
  const Values = yield* attempt(typed)
  const size = Values.BYTES_PER_ELEMENT
  const there = Math.floor(body.byteLength(buffer) / size)
  if (there < start + length) return yield* cutOff
  return viewOf(Values, yield* body.read(buffer, start * size, (start + length) * size))
})

/** Where texts or lists start and end, from the first of them on. */
interface Ends {
  readonly offsets: Int32Array | BigInt64Array
  readonly first: number
  readonly last: number
}

const ends = Effect.fnUntraced(function* (
  body: Body,
  buffer: number,
  Offsets: Int32ArrayConstructor | BigInt64ArrayConstructor,
  range: Range,
  most: number
): Effect.fn.Return<Ends, Failure> {
  if (range.length === 0) return { offsets: new Offsets(1), first: 0, last: 0 } // writers may leave out all offsets then
  const found = yield* values(body, buffer, () => Offsets, { ...range, length: range.length + 1 })
  return yield* attempt(() => {
    const offsets = (found as Int32Array).slice() // or big integers, which compare and subtract alike
    const first = offsets[0]
    let before = first
    for (let row = 0; row < offsets.length; row++) {
      if (offsets[row] < before) throw new Error("a text or list ends before it starts")
      before = offsets[row]
      offsets[row] -= first
    }
    if (first < 0 || Number(before) > most) throw new Error("a column is cut off")
    return { offsets, first: Number(first), last: Number(before) }
  })
})

/** Tells whether `read` reads a type. */
export const isReadable = (type: Arrow.DataType): boolean => {
  if (Arrow.DataType.isDictionary(type)) return isReadable(type.dictionary)
  if (Tensor.isList(type)) return isReadable(type.children[0].type)
  return isFlat(type) || Arrow.DataType.isBool(type) || Texts.isText(type)
}

const isFlat = (type: Arrow.DataType): boolean =>
  Arrow.DataType.isInt(type) ||
  Arrow.DataType.isFloat(type) ||
  Arrow.DataType.isDate(type) ||
  Arrow.DataType.isTimestamp(type)

const dataOf = (type: Arrow.DataType, { length, start }: Range, rest: object): Effect.Effect<Arrow.Data, Failure> =>
  attempt(() => Arrow.makeData({ type, length, offset: start % 8, ...rest } as never)) // what a type has is given below

/** Reads which rows of a part are there, whatever its type. */
export const presence = Effect.fnUntraced(function* (part: Part, range: Range, body: Body) {
  const there = part.buffers === 0 || Arrow.DataType.isUnion(part.type) ? {} : yield* nulls(part, range, body)
  return yield* dataOf(new Arrow.Int8(), range, { ...there, data: new Int8Array(0) })
})

const views = Effect.fnUntraced(function* (
  part: Part,
  range: Range,
  body: Body
): Effect.fn.Return<Views.Rows, Failure> {
  const there = Texts.presence(yield* presence(part, range, body))
  const numbers = { start: 4 * range.start, length: 4 * range.length }
  const found = yield* values(body, part.buffer + 1, () => Int32Array, numbers)
  return { part, there, views: found as Int32Array } // of the type that was asked for
})

/** Counts the bytes of texts that lie as views; others have those of their buffers. */
export const textBytes = Effect.fnUntraced(function* (part: Part, range: Range, body: Body) {
  if (!Arrow.DataType.isUtf8View(part.type)) return 0
  const rows = yield* views(part, range, body)
  return yield* attempt(() => Views.byteLength(rows))
})

/** What is read as another type: texts as views, and lists whose ends are integers of 64 bits. */
const typeOf = (type: Arrow.DataType): Arrow.DataType => {
  if (Arrow.DataType.isUtf8View(type)) return new Arrow.Utf8()
  return Arrow.DataType.isLargeList(type) ? new Arrow.List(type.children[0]) : type
}

/** Reads rows of a part whose type is readable; views become texts one behind the other. */
export const read = Effect.fnUntraced(function* (
  part: Part,
  range: Range,
  body: Body,
  dictionaries: Dictionaries
): Effect.fn.Return<Arrow.Data, Failure> {
  if (range.length < 0 || range.start + range.length > part.length) return yield* cutOff
  const there = yield* nulls(part, range, body)
  return yield* dataOf(typeOf(part.type), range, { ...there, ...(yield* contentOf(part, range, body, dictionaries)) })
})

/** Lists may have so many values together that are read at a time. */
const mostElements = 2 ** 31 - 1

/** What stands in rows, by the names that `apache-arrow` gives it. */
const contentOf = Effect.fnUntraced(function* (
  part: Part,
  range: Range,
  body: Body,
  dictionaries: Dictionaries
): Effect.fn.Return<object, Failure> {
  const {
    buffer,
    children: [child],
    type
  } = part
  if (Arrow.DataType.isUtf8View(type)) return yield* Views.read(yield* views(part, range, body), body)
  if (Arrow.DataType.isBool(type)) return { data: yield* bits(body, buffer + 1, range) }
  if (Arrow.DataType.isList(type) || Arrow.DataType.isLargeList(type)) {
    const Offsets = Arrow.DataType.isList(type) ? Int32Array : BigInt64Array
    const { first, last, offsets } = yield* ends(body, buffer + 1, Offsets, range, child.length)
    if (last - first > mostElements) return yield* new IpcError({ reason: `lists of ${last - first} values together` })
    const elements = { start: first, length: last - first }
    return {
      valueOffsets: offsets instanceof Int32Array ? offsets : Int32Array.from(offsets, Number),
      child: yield* read(child, elements, body, dictionaries)
    }
  }
  if (Arrow.DataType.isFixedSizeList(type)) {
    const elements = { start: range.start * type.listSize, length: range.length * type.listSize }
    return { child: yield* read(child, elements, body, dictionaries) }
  }
  if (Arrow.DataType.isUtf8(type) || Arrow.DataType.isLargeUtf8(type)) {
    const Offsets = Arrow.DataType.isUtf8(type) ? Int32Array : BigInt64Array
    const { first, last, offsets } = yield* ends(body, buffer + 1, Offsets, range, body.byteLength(buffer + 2))
    return { valueOffsets: offsets, data: yield* body.read(buffer + 2, first, last) }
  }
  if (!Arrow.DataType.isDictionary(type)) return { data: yield* values(body, buffer + 1, () => type.ArrayType, range) }
  const dictionary = dictionaries.get(type.id)
  if (dictionary === undefined) return yield* new IpcError({ reason: "a dictionary is missing" })
  return { data: yield* values(body, buffer + 1, () => type.indices.ArrayType, range), dictionary }
})
