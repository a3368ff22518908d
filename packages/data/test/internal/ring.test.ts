import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Ring from "../../src/internal/ring.ts"
import * as Interleaving from "./interleaving.ts"

/** 500 interleavings, 20,000 in `pnpm test:deep`. */
const runs = 10 * Number(process.env.WATERTIGHT_RUNS ?? 50)

const check = (change: Interleaving.Break | undefined, numRuns: number) =>
  fc.check(
    fc.asyncProperty(Interleaving.scenarios, fc.scheduler(), (scenario, scheduler) =>
      Interleaving.run(scenario, scheduler, change)
    ),
    { numRuns, endOnFailure: true }
  )

const isTag = (access: Ring.Access): boolean => access.op !== "write" && access.at >= Ring.word.tags

/** Answers some loads of a side by something else than what is there. */
const lying = (
  side: "reader" | "worker",
  answer: (access: Ring.Access, truth: number, memory: Int32Array, isReplacement: boolean) => number
): Interleaving.Break =>
  function* (process, actor, memory, isReplacement) {
    let state = process.next(0)
    while (state.done !== true) {
      const truth: number = yield state.value
      state = process.next(actor === side ? answer(state.value, truth, memory, isReplacement) : truth)
    }
    return state.value
  }

/** Leaves some accesses out. */
const omitting = (isOmitted: (access: Ring.Access) => boolean): Interleaving.Break =>
  function* (process) {
    let state = process.next(0)
    while (state.done !== true) state = process.next(isOmitted(state.value) ? 0 : yield state.value)
    return state.value
  }

/** Says that a batch is complete, and then writes it. */
const early: Interleaving.Break = function* (process) {
  let state = process.next(0)
  let late: Ring.Access | undefined
  while (state.done !== true) {
    const access = state.value
    if (access.op === "write") {
      late = access
      state = process.next(0)
      continue
    }
    const answer: number = yield access
    if (late !== undefined && access.op === "notify") {
      yield late
      late = undefined
    }
    state = process.next(answer)
  }
  return state.value
}

const broken: ReadonlyArray<readonly [string, Interleaving.Break]> = [
  ["a batch is published before it is written", early],
  [
    "the slot that the reader holds is written again",
    lying("worker", (access, truth) => (access.op === "load" && access.at === Ring.word.held ? truth + 1 : truth))
  ],
  [
    "the reader takes what is not complete",
    lying("reader", (access, truth, memory) =>
      access.op === "load" && isTag(access) ? memory[Ring.word.held] + 1 : truth
    )
  ],
  ["nobody is woken", omitting((access) => access.op === "notify" && access.at === Ring.word.wake)],
  ["a complete batch is not told", omitting((access) => access.op === "notify" && isTag(access))],
  [
    "the course's version does not show that it is being written",
    omitting((access) => access.op === "add" && access.at === Ring.word.version && access.value === 1)
  ],
  [
    "a worker in place of a dead one does not look at what that one wrote",
    lying("worker", (access, truth, _, isReplacement) =>
      isReplacement && access.op === "load" && isTag(access) ? 0 : truth
    )
  ]
]

describe("ring", () => {
  it(`P7 D60 D61 the reader gets the batches it asks for in ${runs} interleavings with 1 to 8 workers, prefetch 1 to 64, jumps and deaths`, async () => {
    const details = await check(undefined, runs)
    assert.isFalse(details.failed, `${String(details.errorInstance)}: ${fc.stringify(details.counterexample)}`)
  })

  for (const [what, change] of broken) {
    it(`fails when ${what}`, async () => {
      const details = await check(change, 3000)
      assert.isTrue(details.failed)
    })
  }
})
