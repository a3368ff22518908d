import { assert, it } from "vitest"
import { Near } from "../src/index.ts"

it("near: every way of being near is read back from a stage's parameters, and nothing else is", () => {
  const ways: ReadonlyArray<Near.Near> = [
    Near.text("body"),
    Near.text("body", { characters: 5, similarity: 0.7 }),
    Near.image("photo", { hash: "difference", distance: 2 }),
    Near.row({ differing: 0 }),
    Near.row({ columns: ["speed", "zone"], differing: 1, round: { speed: 0.5 } })
  ]
  for (const way of ways) {
    assert.deepStrictEqual(Near.fromJson(JSON.parse(JSON.stringify(Near.toJson(way)))), way)
  }
  for (const other of [
    undefined,
    null,
    "body",
    {},
    { by: "sound", column: "a" },
    { ...ways[0], similarity: "high" },
    { ...ways[0], similarity: 2 }
  ]) {
    assert.isUndefined(Near.fromJson(other))
  }
})
