import { assert, describe, it } from "@effect/vitest"
import type { Law } from "@watertight/core/testing"
import { Effect } from "effect"
import { Audit } from "../../src/index.ts"
import * as Contents from "../../src/internal/columns/contents.ts"
import { AuditLaws } from "../../src/testing/index.ts"

const runs = Number(process.env.WATERTIGHT_RUNS ?? 6)

const ours: AuditLaws.Subject = (parts, options) => Audit.ofDatasets(parts, options)

/** Our audit, with its findings or figures changed. */
const altered =
  (change: (audit: Audit.Audit, parts: Parameters<AuditLaws.Subject>[0]) => Audit.Audit): AuditLaws.Subject =>
  (parts, options) =>
    Effect.map(Audit.ofDatasets(parts, options), (audit) => change(audit, parts))

const without = (code: string) =>
  altered((audit) => ({ ...audit, findings: audit.findings.filter((finding) => finding.code !== code) }))

const fails = (law: Law.Law) =>
  Effect.gen(function* () {
    const violation = yield* Effect.flip(law.check({ runs: 4, seed: 1 }))
    assert.strictEqual(violation.law, law.name)
  })

describe("audits", () => {
  for (const law of AuditLaws.all(ours)) it.effect(law.name, () => law.check({ runs }))
})

describe("broken audits", () => {
  const planted = {
    duplicates: AuditLaws.duplicates,
    "equal-features": AuditLaws.equalFeatures,
    groups: AuditLaws.groups,
    proxy: AuditLaws.proxy,
    "class-proxy": AuditLaws.classProxy,
    "time-order": AuditLaws.future,
    drift: AuditLaws.drift
  }
  for (const [code, law] of Object.entries(planted)) {
    it.effect(`"${law(ours).name}" fails when it is overlooked`, () => fails(law(without(code))))
  }

  it.effect("clean data gives a finding when every column is held to be the target in other words", () => {
    const finding = {
      code: "proxy",
      severity: "problem",
      leakage: "L2",
      column: "a",
      message: "",
      remedy: "",
      count: null,
      rows: [],
      ids: []
    } as const
    return fails(AuditLaws.quiet(altered((audit) => ({ ...audit, findings: [...audit.findings, finding] }))))
  })

  it.effect("the order of rows counts when the first row is reported", () =>
    fails(AuditLaws.order(altered((audit, { train }) => ({ ...audit, comparisons: Contents.open(train).ids[0] }))))
  )

  it.effect("test rows come out when a value of theirs is reported", () =>
    fails(AuditLaws.sealed(altered((audit, { test }) => ({ ...audit, falseAlarm: Contents.open(test).values.a[0] }))))
  )

  it.effect("test rows come out when an id of theirs is reported", () =>
    fails(
      AuditLaws.sealed(
        altered((audit, { test }) => ({
          ...audit,
          findings: audit.findings.map((finding) => ({
            ...finding,
            ids: [Buffer.from(Contents.open(test).ids.subarray(0, 16)).toString("hex")]
          }))
        }))
      )
    )
  )

  it.effect("test rows count when they are mixed into what is said about train", () =>
    fails(
      AuditLaws.sealed(
        altered((audit, { test }) => ({
          ...audit,
          powers: audit.powers.map((power) => ({ ...power, score: power.score + Contents.open(test).values.label[0] }))
        }))
      )
    )
  )

  it.effect("one row has no audit when a row is counted twice", () =>
    fails(AuditLaws.small(altered((audit) => ({ ...audit, rows: { ...audit.rows, test: 2 } }))))
  )
})
