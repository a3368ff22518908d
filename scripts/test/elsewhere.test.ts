import { assert, it } from "@effect/vitest"

it("tests run in another time zone and another language than ours", () => {
  assert.strictEqual(new Date(0).getTimezoneOffset(), -765)
  assert.strictEqual((1234.5).toLocaleString(), "1.234,5")
})
