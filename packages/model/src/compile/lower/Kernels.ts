/** Every kernel that can be compiled, in one table. A kernel is added by a lowering in the file of its family. */
import * as Compare from "./Compare.ts"
import * as Elementwise from "./Elementwise.ts"
import type { Lowerings } from "./Lowering.ts"
import * as MatMul from "./MatMul.ts"
import * as Reduce from "./Reduce.ts"
import * as Shape from "./Shape.ts"

/** Lowerings by the name of their kernel. */
export const lowerings: Lowerings = {
  ...Elementwise.lowerings,
  ...Compare.lowerings,
  ...Reduce.lowerings,
  ...Shape.lowerings,
  ...MatMul.lowerings
}
