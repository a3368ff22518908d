/**
 * The words that a reader and its workers share: which batches are wanted, and which slot of the ring holds which.
 *
 * Batches get tickets, counted up and never used twice. Ticket `t` lies in slot `t % slots`, and a slot is written by one
 * worker only. A slot's tag is its ticket plus one, stored when the batch is complete. Workers may be at most `slots`
 * tickets past the one the reader holds. Another position starts a new course at a fresh ticket.
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
  /** One tag per slot from here on. */
  tags: 8
} as const

/** Counts the words of a ring. */
export const wordsFor = (slots: number): number => word.tags + slots

/** A row of consecutive batches. */
export interface Course {
  readonly version: number
  readonly firstTicket: number
  readonly epoch: number
  readonly step: number
}

/** Reads the course, or nothing while there is none or it is being written. */
export const readCourse = (words: Int32Array): Course | undefined => {
  const version = Atomics.load(words, word.version)
  const course = {
    version,
    firstTicket: Atomics.load(words, word.firstTicket),
    epoch: Atomics.load(words, word.epoch),
    step: Atomics.load(words, word.step)
  }
  const complete = version > 0 && version % 2 === 0 && Atomics.load(words, word.version) === version
  return complete ? course : undefined
}

/** Makes workers look again. */
export const wake = (words: Int32Array): void => {
  Atomics.add(words, word.wake, 1)
  Atomics.notify(words, word.wake)
}

/** Starts a course: the batch at an epoch and step gets the ticket, later ones follow. */
export const startCourse = (words: Int32Array, firstTicket: number, epoch: number, step: number): void => {
  Atomics.add(words, word.version, 1)
  Atomics.store(words, word.firstTicket, firstTicket)
  Atomics.store(words, word.epoch, epoch)
  Atomics.store(words, word.step, step)
  Atomics.store(words, word.held, firstTicket)
  Atomics.add(words, word.version, 1)
  wake(words)
}

/** Says that the reader holds a ticket and is done with those before it. Workers that wait see it when they are woken. */
export const hold = (words: Int32Array, ticket: number): void => {
  Atomics.store(words, word.held, ticket)
}

/** Says that a ticket's batch is complete. */
export const publish = (words: Int32Array, slots: number, ticket: number): void => {
  const at = word.tags + (ticket % slots)
  Atomics.store(words, at, ticket + 1)
  Atomics.notify(words, at)
}
