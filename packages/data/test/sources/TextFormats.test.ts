import { NodeFileSystem } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import { Column, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { failure, write } from "./files.ts"

const zeros = ["-0", "-0.0", "-0e0", "-0.000E+5", "0", "0.0", "-1e-400"]
const isNegative = zeros.map((zero) => zero.startsWith("-"))
const signs = (values: Float64Array | Float32Array) => Array.from(values, (value) => Object.is(value, -0))

describe("minus zero", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("stays minus zero in CSV, as a float and where values may be missing", () =>
      Effect.gen(function* () {
        const path = yield* write(["x,y", ...zeros.map((zero) => `${zero},"${zero}"`)].join("\n"), "it.csv")
        const columns = { x: Column.float, y: Column.optional(Column.float) }
        const { values } = yield* run(Source.csv(path, columns))
        assert.deepStrictEqual([signs(values.x), signs(values.y)], [isNegative, isNegative])
      })
    )

    it.effect("stays minus zero in JSON, as a float and in tensors; a whole -0 is the integer 0", () =>
      Effect.gen(function* () {
        const isFloat = zeros.map((zero) => zero.startsWith("-") && zero !== "-0") // an integer to Python's json too
        const objects = zeros.map((zero) => `{"x":${zero},"v":[${zero},1]}`)
        const columns = { x: Column.float, v: Column.tensor([2]) }
        for (const [name, content] of [
          ["it.json", `[${objects.join(",")}]`],
          ["it.jsonl", objects.join("\n")]
        ]) {
          const { values } = yield* run(Source.json(yield* write(content, name), columns))
          assert.deepStrictEqual(signs(values.x), isFloat, name)
          const first = Float32Array.from(values.v as Float32Array).filter((_, place) => place % 2 === 0)
          assert.deepStrictEqual(signs(first), isFloat, name)
        }
      })
    )
  })
})

const objects = Array.from({ length: 3000 }, (_, row) => `{"x": ${row}.5, "k": "${row % 2 === 0 ? "a" : "b"}"}`)
const whole = `[${objects.join(",\n")}]`
const Plain = { x: Column.float, k: Column.category(["a", "b"]) }

/** Ways to damage an array before its row 1,500: what stands there, and what stands there then. */
const damages: Readonly<Record<string, (before: string, row: string, after: string) => string>> = {
  "a comma missing": (before, row, after) => `${before.slice(0, -2)}\n${row},\n${after}`,
  "a comma too many": (before, row, after) => `${before},${row},\n${after}`,
  "a brace missing": (before, row, after) => `${before}${row.slice(0, -1)},\n${after}`,
  "a brace too many": (before, row, after) => `${before}${row}},\n${after}`,
  "a quote missing": (before, row, after) => `${before}${row.replace('"k"', '"k')},\n${after}`,
  "a bracket that ends it": (before, row, after) => `${before}${row}],\n${after}`,
  "a bracket that starts another": (before, row, after) => `${before}[${row},\n${after}`,
  "bytes of zero": (before, row, after) => `${before}${row.slice(0, 8)}\0\0\0\0${row.slice(12)},\n${after}`,
  "a line lost in part": (before, row, after) => `${before}${row.slice(0, 9)}\n${after}`,
  "a number that is none": (before, row, after) => `${before}${row.replace(/: [\d.]+/, ": 1.2.3")},\n${after}`,
  "a value that is none": (before, row, after) => `${before}${row.replace(/: [\d.]+/, ": NaN")},\n${after}`,
  "a comment": (before, row, after) => `${before}/* lost */${row},\n${after}`,
  "two arrays": (before, row, after) => `${before.slice(0, -2)}][${row},\n${after}`
}

describe("a JSON array that is damaged in the middle", () => {
  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("is an error, not the rows before it, also where rows may be set aside", () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* run(Source.json(yield* write(whole, "it.json"), Plain))).length, 3000)
        for (const [name, damage] of Object.entries(damages)) {
          const at = 1500
          const before = `[${objects.slice(0, at).join(",\n")},\n`
          const made = damage(before, objects[at], `${objects.slice(at + 1).join(",\n")}]`)
          assert.throws(() => JSON.parse(made), SyntaxError, undefined, name)
          const source = Source.json(yield* write(made, "it.json"), Plain)
          const error = yield* failure(source)
          assert.include(["wrong format", "bad value", "bad row", "wrong encoding"], error.problem, name)
          const aside = yield* Effect.result(run(Source.quarantine(source, { atMost: 0 }).table))
          assert.isTrue(Result.isFailure(aside), name)
        }
      })
    )
  })
})
