import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Ring from "../../../src/internal/loader/ring.ts"
import * as Shared from "../../../src/internal/loader/shared.ts"
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

  it("a worker that has not seen a jump yet writes nothing that the reader takes for a batch of the new course", () => {
    const shape = { slots: 2, workers: 2, steps: 10 }
    const words = Shared.int32(Ring.wordsFor(shape))
    const contents = ["", ""]
    /** Performs a process, from where it stopped, up to an access or to its end. */
    const until = <A>(process: Ring.Process<A>, answer: number, isThere: (access: Ring.Access) => boolean) => {
      let state = process.next(answer)
      while (state.done !== true && !isThere(state.value)) {
        const access = state.value
        if (access.op === "write") contents[access.slot] = `${access.epoch}/${access.step}`
        const got = Ring.perform(
          words,
          access,
          () => {},
          () => {}
        )
        state = process.next(got)
      }
      return state
    }
    const reader = Ring.reader()
    const sleeps = (access: Ring.Access) => access.op === "wait"
    const workers = [Ring.serve(shape, 0), Ring.serve(shape, 1)]
    until(Ring.take(shape, reader, { epoch: 0, step: 0, lastTicket: 2 ** 30 }), 0, sleeps)
    for (const worker of workers) until(worker, 0, sleeps)
    assert.deepStrictEqual(contents, ["0/0", "0/1"])
    until(workers[1], 0, (access) => access.op === "load" && access.at === Ring.word.held)
    const jump = Ring.take(shape, reader, { epoch: 5, step: 0, lastTicket: 2 ** 30 })
    until(jump, 0, sleeps)
    // The worker goes on with what it read of the old course, and the reader looks again.
    until(workers[1], Atomics.load(words, Ring.word.held), (access) => access.op === "notify")
    const taken = until(jump, 0, sleeps)
    assert.isTrue(taken.done !== true || contents[taken.value] === "5/0", `the reader took ${contents.join(" or ")}`)
  })

  /** For which ticket each of 60 reads waited, the last one where more than one; a worker then makes `more` batches more. */
  const waitsOf = (more: number): ReadonlyArray<number> => {
    const shape = { slots: 33, workers: 1, steps: 100 }
    const words = Shared.int32(Ring.wordsFor(shape))
    const [reader, worker] = [Ring.reader(), Ring.serve(shape, 0)]
    const waits: Array<number> = []
    let state = worker.next(0)
    const make = (ticket: number): void => {
      while (words[Ring.word.tags + (ticket % shape.slots)] !== ticket + 1) {
        assert.isTrue(state.done !== true && state.value.op !== "wait", "the worker rests while batches are wanted")
        if (state.done !== true)
          state = worker.next(
            Ring.perform(
              words,
              state.value,
              () => {},
              () => {}
            )
          )
      }
    }
    for (let step = 0; step < 60; step++) {
      const waitFor = (at: number): void => {
        const ahead = (at - Ring.word.tags - (reader.ticket % shape.slots) + shape.slots) % shape.slots
        waits.push(ahead)
        make(reader.ticket + ahead + more)
      }
      Ring.run(words, Ring.take(shape, reader, { epoch: 0, step, lastTicket: 2 ** 30 }), waitFor, () => {})
    }
    return waits
  }

  it("a reader that finds no batch but those it waited for waits for more of them at a time, any other for its own", () => {
    assert.deepStrictEqual(waitsOf(0), [0, 1, 3, 7, 7, 7, 7, 7, 7, 7])
    assert.deepStrictEqual(new Set(waitsOf(2)), new Set([0]))
  })

  it("a worker's rests leave its reader half of the ring, and take a slow reader's core for some batches at a time", () => {
    const cases = fc.record({
      slots: fc.integer({ min: 8, max: 65 }),
      step: fc.double({ min: 0.4, max: 50, noNaN: true }),
      share: fc.double({ min: 0.02, max: 0.7, noNaN: true })
    })
    fc.assert(
      fc.property(cases, ({ share, slots, step }) => {
        let [time, written, rest, made, rests, least] = [0, slots, Ring.shortestRest, slots, 0, slots]
        const held = () => Math.floor(time / step)
        while (held() < 2000) {
          rest = Ring.restAfter(rest, made, slots)
          time += rest
          rests++
          least = Math.min(least, written - held())
          for (made = 0; written < held() + slots; written++, made++) time += share * step
        }
        assert.isAtLeast(least, slots / 2 - 2)
        if (step > 4) assert.isBelow(rests, 2000 / Math.floor(slots / 6))
      }),
      { numRuns: 200 }
    )
  })

  for (const [what, change] of broken) {
    it(`fails when ${what}`, async () => {
      const details = await check(change, 3000)
      assert.isTrue(details.failed)
    })
  }
})
