/**
 * Making texts of different lengths one length: cutting what is too long and padding what is too short. A special start or
 * end is never cut away.
 */
import { type Engine } from "./Engine.ts"

/** How texts get one length. */
export interface Layout {
  /** How many ids a row has. */
  readonly length: number
  /** Which part of a longer text is kept: its first tokens (the default), its last, or half of each. */
  readonly keep?: "head" | "tail" | "both"
  /** Where padding goes: after the text (the default), or before it. */
  readonly pad?: "right" | "left"
  /** Whether start and end tokens are put round the text, where the tokenizer has them; on unless given. */
  readonly special?: boolean
}

/** Keeps `room` of a list's numbers. */
export const truncate = (
  ids: ReadonlyArray<number>,
  room: number,
  keep: "head" | "tail" | "both"
): ReadonlyArray<number> => {
  if (ids.length <= room) return ids
  if (keep === "head") return ids.slice(0, room)
  if (keep === "tail") return ids.slice(ids.length - room)
  const head = Math.ceil(room / 2)
  return [...ids.slice(0, head), ...ids.slice(ids.length - (room - head))]
}

/** Rows of ids of one length, which of them are text, and how many. */
export interface Laid {
  readonly ids: Int32Array
  readonly mask: Uint8Array
  readonly lengths: Float64Array
}

/** Lays texts out as rows of `length` ids. `padding` is the id that fills them up. */
export const layOut = (engine: Engine, texts: ReadonlyArray<string>, layout: Layout, padding: number): Laid => {
  const { keep = "head", length, pad = "right", special = true } = layout
  const [before, after] = special ? [engine.before, engine.after] : [[], []]
  const room = length - before.length - after.length
  const laid = {
    ids: new Int32Array(texts.length * length).fill(padding),
    mask: new Uint8Array(texts.length * length),
    lengths: new Float64Array(texts.length)
  }
  texts.forEach((text, row) => {
    const all: Array<number> = []
    engine.encode(text, all)
    const ids = [...before, ...truncate(all, room, keep), ...after]
    const start = row * length + (pad === "right" ? 0 : length - ids.length)
    laid.ids.set(ids, start)
    laid.mask.fill(1, start, start + ids.length)
    laid.lengths[row] = ids.length
  })
  return laid
}
