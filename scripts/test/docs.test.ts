import { assert, describe, it } from "@effect/vitest"
import { inMarkdown, inSource, toModule } from "../docs.ts"

const source = `/** A file. */
/**
 * Adds.
 *
 * @example
 * add(1, 2) // => 3
 * @example
 * add(
 *   1,
 *   3
 * ) // => 4
 * @returns a sum
 */
export const add = 1

/** @example nothing on this line */
const text = " * @example"
/**
 * Nothing.
 */
`

describe("docs", () => {
  it("finds the examples of a source with their lines", () => {
    assert.deepStrictEqual(
      inSource("a.ts", source).map(({ code, line }) => [line, code]),
      [
        [6, "add(1, 2) // => 3"],
        [8, "add(\n  1,\n  3\n) // => 4"]
      ]
    )
  })

  it("finds the fences of Markdown: ts is run, ts no-run only checked, others are text", () => {
    const text = "# A\n\n```ts\na\n```\n\n```sh\nb\n```\n\n```ts no-run\nc\nd\n```\n```tsx\ne\n```\n"
    assert.deepStrictEqual(inMarkdown("a.md", text), [
      { file: "a.md", line: 4, code: "a", run: true },
      { file: "a.md", line: 12, code: "c\nd", run: false }
    ])
  })

  const compared = (code: string) => toModule({ file: "a.ts", line: 3, code, run: true }).split("\n").slice(2, -1)

  it("keeps lines where they were", () => {
    const lines = toModule({ file: "a.ts", line: 3, code: "one\ntwo", run: true }).split("\n")
    assert.deepStrictEqual(lines.slice(1), ["", "one", "two", ""])
  })

  it("compares one line, several lines, a declaration", () => {
    assert.deepStrictEqual(compared("f(1) // => 2"), [`__check("a.ts:3", (f(1)), (2))`])
    assert.deepStrictEqual(compared("const a = 1\nf(\n  a\n).b // => { c: 1 }"), [
      "const a = 1",
      `__check("a.ts:6", (f(`,
      "  a",
      ").b), ({ c: 1 }))"
    ])
    assert.deepStrictEqual(compared("f\n  .g(1)\n  .h() // => [1]"), [
      `__check("a.ts:5", (f`,
      "  .g(1)",
      "  .h()), ([1]))"
    ])
    assert.deepStrictEqual(compared("const a = f() // => 2"), [`const a = f(); __check("a.ts:3", a, (2))`])
  })

  it("leaves other comments alone", () => assert.deepStrictEqual(compared("f() // 2"), ["f() // 2"]))
})
