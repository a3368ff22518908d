/**
 * The instants of `2012-01-31` and `2012-01-31T23:59:59`, with a space too, in WebAssembly; what is written otherwise is left
 * to its text.
 */
import * as Web from "../webassembly.ts"
import * as Cells from "./cellLoop.ts"
import * as Operations from "./operations.ts"

const { all, f64, float, get, i32, integer, minus, operation, plus, set } = Web
const { add, and, byteAt, isDifferent, isEqual, isLess, isNotBelow, leaveIf, multiply, or, times, when } = Operations
type Code = Web.Code

const [ofWhole, shiftDown, over, rest, xor] = [0xb7, 0x76, 0x6e, 0x70, 0x73].map(operation)

const locals = {
  ...Cells.locals,
  pair: i32,
  bad: i32,
  century: i32,
  year: i32,
  month: i32,
  day: i32,
  hour: i32,
  minute: i32,
  second: i32,
  days: i32,
  time: f64
} as const

type Local = Readonly<Record<keyof typeof locals, number>>

/** Takes the number of two digits; other characters are noted. */
const two = ({ at, bad, pair }: Local, offset: number, into: number): Code => {
  const areDigits = (of: Code): Code => xor(and(of, integer(0xf0f0)), integer(0x3030))
  return all(
    set(pair, [get(at), 0x2f, 0, offset]),
    set(bad, or(get(bad), or(areDigits(get(pair)), areDigits(plus(get(pair), integer(0x0606)))))),
    set(into, plus(times(and(get(pair), integer(15)), integer(10)), and(shiftDown(get(pair), integer(8)), integer(15))))
  )
}

/** Notes where another character stands. */
const expect = ({ at, bad }: Local, offset: number, character: string): Code =>
  set(bad, or(get(bad), xor(byteAt(get(at), offset), integer(character.charCodeAt(0)))))

const isLeap = (year: Code): Code =>
  and(
    isEqual(and(year, integer(3)), integer(0)),
    or(
      isDifferent(rest(year, integer(100)), integer(0)),
      isEqual(and(over(year, integer(100)), integer(3)), integer(0))
    )
  )

/** Leaves the cell unless the month has such a day; else counts the days since 1970, by years that start in March. */
const takeDay = (local: Local): Code => {
  const { bad, century, day, days, month, year } = local
  const odd = and(plus(get(month), shiftDown(get(month), integer(3))), integer(1))
  const march = get(year)
  const leaps = minus(plus(shiftDown(march, integer(2)), over(march, integer(400))), over(march, integer(100)))
  const inYear = over(
    plus(times(rest(plus(get(month), integer(9)), integer(12)), integer(153)), integer(2)),
    integer(5)
  )
  return all(
    [two(local, 0, century), two(local, 2, year), two(local, 5, month), two(local, 8, day)],
    [expect(local, 4, "-"), expect(local, 7, "-")],
    leaveIf(get(bad), 0),
    set(year, plus(times(get(century), integer(100)), get(year))),
    leaveIf(isNotBelow(minus(get(month), integer(1)), integer(12)), 0),
    set(days, plus(integer(30), odd)),
    when(isEqual(get(month), integer(2)), set(days, plus(integer(28), isLeap(get(year))))),
    leaveIf(isNotBelow(minus(get(day), integer(1)), get(days)), 0),
    set(year, plus(get(year), plus(integer(399), isLess(integer(2), get(month))))),
    set(days, plus(plus(times(march, integer(365)), leaps), plus(inYear, get(day)))),
    set(days, minus(get(days), integer(719_469 + 146_097)))
  )
}

/** Leaves the cell unless it holds a time of a day behind the date. */
const takeTime = (local: Local): Code => {
  const { at, bad, hour, minute, second, time } = local
  const isParted = or(
    isEqual(byteAt(get(at), 10), integer(0x20)),
    isEqual(byteAt(get(at), 10), integer("T".charCodeAt(0)))
  )
  const isPast = (part: number, end: number) => isNotBelow(get(part), integer(end))
  const seconds = plus(plus(times(get(hour), integer(3600)), times(get(minute), integer(60))), get(second))
  return all(
    [two(local, 11, hour), two(local, 14, minute), two(local, 17, second)],
    [expect(local, 13, ":"), expect(local, 16, ":")],
    leaveIf(or(get(bad), Operations.isZero(isParted)), 1),
    leaveIf(or(or(isPast(hour, 24), isPast(minute, 60)), isPast(second, 60)), 1),
    set(time, ofWhole(times(seconds, integer(1000))))
  )
}

const cell = (local: Local, start: Code): Code => {
  const { at, bad, days, time, to, value } = local
  const length = minus(get(to), get(at))
  const isLong = isEqual(length, integer(19))
  return Operations.block(
    leaveIf(isLess(start, integer(0)), 0),
    leaveIf(Operations.isZero(or(isLong, isEqual(length, integer(10)))), 0),
    set(bad, integer(0)),
    set(time, float(0)),
    takeDay(local),
    when(isLong, takeTime(local)),
    set(value, add(multiply(ofWhole(get(days)), float(86_400_000)), get(time)))
  )
}

/** Decodes cells between places that lie in memory, and counts those that are left to their text. */
export const dates = Cells.loop("dates", locals, cell)
