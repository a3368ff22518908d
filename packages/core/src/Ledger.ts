/**
 * Who has read which test rows. Every reading is a line in an append-only file, written and synced before the rows are
 * opened; each line carries the hash of the one before it, so a changed or missing line shows. Readings go by the ids of
 * the rows: giving the rows another name, order or split does not make them unread. One model may read its rows again
 * (a replay is the same reading); a second model may not, unless its reader spends the rows with a reason.
 */
import { Context, DateTime, Effect, type FileSystem, Layer, Option, type Path, Schema } from "effect"
import * as Digest from "./Digest.ts"
import { type Journal, folderJournal, memoryJournal } from "./internal/journal.ts"
import type { StoreError } from "./Store.ts"

/** The bytes of one row's id. */
const idBytes = 16

const Opened = Schema.Struct({
  _tag: Schema.Literal("Opened"),
  rowSet: Digest.Digest,
  rows: Schema.Int,
  model: Digest.Digest,
  pipeline: Schema.String,
  who: Schema.String,
  at: Schema.String,
  /** Lines of the earlier readings of any of these rows. */
  previous: Schema.Array(Schema.Int),
  reason: Schema.NullOr(Schema.String)
})

const Reported = Schema.Struct({
  _tag: Schema.Literal("Reported"),
  opened: Schema.Int,
  summary: Schema.String
})

const Entry = Schema.Struct({
  line: Schema.Int,
  previousHash: Schema.String,
  event: Schema.Union([Opened, Reported]),
  hash: Digest.Digest
})

/** One line of the ledger. */
export type Entry = typeof Entry.Type

/** An earlier reading of some of the same rows. */
export const Reading = Schema.Struct({
  who: Schema.String,
  at: Schema.String,
  pipeline: Schema.String,
  model: Schema.String,
  reported: Schema.String
})

/** An earlier reading of some of the same rows. */
export type Reading = typeof Reading.Type

/** Test rows that one model has read are asked for by another. */
export class TestAlreadyOpened extends Schema.TaggedError<TestAlreadyOpened>()("TestAlreadyOpened", {
  rows: Schema.Int,
  shared: Schema.Int,
  readings: Schema.Array(Reading)
}) {
  override get message() {
    const lines = this.readings.map(
      (reading) =>
        `  ${reading.at} by ${reading.who}, pipeline "${reading.pipeline}", model ${reading.model.slice(0, 8)}: ${reading.reported}`
    )
    return (
      `${this.shared} of these ${this.rows} test rows were read before, by another model:\n${lines.join("\n")}\n` +
      `A second reading turns the test into a validation set. Choose between models on validation; ` +
      `if you must, run with --spend-test "reason", which the report will show.`
    )
  }
}

/** The ledger's file was changed by something other than the ledger. */
export class LedgerTampered extends Schema.TaggedError<LedgerTampered>()("LedgerTampered", {
  path: Schema.String,
  line: Schema.Int,
  reason: Schema.String
}) {
  override get message() {
    return (
      `The ledger ${this.path} was changed in line ${this.line}: ${this.reason}. ` +
      `Restore it from a backup; without it nobody can say how often the test rows were read.`
    )
  }
}

/** Leave to read exactly the rows it was handed out for. Only the ledger makes permits. */
export interface Permit {
  readonly _tag: "Permit"
}

const minted = new WeakMap<Permit, Digest.Digest>()

/** Whether the ledger handed out this permit for these rows (`16` bytes of id per row, in any order). */
export const permits = (permit: Permit, ids: Uint8Array): boolean => minted.get(permit) === rowSet(ids)

/** Returns the digest of a set of rows: their ids, sorted, each once. */
export const rowSet = (ids: Uint8Array): Digest.Digest => Digest.fromBytes(Buffer.from(sortedIds(ids).join(""), "hex"))

const sortedIds = (ids: Uint8Array): ReadonlyArray<string> => {
  const hex = Buffer.from(ids.buffer, ids.byteOffset, ids.byteLength).toString("hex")
  const all = Array.from({ length: ids.byteLength / idBytes }, (_, row) =>
    hex.slice(row * idBytes * 2, (row + 1) * idBytes * 2)
  )
  return [...new Set(all)].sort()
}

/** A reading that the ledger has written down. */
export interface Opening {
  readonly permit: Permit
  /** 1 for the first reading of these rows, 2 for the second, … */
  readonly number: number
  readonly previous: ReadonlyArray<Reading>
  readonly reason: string | null
  /** Writes down what the reading reported; doing so again changes nothing. */
  readonly report: (summary: string) => Effect.Effect<void, StoreError | LedgerTampered>
}

/** The name under which readings are written down. */
export const Reader = Context.Reference<string>("@watertight/core/Ledger/Reader", { defaultValue: () => "unknown" })

/** Why a further reading of the same test rows is wanted; without it such a reading is refused. */
export const SpendReason = Context.Reference<Option.Option<string>>("@watertight/core/Ledger/SpendReason", {
  defaultValue: () => Option.none()
})

/** The record of readings. */
export class Ledger extends Context.Service<
  Ledger,
  {
    /** Writes down that a model reads rows (`16` bytes of id per row), then permits it. */
    readonly open: (reading: {
      readonly ids: Uint8Array
      readonly model: Digest.Digest
      readonly pipeline: string
    }) => Effect.Effect<Opening, TestAlreadyOpened | LedgerTampered | StoreError>
    /** All lines, verified. */
    readonly entries: Effect.Effect<ReadonlyArray<Entry>, LedgerTampered | StoreError>
  }
>()("@watertight/core/Ledger") {}

const hashOf = (entry: Omit<Entry, "hash">): Digest.Digest =>
  Digest.of({ line: entry.line, previousHash: entry.previousHash, event: entry.event })

