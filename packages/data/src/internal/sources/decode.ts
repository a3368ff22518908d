/**
 * How values of DuckDB's types become values of a column: SQL expressions that give NULL for every value that the column
 * cannot hold exactly. Which types become which kind is decided here, once for all formats; nothing is guessed and a pair
 * that is not listed is refused.
 */
import * as Column from "../../Column.ts"
import * as DuckDB from "./duckdb.ts"

/** The integers that every float64 in between holds exactly end here. */
const exact = 2 ** 53

const smallIntegers = /^U?(TINYINT|SMALLINT|INTEGER)$/
const largeIntegers = /^U?(BIGINT|HUGEINT)$/
const decimals = /^DECIMAL\((\d+),\d+\)$/
const instants = /^(DATE|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/
const texts = /^(VARCHAR|ENUM\(.*\))$/s
const lists = /^(.*?)((?:\[\d*\])+)$/s

/** The type of every value of a JSON file: each is decoded by what it is. */
export const json = "JSON"

/** Writes SQL for a column of the given DuckDB type, or nothing where that type is not one of the column's kind. */
export const decoded = (type: string, column: Column.Column, cell: string): string | undefined => {
  switch (column.kind) {
    case "float":
      return type === json ? jsonNumber(cell) : float(type, cell)
    case "timestamp":
      return type === json ? whenJson("VARCHAR", cell, instant(jsonText(cell))) : time(type, cell)
    case "category":
      return category(type, column, cell)
    case "tensor":
      return type === json ? jsonTensor(column, cell) : tensor(type, column, cell)
    case "text":
      return type === json
        ? whenJson("VARCHAR", cell, jsonText(cell))
        : texts.test(type)
          ? `${cell}::VARCHAR`
          : undefined
    case "optional float":
    case "optional timestamp":
    case "optional category":
      return orMissing(type, column, cell)
  }
}

/**
 * Tells whether values of a type come as they lie, without SQL: copying makes float64 of them, or milliseconds, and what
 * is not finite then is what the column does not take.
 */
export const liesReady = (type: string, { kind }: Column.Column): boolean =>
  kind === "float"
    ? smallIntegers.test(type) || type === "FLOAT" || type === "DOUBLE"
    : kind === "timestamp" && (type === "TIMESTAMP" || type === "TIMESTAMP WITH TIME ZONE")

/** NULL is what a missing value is in files; in the table it is NaN, or the code -1. */
const orMissing = (type: string, column: Column.Optional, cell: string): string | undefined => {
  const there = decoded(type, Column.complete(column), cell)
  const isMissing = type === json ? `(${cell} IS NULL OR json_type(${cell}) = 'NULL')` : `${cell} IS NULL`
  const missing = column.kind === "optional category" ? "-1::INTEGER" : "'nan'::DOUBLE"
  return there === undefined ? undefined : `CASE WHEN ${isMissing} THEN ${missing} ELSE (${there}) END`
}

const float = (type: string, cell: string): string | undefined => {
  if (smallIntegers.test(type)) return `${cell}::DOUBLE`
  if (type === "FLOAT" || type === "DOUBLE") return `CASE WHEN isfinite(${cell}) THEN ${cell}::DOUBLE END`
  if (!largeIntegers.test(type) && !decimals.test(type)) return undefined
  // DuckDB rounds long decimals twice on the way to DOUBLE (seen with 1.5.6); their text it rounds once
  const digits = Number(decimals.exec(type)?.[1] ?? 0)
  return `CASE WHEN ${cell} BETWEEN -${exact} AND ${exact} THEN ${digits > 15 ? `${cell}::VARCHAR` : cell}::DOUBLE END`
}

const jsonText = (cell: string): string => `(${cell} ->> '$')`

const whenJson = (type: string, cell: string, then: string): string =>
  `CASE WHEN json_type(${cell}) = '${type}' THEN (${then}) END`

/** JSON writes whole numbers of any length: one that no float64 holds is refused, also where no integer does. */
const jsonNumber = (cell: string): string => {
  const text = jsonText(cell)
  const number = `try_cast(${text} AS DOUBLE)`
  return (
    `CASE WHEN json_type(${cell}) IN ('UBIGINT', 'BIGINT', 'DOUBLE') AND isfinite(${number}) ` +
    `AND ${isExactText(text)} THEN ${number} END`
  )
}

/** Writes SQL for the number of a text that its float64 is. Only whole numbers from 2^53 on may be none. */
export const number = (text: string): string => {
  const double = `try_cast(${text} AS DOUBLE)`
  return (
    `CASE WHEN contains(${text}, '_') THEN NULL WHEN abs(${double}) < ${exact} THEN ${double} ` +
    `WHEN ${isExactText(text)} THEN ${double} END`
  )
}

/**
 * Writes SQL that tells whether a number's text is not a whole number that its float64 is not: neither exactly nor as
 * float64 are written. `9007199254740993` is refused, `100000000000000000000` is a float written out. Most are short.
 */
export const isExactText = (text: string): string => {
  const double = `try_cast(${text} AS DOUBLE)`
  const held = `(try_cast(${double} AS HUGEINT), try_cast(${double}::VARCHAR AS HUGEINT))`
  return (
    `(length(${text}) < 16 OR NOT regexp_full_match(trim(${text}), '[-+]?\\d+') ` +
    `OR coalesce(try_cast(${text} AS HUGEINT) IN ${held}, false))`
  )
}

/** Whole milliseconds and the rest apart, as microseconds do not fit a double. */
const millis = (microseconds: string): string =>
  `(${microseconds} // 1000)::DOUBLE + (${microseconds} % 1000)::DOUBLE / 1000::DOUBLE`

/** Instants outside the years that ECMAScript's dates have are refused, and parts of a microsecond. */
const time = (type: string, cell: string): string | undefined => {
  if (texts.test(type)) return instant(`${cell}::VARCHAR`)
  if (!instants.test(type)) return undefined
  if (type === "TIMESTAMP_NS") {
    const microseconds = `(epoch_ns(${cell}) // 1000)`
    return `CASE WHEN isfinite(${cell}) AND epoch_ns(${cell}) % 1000 = 0 THEN ${millis(microseconds)} END`
  }
  const microseconds = `epoch_us(${type === "DATE" ? `try_cast(${cell} AS TIMESTAMP)` : cell})`
  const inRange = `${microseconds} BETWEEN -8640000000000000000 AND 8640000000000000000`
  return `CASE WHEN isfinite(${cell}) AND ${inRange} THEN ${millis(microseconds)} END`
}

/** So many levels are found sooner one by one than by their hash. */
const fewLevels = 8

/** Levels are texts: those of text and enumerations, `true` and `false`, and the digits of integers. */
const category = (type: string, { levels }: Column.Category, cell: string): string | undefined => {
  const isLevels = texts.test(type) || smallIntegers.test(type) || largeIntegers.test(type)
  if (!isLevels && type !== "BOOLEAN" && type !== json) return undefined
  const isText = `json_type(${cell}) IN ('VARCHAR', 'BOOLEAN', 'UBIGINT', 'BIGINT')`
  const level = type === json ? `CASE WHEN ${isText} THEN ${jsonText(cell)} END` : `${cell}::VARCHAR`
  if (levels.length === 0) return "NULL::INTEGER"
  const all = levels.map(DuckDB.text).join(", ")
  if (levels.length <= fewLevels) return `(list_position([${all}], ${level}) - 1)::INTEGER`
  return `enum_code(try_cast((${level}) AS ENUM(${all})))::INTEGER`
}

/** The SQL type of a tensor's rows: `FLOAT[3][2]` for a shape of `[2, 3]`. */
const arrayOf = (element: string, shape: ReadonlyArray<number>): string =>
  element +
  [...shape]
    .reverse()
    .map((size) => `[${size}]`)
    .join("")

const listOf = (element: string, shape: ReadonlyArray<number>): string => element + "[]".repeat(shape.length)

/** Numbers must be in the shape declared; only float64 to float32 may round. */
const tensor = (type: string, column: Column.Tensor, cell: string): string | undefined => {
  const [, element, brackets] = lists.exec(type) ?? []
  const isNumber = /^(FLOAT|DOUBLE)$/.test(element) || smallIntegers.test(element) || largeIntegers.test(element)
  if (!isNumber || brackets.split("[").length - 1 !== column.shape.length) return undefined
  return exactTensor(element, column, `${cell}::${listOf(element, column.shape)}`)
}

/** The check selects lists, which are then cast: DuckDB has no CASE over arrays. */
const exactTensor = (element: string, { dtype, shape }: Column.Tensor, list: string): string => {
  const wanted = arrayOf({ uint8: "UTINYINT", int32: "INTEGER", float32: "FLOAT" }[dtype], shape)
  const there = `try_cast(${list} AS ${arrayOf(element, shape)})`
  if (dtype === "float32" && /^(FLOAT|DOUBLE)$/.test(element)) return `try_cast(${there} AS ${wanted})`
  const andBack = `try_cast(try_cast(${there} AS ${wanted}) AS ${arrayOf(element, shape)})`
  return `try_cast(CASE WHEN ${andBack} = ${there} THEN ${list} END AS ${wanted})`
}

/** JSON's own cast to numbers takes texts and booleans too: an array with a letter in it, but an exponent, is refused. */
const jsonTensor = (column: Column.Tensor, cell: string): string => {
  const isNumbers = `regexp_full_match(${cell}::VARCHAR, '[-+0-9.eE,\\[\\]\\s]*')`
  const list = `try_cast(CASE WHEN ${isNumbers} THEN ${cell} END AS ${listOf("DOUBLE", column.shape)})`
  return exactTensor("DOUBLE", column, list)
}

/** Says what a column takes, for people: the rest of "which is not …". */
export const expected = (column: Column.Column): string => {
  switch (column.kind) {
    case "float":
      return "a finite number that a float64 holds (whole ones past 2^53 may not)"
    case "timestamp":
      return "an instant, such as 2012-01-31 or 2012-01-31T23:59:59Z, of at most microseconds"
    case "category":
      return `one of ${column.levels.map((level) => JSON.stringify(level)).join(", ")}`
    case "tensor":
      return `a ${column.dtype} tensor of the shape [${column.shape.join(", ")}]`
    case "text":
      return "a text"
    case "optional float":
    case "optional timestamp":
    case "optional category":
      return `${expected(Column.complete(column))}, or nothing`
  }
}

/** Says which types a column takes, for people. */
export const types = (column: Column.Column): string =>
  ({
    float: "integers, decimals, FLOAT or DOUBLE",
    timestamp: "DATE, TIMESTAMP or ISO 8601 texts",
    category: "texts, enumerations, integers or BOOLEAN",
    tensor: "lists of numbers, nested as deep as the shape",
    text: "texts"
  })[Column.complete(column).kind]

const isoDate = "\\d{4}-\\d{2}-\\d{2}"
const isoTime = "[T ]([01]\\d|2[0-3]):[0-5]\\d(:[0-5]\\d(\\.\\d{1,6})?)?"
const isoOffset = "[+-]([01]\\d|2[0-3]):?[0-5]\\d"

/**
 * Writes SQL for the instant that a text means by ISO 8601, in milliseconds since 1970, UTC. DuckDB's cast to TIMESTAMP
 * drops a written offset in silence, so an offset is taken off the text first and subtracted.
 */
export const instant = (cell: string): string => {
  const written = `trim(${cell})`
  const utc = `epoch_us(try_cast(rtrim(${written}, 'Z') AS TIMESTAMP))`

  const suffix = `regexp_extract(${written}, '[+-]\\d{2}:?\\d{2}$')`
  const local = `left(${written}, length(${written}) - length(${suffix}))`
  const sign = `(CASE WHEN starts_with(${suffix}, '-') THEN -1 ELSE 1 END)`
  const minutes = `(try_cast(substr(${suffix}, 2, 2) AS BIGINT) * 60 + try_cast(right(${suffix}, 2) AS BIGINT))`
  const moved = `(epoch_us(try_cast(${local} AS TIMESTAMP)) - ${sign} * ${minutes} * 60000000)`
  return (
    `CASE WHEN regexp_full_match(${cell}, '${isoDate}([T ]([01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d)?') ` +
    `THEN epoch_ms(try_cast(${cell} AS TIMESTAMP))::DOUBLE ` + // what most files hold, at half the cost
    `WHEN regexp_full_match(${written}, '${isoDate}(${isoTime}Z?)?') THEN ${millis(utc)} ` +
    `WHEN regexp_full_match(${written}, '${isoDate}${isoTime}${isoOffset}') THEN ${millis(moved)} END`
  )
}
