import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Column, type Columns } from "../../../src/index.ts"
import * as Decode from "../../../src/internal/csv/decode.ts"
import * as Instants from "../../../src/internal/csv/instants.ts"
import * as Numbers from "../../../src/internal/csv/numbers.ts"
import * as Pieces from "../../../src/internal/csv/pieces.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 50)
const bytesOf = (text: string) => new TextEncoder().encode(text)

interface Row {
  readonly row: number
  readonly cells: ReadonlyArray<unknown>
}

/** Reads text that comes in parts of some bytes: its header, its rows, and those that leave, by their numbers. */
const read = (text: Uint8Array, columns: Columns.Columns, part: number) => {
  const cutter = Pieces.cutter(",", (bytes) => new Uint8Array(bytes))
  const names = Object.keys(columns)
  const [rows, left]: [Array<Row>, Array<Omit<Decode.Left, "record">>] = [[], []]
  let records = 0
  const add = (piece: Uint8Array) => {
    const header = cutter.header()
    if (header === undefined || piece.length === 0) return
    const places = names.map((name) => header.names.indexOf(name))
    const layout = { delimiter: 0x2c, isReturn: header.isReturn, width: header.names.length, places }
    const made = Decode.decode(piece, { columns, layout, hasIds: true, shown: { rows: 1000, characters: 1000 } })
    const gone = new Set(made.left.map(({ record }) => record))
    const kept = Array.from({ length: made.records }, (_, record) => record).filter((record) => !gone.has(record))
    assert.strictEqual(kept.length, made.kept)
    kept.forEach((record, place) => {
      rows.push({ row: records + record, cells: names.map((name) => made.values[name][place]) })
    })
    for (const { record, ...each } of made.left) left.push({ ...each, value: `${records + record}: ${each.value}` })
    records += made.records
  }
  for (let at = 0; at < text.length; at += part) {
    const bytes = text.subarray(at, at + part)
    cutter.room(bytes.length).set(bytes)
    add(cutter.push(bytes.length))
  }
  add(cutter.end())
  return { names: cutter.header()?.names, rows, left, records }
}

/** The instant that a cell holds, if it does. */
const instantOf = (text: string): unknown =>
  read(bytesOf(`t\n${text}\n`), { t: Column.timestamp }, 1 << 20).rows[0]?.cells[0]

const cell = fc.string({ unit: fc.constantFrom("a", "1", ".", '"', ",", "\n", "\r", " ", "é", "-", "e"), maxLength: 7 })
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const columns = { s: Column.text, x: Column.optional(Column.float), c: Column.category(["a", "1", "é", ""]) }

