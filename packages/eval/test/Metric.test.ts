import { assert, it } from "@effect/vitest"
import { Metric } from "@watertight/eval"

const count: Metric.Metric<ReadonlyArray<string>, number, string> = {
  init: 0,
  update: (state, batch) => state + batch.length,
  merge: (left, right) => left + right,
  result: (state) => `${state} rows`
}

it("metric: collect goes over all batches", () => {
  assert.strictEqual(Metric.collect(count, [["a", "b"], [], ["c"]]), "3 rows")
  assert.strictEqual(Metric.collect(count, []), "0 rows")
})

it("metric: contramap takes other batches", () => {
  const ofText = Metric.contramap(count, (text: string) => text.split(" "))
  assert.strictEqual(Metric.collect(ofText, ["one two", "three"]), "3 rows")
})
