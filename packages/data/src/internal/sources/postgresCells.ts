/**
 * How PostgreSQL's texts become cells of a column: nothing that it cannot hold exactly. A text that none can be made of
 * stays what it is, and is refused with the row it stands in.
 */
import * as Column from "../../Column.ts"

/** The kinds of PostgreSQL's types that columns take. */
type Kind = "integer" | "float4" | "float8" | "numeric" | "boolean" | "text" | "time"

const kinds: Readonly<Record<number, Kind>> = {
  16: "boolean",
  18: "text", // "char"
  19: "text", // name
  20: "integer",
  21: "integer",
  23: "integer",
  25: "text",
  700: "float4",
  701: "float8",
  1042: "text", // character
  1043: "text", // character varying
  1082: "time", // date
  1114: "time", // timestamp
  1184: "time", // timestamptz
  1700: "numeric",
  2950: "text" // uuid
}

/** Arrays by the types of their elements. */
const lists: Readonly<Record<number, number>> = { 1005: 21, 1007: 23, 1016: 20, 1021: 700, 1022: 701 }

/** Makes a cell of PostgreSQL's text for a value. */
export type Parse = (text: string) => unknown

const takes: Readonly<Record<Column.Complete["kind"], ReadonlyArray<Kind>>> = {
  float: ["integer", "float4", "float8", "numeric"],
  timestamp: ["time"],
  category: ["integer", "boolean", "text"],
  text: ["text"],
  tensor: []
}

/** Says how a column takes values of a type; nothing where it does not. `isEnum` are types that a user made of texts. */
export const parser = (type: number, isEnum: boolean, column: Column.Column): Parse | undefined => {
  const complete = Column.complete(column)
  if (complete.kind === "tensor") {
    const element = lists[type]
    return element === undefined ? undefined : (text) => listOf(text, kinds[element], complete)
  }
  const kind = isEnum ? "text" : kinds[type]
  if (kind === undefined || !takes[complete.kind].includes(kind)) return undefined
  if (complete.kind === "float") return (text) => number(text, kind) ?? text
  if (complete.kind === "timestamp") return (text) => instant(text) ?? text
  return kind === "boolean" ? (text) => (text === "t" ? "true" : "false") : (text) => text
}

/** Whether a type's values can be told apart by more than their order. */
export const isFloat = (type: number): boolean => type === 700 || type === 701 || lists[type] !== undefined

/** Whether a type's order is one of texts, which depends on the database's language unless it is said. */
export const isText = (type: number): boolean => kinds[type] === "text" && type !== 18 && type !== 2950

/** A whole number must be its float64; others are rounded once, as they are written. */
const number = (text: string, kind: Kind): number | undefined => {
  const value = kind === "float4" ? Math.fround(Number(text)) : Number(text)
  if (!Number.isFinite(value)) return undefined
  const isWhole = (kind === "integer" || kind === "numeric") && /^-?\d+(\.0*)?$/.test(text)
  return isWhole && BigInt(value) !== BigInt(text.replace(/\..*/, "")) ? undefined : value
}

const written = /^(\d{4,6})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:\+00)?)?$/

/** Milliseconds since 1970 of an instant in UTC, of at most microseconds; not of `infinity`, and none before year 1. */
const instant = (text: string): number | undefined => {
  const [, year, day, time = "00:00:00", fraction = ""] = written.exec(text) ?? []
  if (year === undefined) return undefined
  const seconds = Date.parse(`${year.length > 4 ? `+${year.padStart(6, "0")}` : year}-${day}T${time}Z`)
  const microseconds = Number(fraction.padEnd(6, "0"))
  if (Number.isNaN(seconds)) return undefined
  if (microseconds % 1000 === 0) return seconds + microseconds / 1000
  const all = BigInt(seconds) * 1000n + BigInt(microseconds)
  return Number(all / 1000n) + Number(all % 1000n) / 1000
}

/** `{{1,2},{3,4}}` as nested arrays; only float8 rounds, to float32. */
const listOf = (text: string, kind: Kind, { dtype }: Column.Tensor): unknown => {
  if (!/^[-+0-9.eE,{}]*$/.test(text)) return text
  const items = text.replaceAll("{", "[").replaceAll("}", "]")
  const rounds = dtype === "float32" && kind === "float8"
  let isExact = true
  const parsed: unknown = JSON.parse(items, (_, value: unknown) => {
    if (typeof value !== "number") return value
    const held = kind === "float4" ? Math.fround(value) : value
    if (!rounds && dtype === "float32" && Math.fround(held) !== held) isExact = false
    return held
  })
  return isExact ? parsed : text
}
