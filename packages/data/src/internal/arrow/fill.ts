/** Blocks of a table, filled with rows that come in any numbers, so that no block depends on how they came. */
import { Effect, type Scope } from "effect"
import * as Column from "../../Column.ts"
import type { Columns } from "../../Columns.ts"
import * as RowId from "../../RowId.ts"
import type { SourceError } from "../../sources/SourceError.ts"
import type { Table } from "../../Table.ts"
import type * as Collector from "../columns/collector.ts"
import * as Builder from "../rows/builder.ts"

/** Fills one block after the other. */
export interface Fill<C extends Columns> {
  /** Says how many rows fit that have about so many bytes each. */
  readonly most: (rowBytes: number) => number
  /** Where the next rows of a column of numbers belong. */
  readonly room: (name: string, rows: number) => RowId.Numbers | undefined
  /** Takes the next rows of a column, no more than fit. */
  readonly put: (name: string, values: RowId.Values) => void
  /** Goes on behind so many rows of so many bytes, without those at some of their places. */
  readonly next: (
    rows: number,
    byteLength: number,
    left: Iterable<number>
  ) => Effect.Effect<void, SourceError, Scope.Scope>
  /** Returns the table. */
  readonly end: Effect.Effect<Table<C>, SourceError, Scope.Scope>
}

/** A block takes about this many bytes of a file. */
const blockBytes = 1 << 24

/** Makes what fills a builder's blocks with so many rows. */
export const make = <C extends Columns>(columns: C, builder: Builder.Builder<C>, rows: number): Fill<C> => {
  const wanted = Builder.blockRows(columns, rows)
  const texts = new Map<string, Array<string>>()
  let room: Collector.Room = builder.room(wanted)
  let [filled, bytes] = [0, 0]
  let left: Array<number> = []
  const block = () =>
    Object.fromEntries(
      Object.entries(columns).map(([name, column]): [string, RowId.Values] => {
        const own = room.columns[name]
        return [name, own === undefined ? (texts.get(name) ?? []) : own.subarray(0, filled * Column.width(column))]
      })
    )
  const flush = Effect.suspend(() => builder.add(block(), filled, left))
  return {
    most: (rowBytes) =>
      Math.min(room.rows - filled, Math.max(1, Math.floor((blockBytes - bytes) / Math.max(1, rowBytes)))),
    room: (name, rows) => {
      const width = Column.width(columns[name])
      return room.columns[name]?.subarray(filled * width, (filled + rows) * width)
    },
    put: (name, values) => {
      if (!RowId.isTexts(values)) {
        const own = room.columns[name]
        if (values.buffer !== own?.buffer) own?.set(values, filled * Column.width(columns[name]))
        return
      }
      const before = texts.get(name)
      if (before === undefined) texts.set(name, values as Array<string>) // made for this block
      else for (const text of values) before.push(text)
    },
    next: Effect.fnUntraced(function* (length, byteLength, places) {
      for (const place of [...places].sort((one, other) => one - other)) left.push(filled + place)
      filled += length
      bytes += byteLength
      if (filled < room.rows && bytes < blockBytes) return
      yield* flush
      texts.clear()
      room = builder.room(wanted)
      left = []
      filled = 0
      bytes = 0
    }),
    end: Effect.gen(function* () {
      if (filled > 0) yield* flush
      return yield* builder.end
    })
  }
}
