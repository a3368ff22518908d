/**
 * Where a split puts each row of a table: one place per row, so no row can be in two partitions. Splits make assignments;
 * the train, validation and test data sets are read off them.
 */
import { Blob, Codec, type Key } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "./Column.ts"
import type { Columns } from "./Columns.ts"
import type { Partition } from "./Dataset.ts"
import * as Ipc from "./internal/arrow/ipc.ts"
import type { SplitError } from "./split/SplitError.ts"
import type { Table } from "./Table.ts"

/** The places there are, by number. `left out` is for rows in the gap between two periods. */
export const places = ["train", "validation", "test", "left out"] as const

/** Where a row goes. */
export type Place = (typeof places)[number]

/** One place per row, in the table's order. */
export interface Assignment {
  /** For each row, the number of its place in `places`. */
  readonly places: Uint8Array
}

/** What decides where rows go: a pure function of a table and a key. */
export type Assign<in C extends Columns = Columns> = (
  table: Table<C>,
  key: Key.Key
) => Effect.Effect<Assignment, SplitError>

/** Returns the number of a place. */
export const code = (place: Place): number => places.indexOf(place)

/** Returns the rows of one partition, in the table's order. */
export const rows = (assignment: Assignment, partition: Partition): Uint32Array => {
  const wanted = code(partition)
  const out = new Uint32Array(count(assignment, partition))
  let at = 0
  assignment.places.forEach((place, row) => {
    if (place === wanted) out[at++] = row
  })
  return out
}

/** Counts the rows at a place. */
export const count = (assignment: Assignment, place: Place): number => {
  const wanted = code(place)
  return assignment.places.reduce((sum, found) => sum + (found === wanted ? 1 : 0), 0)
}

const columns = { partition: Column.category(places) }
const Meta = Schema.Struct({ version: Schema.Literal(1) })

/** Keeps an assignment as an Arrow IPC file of one column, `partition`. */
export const codec: Codec.Codec<Assignment> = Codec.stored<Assignment>({
  name: "assignment",
  encode: (assignment) => {
    const length = assignment.places.length
    const values = { partition: Int32Array.from(assignment.places) }
    return { meta: { version: 1 }, blobs: { "assignment.arrow": Ipc.encode({ columns, length, values }) } }
  },
  decode: Effect.fnUntraced(
    function* ({ blobs, meta }) {
      yield* Schema.decodeUnknownEffect(Meta)(meta, { onExcessProperty: "error" })
      const { values } = yield* Ipc.decode(columns, Blob.bytes(blobs["assignment.arrow"]))
      return { places: Uint8Array.from(values.partition as Int32Array) } // its declared column
    },
    Effect.mapError((error) => new Codec.ArtifactError({ codec: "assignment", reason: error.message }))
  )
})
