/**
 * How a reader and its workers share a ring of batches: which batches are wanted, and which slot holds which.
 *
 * Batches get tickets, counted up and never used twice. Ticket `t` lies in slot `t % slots`, and a slot is written by one
 * worker only. A slot's tag is its ticket plus one, stored when the batch is complete. Workers write only tickets that are
 * less than `slots` past the one the reader holds. Another position starts a new course `2 * slots + 1` tickets on: a
 * worker that has not seen it yet may still write one batch of the old course, whose ticket is less than that.
 *
 * While batches are ready, workers of a large ring are not woken: they look for free slots by themselves after a while. To
 * wake a thread is a system call, and the kernel may let it run on the waker's core.
 *
 * Both sides are generators that yield every access to what they share. Threads perform them with `Atomics`; tests let a
 * scheduler choose whose access comes next, so that what is tested is what runs.
 */

/** Where the words lie. */
export const word = {
  /** Odd while the course is being written. */
  version: 0,
  /** The first ticket of the course, and the epoch and step it stands for. */
  firstTicket: 1,
  epoch: 2,
  step: 3,
  /** The ticket that the reader holds; those before it are free. */
  held: 4,
  /** Counts up whenever a waiting worker should look again. */
  wake: 5,
  stop: 6,
  /** One tag per slot from here on, and after them what each worker is writing: its ticket plus one, or 0. */
  tags: 8
} as const

/** How large a ring is. */
export interface Shape {
  readonly slots: number
  readonly workers: number
  /** Steps of one epoch. */
  readonly steps: number
}

/** Counts the words of a ring. */
export const wordsFor = ({ slots, workers }: Shape): number => word.tags + slots + workers

/** Returns where the word of what a worker is writing lies. */
export const writing = ({ slots }: Shape, worker: number): number => word.tags + slots + worker

/** One access to what is shared. Others may act before and after it, not within, except while a batch is written. */
export type Access =
  | { readonly op: "load" | "notify"; readonly at: number }
  | { readonly op: "store" | "add"; readonly at: number; readonly value: number }
  /** Sleeps until notified, unless the word has another value already; a worker may wake by itself at any time. */
  | { readonly op: "wait"; readonly at: number; readonly value: number }
  | { readonly op: "write"; readonly slot: number; readonly epoch: number; readonly step: number }

/** What one side does: accesses, the results of loads given back to it. */
export type Process<A> = Generator<Access, A, number>

/** A row of consecutive batches. */
interface Course {
  readonly version: number
  readonly firstTicket: number
  readonly epoch: number
  readonly step: number
}

/** Returns the epoch and step of a ticket. */
export const positionOf = (
  { steps }: Shape,
  course: Omit<Course, "version">,
  ticket: number
): { readonly epoch: number; readonly step: number } => {
  const place = course.step + (ticket - course.firstTicket)
  return { epoch: course.epoch + Math.floor(place / steps), step: place % steps }
}

/** Reads the course, or nothing while there is none or it is being written. */
function* readCourse(): Process<Course | undefined> {
  const version = yield { op: "load", at: word.version }
  const firstTicket = yield { op: "load", at: word.firstTicket }
  const epoch = yield { op: "load", at: word.epoch }
  const step = yield { op: "load", at: word.step }
  const again = yield { op: "load", at: word.version }
  return version > 0 && version % 2 === 0 && again === version ? { version, firstTicket, epoch, step } : undefined
}

/** Makes waiting workers look again. */
export function* wake(): Process<void> {
  yield { op: "add", at: word.wake, value: 1 }
  yield { op: "notify", at: word.wake }
}

/** Writes one worker's batches ahead of the reader, until told to stop. A worker in place of a dead one goes on after it. */
export function* serve(shape: Shape, worker: number): Process<void> {
  const { slots, workers } = shape
  const busy = writing(shape, worker)
  let [version, ticket] = [0, 0]
  while ((yield { op: "load", at: word.stop }) === 0) {
    const seen = yield { op: "load", at: word.wake }
    const course = yield* readCourse()
    if (course === undefined) {
      yield { op: "wait", at: word.wake, value: seen }
      continue
    }
    if (course.version !== version) {
      version = course.version
      ticket = course.firstTicket
    }
    while ((ticket % slots) % workers !== worker) ticket++
    const slot = ticket % slots
    const free = (yield { op: "load", at: word.held }) + slots
    const written = (yield { op: "load", at: word.tags + slot }) - 1
    if (written >= ticket && written < free) {
      ticket = written + 1
    } else if (ticket >= free) {
      yield { op: "wait", at: word.wake, value: seen }
    } else {
      yield { op: "store", at: busy, value: ticket + 1 }
      yield { op: "write", slot, ...positionOf(shape, course, ticket) }
      yield { op: "store", at: word.tags + slot, value: ticket + 1 }
      yield { op: "notify", at: word.tags + slot }
      yield { op: "store", at: busy, value: 0 }
      ticket++
    }
  }
}

/** Milliseconds after which a worker that found no free slot looks again, at least. */
export const shortestRest = 0.1