const genesis = "0".repeat(64)

const decodeEntry = Schema.decodeUnknownEffect(Schema.fromJsonString(Entry))

const verified = Effect.fnUntraced(function* (journal: Journal) {
  const lines = yield* journal.lines
  const entries: Array<Entry> = []
  for (const [line, text] of lines.entries()) {
    const tampered = (reason: string) => new LedgerTampered({ path: journal.path, line: line + 1, reason })
    const entry = yield* decodeEntry(text, { onExcessProperty: "error" }).pipe(
      Effect.mapError(() => tampered("it is no ledger entry"))
    )
    if (entry.line !== line) return yield* tampered(`it says it is line ${entry.line + 1}`)
    if (entry.previousHash !== (entries[line - 1]?.hash ?? genesis)) {
      return yield* tampered("it does not follow from the line before it")
    }
    if (entry.hash !== hashOf(entry)) return yield* tampered("its hash does not fit its content")
    entries.push(entry)
  }
  return entries
})

const append = Effect.fnUntraced(function* (journal: Journal, entries: ReadonlyArray<Entry>, event: Entry["event"]) {
  const draft = { line: entries.length, previousHash: entries.at(-1)?.hash ?? genesis, event }
  yield* journal.append(JSON.stringify({ ...draft, hash: hashOf(draft) }))
})

type OpenedEvent = typeof Opened.Type

const openings = (entries: ReadonlyArray<Entry>) =>
  entries.flatMap(({ event, line }) => (event._tag === "Opened" ? [{ line, event }] : []))

const toReading = (entries: ReadonlyArray<Entry>, line: number, event: OpenedEvent): Reading => {
  const reports = entries.flatMap((entry) =>
    entry.event._tag === "Reported" && entry.event.opened === line ? [entry.event.summary] : []
  )
  return {
    who: event.who,
    at: event.at,
    pipeline: event.pipeline,
    model: event.model,
    reported: reports[0] ?? "no report (the run was interrupted after opening the rows)"
  }
}

const fromJournal = (journal: Journal): Ledger["Service"] => {
  const permitFor = (digest: Digest.Digest): Permit => {
    const permit: Permit = Object.freeze({ _tag: "Permit" })
    minted.set(permit, digest)
    return permit
  }

  const report = (opened: number) => (summary: string) =>
    journal.exclusively(
      Effect.gen(function* () {
        const entries = yield* verified(journal)
        const done = entries.some(({ event }) => event._tag === "Reported" && event.opened === opened)
        if (!done) yield* append(journal, entries, { _tag: "Reported", opened, summary })
      })
    )

  const toOpening = (entries: ReadonlyArray<Entry>, line: number, event: OpenedEvent): Opening => ({
    permit: permitFor(event.rowSet),
    number: event.previous.length + 1,
    previous: openings(entries)
      .filter((opening) => event.previous.includes(opening.line))
      .map((opening) => toReading(entries, opening.line, opening.event)),
    reason: event.reason,
    report: report(line)
  })

  const sharedRows = Effect.fnUntraced(function* (ids: ReadonlySet<string>, event: OpenedEvent, line: number) {
    const stored = yield* journal.readRows(event.rowSet)
    if (Option.isNone(stored) || Digest.fromBytes(stored.value) !== event.rowSet) {
      const reason = `the list of the ${event.rows} rows it speaks of is missing or changed`
      return yield* new LedgerTampered({ path: journal.path, line: line + 1, reason })
    }
    return sortedIds(stored.value).filter((id) => ids.has(id)).length
  })

  const open: Ledger["Service"]["open"] = Effect.fnUntraced(function* (reading) {
    const digest = rowSet(reading.ids)
    const sorted = sortedIds(reading.ids)
    const entries = yield* verified(journal)
    const same = openings(entries).find(({ event }) => event.rowSet === digest && event.model === reading.model)
    if (same !== undefined) return toOpening(entries, same.line, same.event)

    const ids = new Set(sorted)
    const earlier = yield* Effect.filter(openings(entries), ({ event, line }) =>
      Effect.map(sharedRows(ids, event, line), (count) => count > 0)
    )
    const reason = yield* SpendReason
    if (earlier.length > 0 && Option.isNone(reason)) {
      const counts = yield* Effect.forEach(earlier, ({ event, line }) => sharedRows(ids, event, line))
      return yield* new TestAlreadyOpened({
        rows: ids.size,
        shared: Math.max(...counts),
        readings: earlier.map(({ event, line }) => toReading(entries, line, event))
      })
    }
    const event: OpenedEvent = {
      _tag: "Opened",
      rowSet: digest,
      rows: ids.size,
      model: reading.model,
      pipeline: reading.pipeline,
      who: yield* Reader,
      at: DateTime.formatIso(yield* DateTime.now),
      previous: earlier.map(({ line }) => line),
      reason: earlier.length > 0 ? Option.getOrNull(reason) : null
    }
    yield* journal.writeRows(digest, Buffer.from(sorted.join(""), "hex"))
    yield* append(journal, entries, event)
    return toOpening(entries, entries.length, event)
  })

  return Ledger.of({ open: (reading) => journal.exclusively(open(reading)), entries: verified(journal) })
}

/** Keeps the ledger in a folder: `ledger.jsonl`, and beside it the ids of the rows each line speaks of. */
export const layerFolder = (folder: string): Layer.Layer<Ledger, never, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(Ledger, Effect.map(folderJournal(folder), fromJournal))

/** Keeps the ledger in memory, for tests. */
export const layerMemory: Layer.Layer<Ledger> = Layer.effect(Ledger, Effect.map(memoryJournal, fromJournal))
