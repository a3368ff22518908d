/**
 * Runs the code of a ring's reader and workers on simulated memory, one access at a time, in an order that fast-check's
 * scheduler chooses. Writing a batch takes two accesses, and between them the slot holds nothing good.
 */
import * as fc from "fast-check"
import * as Ring from "../../../src/internal/loader/ring.ts"

/** What happens: which batches are read, and when workers die. */
export interface Scenario {
  readonly shape: Ring.Shape
  /** Each read is the next batch in order, or, given a number, the batch of that number. */
  readonly reads: ReadonlyArray<number | "next">
  /** The worker to kill, and after how many of its accesses; another one takes its place. */
  readonly deaths: ReadonlyArray<{ readonly worker: number; readonly after: number }>
  readonly lastTicket: number
  /** How often a sleeping worker wakes by itself, in all. */
  readonly wakes: number
}

type Actor = "reader" | "worker"

/** Changes what a process does, to break it. */
export type Break = <A>(
  process: Ring.Process<A>,
  actor: Actor,
  memory: Int32Array,
  isReplacement: boolean
) => Ring.Process<A>

const torn = "torn"

interface World {
  readonly scenario: Scenario
  readonly scheduler: fc.Scheduler
  readonly memory: Int32Array
  /** What each slot holds: a batch's number, or `torn` while it is being written. */
  readonly contents: Array<string>
  readonly sleeping: Map<number, Array<() => void>>
  readonly change: Break
  wakes: number
  ended: boolean
}

const turn = (world: World, actor: string): Promise<unknown> => world.scheduler.schedule(Promise.resolve(), actor)

const batchNumber = ({ steps }: Ring.Shape, epoch: number, step: number): string => `${epoch * steps + step}`

/** Performs an access when the scheduler says so. */
const perform = async (world: World, access: Ring.Access, actor: Actor, isAlive: () => boolean): Promise<number> => {
  const { contents, memory, scenario, sleeping } = world
  switch (access.op) {
    case "load":
      return memory[access.at]
    case "store":
      memory[access.at] = access.value
      return 0
    case "add":
      memory[access.at] += access.value
      return 0
    case "notify": {
      const woken = sleeping.get(access.at) ?? []
      sleeping.delete(access.at)
      for (const wake of woken) wake()
      return 0
    }
    case "wait":
      if (memory[access.at] !== access.value) return 0
      await new Promise<unknown>((resolve) => {
        sleeping.set(access.at, [...(sleeping.get(access.at) ?? []), () => resolve(undefined)])
        if (actor === "worker" && world.wakes-- > 0) void turn(world, "wakes").then(resolve)
      })
      return 0
    case "write":
      contents[access.slot] = torn
      await turn(world, "write")
      if (isAlive()) contents[access.slot] = batchNumber(scenario.shape, access.epoch, access.step)
      return 0
  }
}

const work = async (
  world: World,
  worker: number,
  deaths: ReadonlyArray<number>,
  isReplacement = false
): Promise<void> => {
  const { change, memory, scenario } = world
  const process = change(Ring.serve(scenario.shape, worker), "worker", memory, isReplacement)
  let [accesses, isAlive] = [0, true]
  let state = process.next(0)
  while (state.done !== true) {
    await turn(world, `worker ${worker}`)
    if (world.ended) return
    if (accesses++ === deaths[0]) {
      // It dies here, or, when it was about to write, in the middle of writing.
      if (state.value.op === "write") world.contents[state.value.slot] = torn
      isAlive = false
      void work(world, worker, deaths.slice(1), true)
      void follow(world, change(Ring.revive(scenario.shape), "reader", memory, isReplacement))
      return
    }
    state = process.next(await perform(world, state.value, "worker", () => isAlive))
  }
}

const follow = async <A>(world: World, process: Ring.Process<A>): Promise<A> => {
  let state = process.next(0)
  while (state.done !== true) {
    await turn(world, "reader")
    state = process.next(await perform(world, state.value, "reader", () => true))
  }
  return state.value
}

/** Reads all, and checks that each batch is the one asked for, as long as it is held. */
const read = async (world: World): Promise<void> => {
  const { shape, lastTicket, reads } = world.scenario
  const reader = Ring.reader()
  let number = 0
  for (const wanted of reads) {
    if (wanted !== "next") number = wanted
    const position = { epoch: Math.floor(number / shape.steps), step: number % shape.steps, lastTicket }
    const slot = await follow(world, world.change(Ring.take(shape, reader, position), "reader", world.memory, false))
    for (let moment = 0; moment < 3; moment++) {
      if (world.contents[slot] !== `${number}`)
        throw new Error(`batch ${number} was asked for, read ${world.contents[slot]}`)
      await turn(world, "reader holds")
    }
    number++
  }
}

/** Runs a scenario; fails when a batch is wrong or changes while it is held, and when nobody can go on. */
export const run = async (
  scenario: Scenario,
  scheduler: fc.Scheduler,
  change: Break = (process) => process
): Promise<void> => {
  const { shape } = scenario
  const world: World = {
    scenario,
    scheduler,
    memory: new Int32Array(Ring.wordsFor(shape)),
    contents: Array.from({ length: shape.slots }, () => "nothing"),
    sleeping: new Map(),
    change,
    wakes: scenario.wakes,
    ended: false
  }
  for (let worker = 0; worker < shape.workers; worker++) {
    void work(
      world,
      worker,
      scenario.deaths.filter((death) => death.worker === worker).map(({ after }) => after)
    )
  }
  let outcome: { readonly error?: unknown } | undefined
  void read(world).then(
    () => (outcome = {}),
    (error: unknown) => (outcome = { error })
  )
  let accesses = 0
  while (outcome === undefined) {
    for (let tick = 0; scheduler.count() === 0 && outcome === undefined && tick < 20; tick++) await Promise.resolve()
    if (outcome !== undefined) break
    if (scheduler.count() === 0) outcome = { error: new Error("all sleep, and the reader has not read everything") }
    else if (accesses++ > 50_000)
      outcome = { error: new Error("50,000 accesses, and the reader has not read everything") }
    else await scheduler.waitOne()
  }
  world.ended = true
  const { error } = outcome
  if (error !== undefined) throw error
}

/** Rings, reads with jumps, and deaths. */
export const scenarios: fc.Arbitrary<Scenario> = fc
  .record({
    slots: fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 2, max: 5 }) }, fc.integer({ min: 2, max: 65 })),
    workers: fc.integer({ min: 1, max: 8 }),
    steps: fc.integer({ min: 1, max: 5 }),
    isShort: fc.boolean()
  })
  .chain(({ isShort, slots, steps, workers }) => {
    const shape = { slots, workers: Math.min(slots, workers), steps }
    const jump = fc.integer({ min: 0, max: 3 * steps })
    return fc.record({
      shape: fc.constant(shape),
      reads: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant("next" as const) }, jump), {
        minLength: 1,
        maxLength: 12
      }),
      deaths: fc.array(fc.record({ worker: fc.nat(shape.workers - 1), after: fc.nat(60) }), { maxLength: 2 }),
      lastTicket: fc.constant(isShort ? 6 * (slots + 1) ** 2 : 2 ** 30),
      wakes: fc.nat(20)
    })
  })
