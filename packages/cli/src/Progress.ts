/**
 * Shows a run to a person: on a terminal a line that moves (stage, bar, steps per second, readings, time left) above
 * which finished things stay; anywhere else plain lines.
 */
import type { Event } from "@watertight/core"
import { Clock, Effect, Ref, Terminal } from "effect"

const barWidth = 24
const secondsBetweenPlainLines = 10

interface Reading {
  readonly at: number
  readonly done: number
  readonly unit: string | undefined
}

interface Shown {
  readonly startedAt: Readonly<Record<string, number>>
  /** The first reading of each long stage, or of the part of it that runs, to tell its speed from. */
  readonly first: Readonly<Record<string, Reading>>
  /** The latest reading of each. */
  readonly latest: Readonly<Record<string, Reading>>
  readonly lastPlainLine: number
}

/** Formats a number of seconds like 3.2 s, 1:05 or 2:03:20. */
export const duration = (seconds: number): string => {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
  const whole = Math.round(seconds)
  const pad = (value: number) => String(value).padStart(2, "0")
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return hours === 0 ? `${minutes}:${pad(rest)}` : `${hours}:${pad(minutes)}:${pad(rest)}`
}

/** Draws a bar of `width` characters for a share in [0, 1]. */
export const bar = (share: number, width = barWidth): string => {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return "━".repeat(full) + "╌".repeat(width - full)
}

const labels: Readonly<Record<string, readonly [label: string, format: (value: number) => string]>> = {
  epoch: ["epoch", String],
  rows: ["rows", String],
  loss: ["loss", (value) => value.toFixed(4)],
  validationLoss: ["validation loss", (value) => value.toFixed(4)],
  validationAccuracy: ["validation accuracy", (value) => `${(100 * value).toFixed(2)} %`],
  learningRate: ["learning rate", (value) => value.toExponential(2)]
}

const readings = (values: Readonly<Record<string, number>>): string =>
  Object.entries(values)
    .map(([name, value]) => {
      const [label, format] = labels[name] ?? [name, (number: number) => number.toPrecision(4)]
      return `${label} ${format(value)}`
    })
    .join("  ")

/** Formats a speed like 153 steps/s or 1.2M rows/s. */
export const pace = (speed: number, unit = "steps"): string => {
  if (speed >= 1e6) return `${(speed / 1e6).toFixed(1)}M ${unit}/s`
  return speed >= 1e4 ? `${Math.round(speed / 1e3)}k ${unit}/s` : `${Math.round(speed)} ${unit}/s`
}

/** Describes where a long stage stands. */
export const progressLine = (event: Event.Progress, speed: number | undefined): string => {
  const shownPace = speed === undefined ? "" : `  ${pace(speed, event.unit)}`
  if (event.total === undefined) {
    return `${event.node}  ${event.done} ${event.unit ?? "steps"}${shownPace}  ${readings(event.values)}`.trimEnd()
  }
  const share = event.done / event.total
  const left = speed === undefined ? "" : `  ${duration((event.total - event.done) / speed)} left`
  return `${event.node}  ${bar(share)} ${Math.floor(100 * share)} %${shownPace}  ${readings(event.values)}${left}`
}

const finishedLine = (event: Event.StageFinished): string =>
  event.reused ? `  ${event.node}  reused` : `  ${event.node}  ${duration(event.seconds)}`

/** Makes a listener that writes to the terminal. */
export const listener = Effect.fnUntraced(function* (options: { readonly interactive: boolean }) {
  const terminal = yield* Terminal.Terminal
  const shown = yield* Ref.make<Shown>({ startedAt: {}, first: {}, latest: {}, lastPlainLine: 0 })
  const write = (text: string) => Effect.ignore(terminal.display(text))
  const clear = options.interactive ? "\r\u001b[2K" : ""
  const line = (text: string) => write(`${clear}${text}\n`)

  const progress = Effect.fnUntraced(function* (event: Event.Progress) {
    const now = yield* Clock.currentTimeMillis
    const state = yield* Ref.get(shown)
    const reading = { at: now, done: event.done, unit: event.unit }
    const latest = state.latest[event.node]
    const isNext = latest !== undefined && latest.unit === event.unit && latest.done <= event.done
    const first = isNext ? (state.first[event.node] ?? reading) : reading
    yield* Ref.update(shown, (old) => ({
      ...old,
      first: { ...old.first, [event.node]: first },
      latest: { ...old.latest, [event.node]: reading }
    }))
    const moved = event.done - first.done
    const speed = now === first.at || moved === 0 ? undefined : (moved * 1000) / (now - first.at)
    const text = progressLine(event, speed)
    if (event.milestone !== undefined) {
      const shownPace = speed === undefined ? "" : `, ${pace(speed, event.unit)}`
      const isKnown = speed !== undefined && event.total !== undefined
      const left = isKnown ? `, ${duration((event.total - event.done) / speed)} left` : ""
      return yield* line(`  ${event.node}  ${event.milestone}${shownPace}${left}`)
    }
    if (options.interactive) {
      const columns = yield* terminal.columns
      return yield* write(`${clear}${text.slice(0, Math.max(20, columns - 1))}`)
    }
    if (now - state.lastPlainLine > secondsBetweenPlainLines * 1000) {
      yield* Ref.update(shown, (old) => ({ ...old, lastPlainLine: now }))
      yield* line(`  ${text}`)
    }
  })

  return (event: Event.Event): Effect.Effect<void> => {
    switch (event._tag) {
      case "StageStarted":
        return options.interactive ? write(`${clear}${event.node} …`) : Effect.void
      case "StageFinished":
        return line(finishedLine(event))
      case "Notice":
        return line(`  ${event.node}  ${event.message}`)
      case "Progress":
        return progress(event)
    }
  }
})