/**
 * How long a worker rests that has `share` slots and made so many batches since its last rest: longer as long as less than a
 * quarter of its slots got free, and as little as can be when half of them did. So it makes some batches at a time, takes
 * the core of a slow reader's step seldom, and is in time for a fast one.
 */
export const restAfter = (rest: number, made: number, share: number): number =>
  made > share / 2 ? shortestRest : made > share / 4 ? rest : 1.5 * rest

/** The reader's side of a ring: the ticket it holds, and the course that ticket belongs to. */
export interface Reader {
  ticket: number
  /** The position that continues the course. */
  next: { readonly epoch: number; readonly step: number }
  course: Omit<Course, "version">
  /** How many takes found their batch since one had to wait, and for how many batches that one waited. */
  found: number
  together: number
}

/** Makes a reader that has read nothing. */
export const reader = (): Reader => ({
  ticket: -1,
  next: { epoch: -1, step: 0 },
  course: { firstTicket: 0, epoch: 0, step: 0 },
  found: Infinity,
  together: 1
})

/** A reader waits for at most so many batches at a time, and for no more than a quarter of the slots. */
const mostTogether = 8

/** With at most so many slots for each, workers would look again too late and are woken at every batch. */
const fewSlots = 4

/** Starts a course: the batch at an epoch and step gets the ticket, later ones follow. */
function* startCourse({ epoch, firstTicket, step }: Omit<Course, "version">): Process<void> {
  yield { op: "add", at: word.version, value: 1 }
  yield { op: "store", at: word.firstTicket, value: firstTicket }
  yield { op: "store", at: word.epoch, value: epoch }
  yield { op: "store", at: word.step, value: step }
  yield { op: "store", at: word.held, value: firstTicket }
  yield { op: "add", at: word.version, value: 1 }
  yield* wake()
}

/**
 * Takes the batch at a position and returns its slot, which stays as it is until the next take. After `lastTicket` a new
 * course starts at ticket 0, since tickets are 32-bit words. It is at least `6 (slots + 1)^2`, so that by then no slot is
 * left with a tag that comes again: each new course begins at another slot, so all have been written meanwhile.
 */
export function* take(
  shape: Shape,
  reader: Reader,
  position: { readonly epoch: number; readonly step: number; readonly lastTicket: number }
): Process<number> {
  const { slots, steps, workers } = shape
  const { epoch, lastTicket, step } = position
  const isLast = reader.ticket >= lastTicket
  if (epoch === reader.next.epoch && step === reader.next.step && !isLast) {
    reader.ticket++
    yield { op: "store", at: word.held, value: reader.ticket }
    if (slots <= fewSlots * workers || step === 0) yield* wake()
  } else {
    reader.ticket = isLast ? 0 : reader.ticket + 2 * slots + 1
    reader.course = { firstTicket: reader.ticket, epoch, step }
    reader.found = Infinity
    yield* startCourse(reader.course)
  }
  reader.next = step + 1 < steps ? { epoch, step: step + 1 } : { epoch: epoch + 1, step: 0 }
  const slot = reader.ticket % slots
  for (let first = true; ; first = false) {
    const tag = yield { op: "load", at: word.tags + slot }
    if (tag === reader.ticket + 1) {
      reader.found++
      return slot
    }
    if (first) {
      yield* wake()
      const isStarved = reader.found <= reader.together
      reader.together = isStarved ? Math.max(1, Math.min(2 * reader.together, mostTogether, slots >> 2)) : 1
      reader.found = 0
    }
    const last = reader.ticket + reader.together - 1
    const seen = yield { op: "load", at: word.tags + (last % slots) }
    if (seen === last + 1) yield { op: "wait", at: word.tags + slot, value: tag }
    else yield { op: "wait", at: word.tags + (last % slots), value: seen }
  }
}

/** Tells a waiting reader to look again: a worker that died may have completed a batch and not said so. */
export function* revive({ slots }: Shape): Process<void> {
  for (let slot = 0; slot < slots; slot++) yield { op: "notify", at: word.tags + slot }
}

/** Performs an access by `Atomics`. What it cannot do without blocking or arrays, waiting and writing, is handed in. */
export const perform = (
  words: Int32Array,
  access: Access,
  wait: (at: number, value: number) => void,
  write: (access: Extract<Access, { readonly op: "write" }>) => void
): number => {
  switch (access.op) {
    case "load":
      return Atomics.load(words, access.at)
    case "store":
      return Atomics.store(words, access.at, access.value)
    case "add":
      return Atomics.add(words, access.at, access.value)
    case "notify":
      return Atomics.notify(words, access.at)
    case "wait":
      wait(access.at, access.value)
      return 0
    case "write":
      write(access)
      return 0
  }
}

/** Performs a process to its end. */
export const run = <A>(
  words: Int32Array,
  process: Process<A>,
  wait: (at: number, value: number) => void,
  write: (access: Extract<Access, { readonly op: "write" }>) => void
): A => {
  let state = process.next(0)
  while (state.done !== true) state = process.next(perform(words, state.value, wait, write))
  return state.value
}
