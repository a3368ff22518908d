/**
 * What a run tells while it runs: stages starting, finishing or being reused, progress, and readings of metrics. Events
 * are for people and trackers; no result depends on them.
 */
import { Context, Effect } from "effect"

/** A stage began to compute. */
export interface StageStarted {
  readonly _tag: "StageStarted"
  readonly node: string
}

/** A stage has a result, computed or taken from the store. */
export interface StageFinished {
  readonly _tag: "StageFinished"
  readonly node: string
  readonly digest: string
  readonly reused: boolean
  readonly seconds: number
}

/** A long stage moved on; `values` are the latest readings by name. */
export interface Progress {
  readonly _tag: "Progress"
  readonly node: string
  readonly done: number
  /** Undefined where nobody knows how much there is to do. */
  readonly total: number | undefined
  readonly values: Readonly<Record<string, number>>
  /** What `done` and `total` count: steps unless given. */
  readonly unit?: string
  /** Set when the reading closes a section, such as an epoch: a line worth keeping. */
  readonly milestone: string | undefined
}

/** Something a person should know, though the run goes on. */
export interface Notice {
  readonly _tag: "Notice"
  readonly node: string
  readonly message: string
}

/** What a run tells while it runs. */
export type Event = StageStarted | StageFinished | Progress | Notice

/** Receives every event. By default nobody listens. */
export const Listener = Context.Reference<(event: Event) => Effect.Effect<void>>("@watertight/core/Event/Listener", {
  defaultValue: () => () => Effect.void
})

/** Tells the listener. */
export const emit = (event: Event): Effect.Effect<void> => Effect.flatMap(Listener, (listener) => listener(event))

/** The node that is being computed, by its name; none outside of a run. */
export const Node = Context.Reference<string | undefined>("@watertight/core/Event/Node", {
  defaultValue: () => undefined
})

/** Tells the listener how far the node that is being computed has come. Outside of a run nobody is told. */
export const progress = (
  done: number,
  total: number | undefined,
  unit: string,
  values: Readonly<Record<string, number>> = {}
): Effect.Effect<void> =>
  Effect.flatMap(Node, (node) =>
    node === undefined ? Effect.void : emit({ _tag: "Progress", node, done, total, unit, values, milestone: undefined })
  )
