import { assert, it } from "@effect/vitest"
import * as Program from "../src/Program.ts"

it("a spec says how many numbers of which type a tensor has", () => {
  assert.strictEqual(Program.size(Program.float32()), 1)
  assert.strictEqual(Program.size(Program.float32(2, 3, 4)), 24)
  assert.strictEqual(Program.size(Program.int32(5, 0)), 0)
  assert.deepStrictEqual(Program.zeros(Program.float32(2)), new Float32Array(2))
  assert.deepStrictEqual(Program.zeros(Program.int32(1, 3)), new Int32Array(3))
  assert.strictEqual(Program.describe(Program.int32(1, 3)), "int32[1, 3]")
  assert.strictEqual(Program.describe(Program.float32()), "float32[]")
})
