import { assert, describe, it } from "@effect/vitest"
import { parseOutput } from "../tsc.ts"
import { announced, compare } from "../typetest.ts"

const program = `const a = 1

// error: no number
const b: string = 1
// error: takes train
const c: string = f(
  a
)

const d = 1
`

const found = (line: number, message: string) => ({ file: "a.ts", line, code: "TS1", message })

describe("typetest", () => {
  const expected = announced("a.ts", program)

  it("reads what a program announces, and how far it reaches", () => {
    assert.deepStrictEqual(
      expected.map(({ line, sentence, until }) => [line, until, sentence]),
      [
        [3, 4, "no number"],
        [5, 8, "takes train"]
      ]
    )
  })

  it("is content with exactly the announced errors", () => {
    assert.deepStrictEqual(compare(expected, [found(4, "it is no number!"), found(7, "f takes train only")]), [])
  })

  it("misses an error that does not come, comes elsewhere, comes twice or says something else", () => {
    const first = found(4, "it is no number!")
    assert.match(compare(expected, [first]).join("\n"), /a\.ts:5: compiles, but should fail with "takes train"/)
    assert.strictEqual(compare(expected, [first, found(10, "takes train")]).length, 2)
    assert.match(
      compare(expected, [first, found(6, "takes train"), found(7, "b")]).join("\n"),
      /2 errors instead of one/
    )
    assert.match(compare(expected, [first, found(6, "is not assignable")]).join("\n"), /does not say "takes train"/)
    assert.match(compare([], [first]).join("\n"), /an error that nobody announced:\n {2}a\.ts:4 TS1 it is no number!/)
  })

  it("reads the compiler's output with its elaborations", () => {
    const output =
      "a.ts(4,7): error TS2322: Type 'a' is no 'b'.\n  Type 'c' is no 'd'.\nerror TS5083: Cannot read file.\n"
    assert.deepStrictEqual(parseOutput(output), [
      { file: "a.ts", line: 4, code: "TS2322", message: "Type 'a' is no 'b'.\nType 'c' is no 'd'." },
      { file: "", line: 0, code: "TS5083", message: "Cannot read file." }
    ])
  })
})
