/**
 * What the programs that read delimited text are written in, beside `webassembly.ts`: 64-bit whole numbers, bytes in memory,
 * and blocks that are left early.
 */
import * as Web from "../webassembly.ts"

const { i32, integer, operation } = Web
type Code = Web.Code

export const i64 = 0x7e
export const [isEqual, isDifferent, isLess, isBelow, isNotBelow, or] = [0x46, 0x47, 0x48, 0x49, 0x4f, 0x72].map(
  operation
)
export const [and, shift, times, trailingZeros, isZero] = [0x71, 0x74, 0x6c, 0x68, 0x45].map(operation)
export const [plusLong, minusLong, timesLong, andLong, orLong] = [0x7c, 0x7d, 0x7e, 0x83, 0x84].map(operation)
export const [shiftLong, shiftDown, isZeroLong, isBelowLong] = [0x86, 0x88, 0x50, 0x54].map(operation)
export const [toLong, ofLong, ofSignedLong, toWholeLong] = [0xad, 0xba, 0xb9, 0xb1].map(operation)
export const [add, subtract, multiply, divide, isOther, negated] = [0xa0, 0xa1, 0xa2, 0xa3, 0x62, 0x9a].map(operation)

const access =
  (code: number) =>
  (address: Code, offset = 0): Code => [address, [code, 0, (offset % 128) + 128, offset >> 7]]
export const [byteAt, wordAt, longAt, numberAt] = [0x2d, 0x28, 0x29, 0x2b].map(access)
const stored =
  (code: number) =>
  (address: Code, value: Code): Code => [address, value, code, 0, 0]
export const [storeWord, storeNumber] = [0x36, 0x39].map(stored)

/** A part that `leaveIf` leaves. */
export const block = (...body: ReadonlyArray<Code>): Code => [0x02, 0x40, body, 0x0b]
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  condition,
  0x04,
  0x40,
  then,
  0x05,
  otherwise,
  0x0b
]

/** A condition that is looked at only where another holds. */
export const both = (condition: Code, then: Code): Code => [condition, 0x04, i32, then, 0x05, integer(0), 0x0b]

/** Leaves so many blocks, loops and branches around this place, and the next one. */
export const leaveIf = (condition: Code, depth: number): Code => [condition, 0x0d, depth]
/** Does something as long as a condition holds. */
export const during = (condition: Code, body: Code): Code => [
  0x02,
  0x40,
  0x03,
  0x40,
  isZero(condition),
  0x0d,
  1,
  body,
  0x0c,
  0,
  0x0b,
  0x0b
]

export const long = (value: bigint): Code => [0x42, ...signed(BigInt.asIntN(64, value))]
const signed = (value: bigint): ReadonlyArray<number> => {
  const [low, rest] = [Number(value & 127n), value >> 7n]
  return (rest === 0n && low < 64) || (rest === -1n && low >= 64) ? [low] : [low + 128, ...signed(rest)]
}
