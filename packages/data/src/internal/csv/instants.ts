/**
 * The instant that an ISO 8601 text means, in milliseconds since 1970, UTC: a date, or a date and a time to at most
 * microseconds with or without an offset, in the proleptic Gregorian calendar from the year 0 to 9999.
 */

const iso =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?(?:Z|([-+])([01]\d|2[0-3]):?([0-5]\d))?)?$/

/** Returns the instant, or NaN where the text is none. Spaces around it are no part of it. */
export const ofText = (text: string): number => {
  const found = iso.exec(trimmed(text))
  if (found === null) return Number.NaN
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((digits) => Number(digits ?? 0))
  const [fraction = "", sign, ahead = 0, aheadMinutes = 0] = found.slice(7)
  if (!isDay(year, month, day)) return Number.NaN
  const micros = Number(fraction.padEnd(6, "0"))
  const offset = (sign === "-" ? -1 : 1) * (60 * Number(ahead) + Number(aheadMinutes))
  const seconds = 86_400 * daysBefore(year, month, day) + 3600 * hour + 60 * (minute - offset) + second
  return ofMicros(1000 * seconds + Math.floor(micros / 1000), micros % 1000)
}

/** Rounds once, and towards 1970: a float64 holds no microseconds of every year. */
const ofMicros = (millis: number, micros: number): number =>
  millis < 0 && micros > 0 ? millis + 1 + (micros - 1000) / 1000 : millis + micros / 1000

const monthDays = Uint8Array.of(31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

const isDay = (year: number, month: number, day: number): boolean => {
  if (!(year >= 0 && month >= 1 && month <= 12 && day >= 1)) return false
  if (day <= monthDays[month - 1]) return true
  return month === 2 && day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** Days from 1970 on, by years that start in March, where a leap day is a year's last; 400 years are 146,097 days. */
const daysBefore = (year: number, month: number, day: number): number => {
  const march = year + (month > 2 ? 400 : 399)
  const leaps = (march >> 2) - Math.trunc(march / 100) + Math.trunc(march / 400)
  return 365 * march + leaps + Math.trunc((153 * ((month + 9) % 12) + 2) / 5) + day - (719_469 + 146_097)
}

/** Takes the characters of Unicode's category Zs off both ends. */
export const trimmed = (text: string): string => text.replace(/^\p{Zs}+|\p{Zs}+$/gu, "")