describe("decode", () => {
  it("gives the same rows, and names the same ones that are none, wherever a text comes apart", () => {
    const line = fc.array(fc.oneof(cell, cell.map(quoted), fc.constantFrom("1.5", "", '""', "é", "-2e3")), {
      minLength: 1,
      maxLength: 4
    })
    const lines = fc.array(fc.tuple(line, fc.constantFrom("\n", "\r\n", "\n", "")), { minLength: 1, maxLength: 9 })
    const header = fc.constantFrom("x,s,c\n", "\uFEFFx,c,s\r\n", '"s","c",x\r', "s,x,c,other\n")
    fc.assert(
      fc.property(header, lines, fc.integer({ min: 1, max: 9 }), (header, lines, part) => {
        const text = header + lines.map(([cells, lineBreak]) => cells.join(",") + lineBreak).join("")
        const bytes = bytesOf(text)
        assert.deepStrictEqual(read(bytes, columns, part), read(bytes, columns, bytes.length), JSON.stringify(text))
      }),
      { numRuns: 20 * runs }
    )
  })

  it("gives back what was written, whatever stands in the cells", () => {
    const table = fc.array(fc.tuple(cell, fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), cell), {
      minLength: 1
    })
    const lineBreak = fc.constantFrom("\n", "\r\n")
    fc.assert(
      fc.property(table, lineBreak, fc.integer({ min: 1, max: 99 }), (table, lineBreak, part) => {
        const lines = table.map(([s, x, t]) => [
          quoted(s),
          x === null ? "" : `${Object.is(x, -0) ? "-0" : x}`,
          quoted(t)
        ])
        const text = [["s", "x", "t"], ...lines].map((cells) => cells.join(",")).join(lineBreak)
        const { left, rows } = read(bytesOf(text), { s: Column.text, x: columns.x, t: Column.text }, part)
        assert.deepStrictEqual(left, [])
        assert.deepStrictEqual(
          rows.map(({ cells }) => cells),
          table.map(([s, x, t]) => [s, x ?? Number.NaN, t])
        )
      }),
      { numRuns: 4 * runs }
    )
  })

  it("reads every decimal number as the nearest float64", () => {
    const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: 19 })
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.tuple(digits, digits).map(([whole, places]) => `-${whole}.${places}`.slice(0, 20)),
      fc.tuple(digits, fc.integer({ min: -30, max: 30 })).map(([places, exponent]) => `.${places}e${exponent}`),
      // in the middle between two float64, or next to it
      fc
        .tuple(fc.integer({ min: 2 ** 52, max: 2 ** 53 - 1 }), fc.constantFrom("4", "5", "49", "51", "50"))
        .map(([whole, end]) => `${whole}.${end}`)
    )
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 200 }), (numbers) => {
        const { rows } = read(bytesOf(`x\n${numbers.join("\n")}\n`), { x: columns.x }, 1 << 20)
        assert.deepStrictEqual(
          rows.map(({ cells }) => cells[0]),
          numbers.map(Number)
        )
      }),
      { numRuns: 2 * runs }
    )
  })

  it("takes what is a decimal number and refuses what is none, in any way of writing", () => {
    const none = [
      "",
      ".",
      "-",
      "+-1",
      "--1",
      "1e",
      "1e+",
      "e5",
      "1_000",
      "0x1",
      "inf",
      "nan",
      "1 2",
      "1\u00a0",
      "１",
      "1,5"
    ]
    for (const text of none) assert.isNaN(Numbers.ofText(text), text)
    const large = ["9007199254740993", "\t-9007199254740993", "1".padEnd(40, "0"), "1e309", "18446744073709551617"]
    for (const text of large) assert.isNaN(Numbers.ofText(text), text)
    const some = [
      "+1",
      "1.",
      ".5",
      "-.5e-3",
      " 7\t",
      "\v1\n",
      "00012",
      "1e-400",
      "18446744073709551616",
      "9007199254740993.0"
    ]
    for (const text of [...some, "12345678901234568000000"])
      assert.strictEqual(Numbers.ofText(text), Number(text), text)
    const all = [...none, ...large, ...some].map(quoted)
    const { left, rows } = read(bytesOf(`x\n${all.join("\n")}\n`), { x: Column.float }, 7)
    assert.strictEqual(rows.length, some.length)
    assert.strictEqual(left.length, none.length + large.length)
  })

  it("reads instants as the calendar has them, by bytes and by text", () => {
    const day = fc.integer({ min: Date.UTC(1, 0, 1), max: Date.UTC(9999, 11, 31) })
    fc.assert(
      fc.property(day, (time) => {
        const text = new Date(Math.floor(time / 1000) * 1000).toISOString().slice(0, 19)
        for (const each of [text, text.replace("T", " "), text.slice(0, 10)]) {
          const expected = Date.parse(each.length > 10 ? `${each.replace(" ", "T")}Z` : each)
          assert.deepStrictEqual([instantOf(each), Instants.ofText(each)], [expected, expected])
        }
      }),
      { numRuns: 4 * runs }
    )
    for (const text of [
      "1900-02-29",
      "2012-02-30",
      "2012-13-01",
      "2012-00-01",
      "2012-01-01T24:00:00",
      "2012-01-0x",
      "2012-01-01T10:61:00"
    ]) {
      assert.isUndefined(instantOf(text), text)
      assert.isNaN(Instants.ofText(text), text)
    }
    const parts: ReadonlyArray<[string, number]> = [
      ["0000-02-29", -62_162_121_600_000],
      ["1969-12-31T23:59:59.999999", -0.001],
      ["\u00a01500-03-01 12:30-0800\u3000", -14_826_598_200_000],
      ["2012-01-31T23:59:59.999999+23:59", 1_327_968_059_999.999]
    ]
    for (const [text, time] of parts) assert.strictEqual(Instants.ofText(text), time, text)
  })
})
