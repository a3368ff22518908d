import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { readFileSync, readdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { type Finished, newStore, watertight, writeModule } from "./command.ts"

const some = writeModule(
  "some.ts",
  `import * as Mail from "../../mail/mail.ts"
export default Mail.make(Mail.every(6), { epochs: 8, words: 2000, hidden: 16 })
`
)

/** The same mails as they come, split without a thought for copies. */
const naive = writeModule(
  "naive.ts",
  `import { Pipeline } from "@watertight/core"
import { Audit, Near, Split } from "@watertight/data"
import * as Mail from "../../mail/mail.ts"
const parts = Split.stratified(Mail.every(6), { on: "kind", validation: 0.15, test: 0.15 })
export default Pipeline.make("naive", { audit: Audit.of(parts, { target: "kind", near: Near.text("body") }) })
`
)

afterAll(() => rmSync(dirname(some), { recursive: true, force: true }))

describe("the mail job, on a sixth of the mails", () => {
  const store = newStore()
  let [run, audit, naiveAudit]: ReadonlyArray<Finished> = []
  beforeAll(async () => {
    ;[run, audit, naiveAudit] = await Promise.all(
      [
        ["run", some, "--seed", "7", "--store", store],
        ["audit", some],
        ["audit", naive, "--near-text", "body", "--target", "kind"]
      ].map((args) => watertight(args))
    )
  })

  it("tells spam from ham far better than one answer for all would", () => {
    assert.strictEqual(run.code, 0, run.err)
    const [folder] = readdirSync(join(store, "reports"))
    const report = JSON.parse(readFileSync(join(store, "reports", folder, "report.json"), "utf8"))
    const ham = report.classes.find(({ level }: { readonly level: string }) => level === "ham")
    assert.isAbove(report.accuracy.value, 0.92)
    assert.isBelow(ham.support / report.rows, 0.85)
    assert.match(run.out, /always ham +7\d\.\d\d %/)
  })

  it("counts every mail that left before the split under its reason", () => {
    const of = (line: RegExp) => Number(line.exec(run.out)?.[1].replace(",", "") ?? Number.NaN)
    const left = [
      /body is blank +-?(\d+)/,
      /duplicate by subject, body +-?(\d+)/,
      /near duplicate by body +-?(\d+)/
    ].map(of)
    assert.strictEqual(of(/came +([\d,]+)/), 1008)
    assert.strictEqual(of(/kept +([\d,]+)/), 1008 - left.reduce((a, b) => a + b, 0))
    assert.isAbove(left[2], 10)
  })

  it("profiles the train rows, and has an audit without a problem that looked at near mails as the split does", () => {
    assert.match(run.out, /Profile of the train partition: 6\d\d rows, 5 columns; the target is kind/)
    assert.match(run.out, /✓ nearly equal rows in two partitions/)
    assert.strictEqual(audit.code, 0, audit.err)
    assert.match(audit.out, /✓ nearly equal rows in two partitions/)
  })

  it("split without `near`, tests on mails that were learned from: the audit says so and exits with 2", () => {
    assert.strictEqual(naiveAudit.code, 2, naiveAudit.err)
    assert.match(
      naiveAudit.out,
      /✗ problem {2}body: \d+ rows of train \(\d\.\d %\) are nearly the same as a row in test/
    )
  })
})
