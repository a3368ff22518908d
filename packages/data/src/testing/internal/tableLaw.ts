/** Laws of tables wherever they lie: what a law computes of a table on disk goes to disk too, however small it is. */
import { Scratch } from "@watertight/core"
import { Law } from "@watertight/core/testing"
import { Effect } from "effect"

/** Keeps nothing in memory that came from disk. */
export const spilling = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Scratch.Settings, (settings) =>
    Effect.provideService(effect, Scratch.Settings, { ...settings, inMemory: -1 })
  )

/** Makes a law as `Law.make` does. */
export const make: typeof Law.make = (name, cases, property) =>
  Law.make(name, cases, (value) => spilling(Effect.suspend(() => property(value) ?? Effect.void)))
