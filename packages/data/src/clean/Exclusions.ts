/**
 * Which rows of a table leave, and for which reason: one place per row, so no row leaves twice. What is kept and what is
 * counted are both read off it.
 */
import { Blob, Codec } from "@watertight/core"
import { Effect, Schema } from "effect"
import * as Column from "../Column.ts"
import * as Excluded from "../Excluded.ts"
import * as Ipc from "../internal/arrow/ipc.ts"

/** One place per row, in the table's order. */
export interface Exclusions {
  /** What was counted before these rows came, if anything was. */
  readonly before: Excluded.Excluded | null
  /** In the order in which rows left. */
  readonly reasons: ReadonlyArray<string>
  /** For each row the place of its reason in `reasons`, -1 if it stays. */
  readonly of: Int32Array
  /** How many values of which column were made missing, for each step that does so. */
  readonly missing: NonNullable<Excluded.Excluded["missing"]>
}

/** Returns the rows that stay, in the table's order. */
export const kept = ({ of }: Exclusions): Uint32Array => Uint32Array.from(of.keys()).filter((row) => of[row] < 0)

/** Counts the rows that left by reason. */
export const count = ({ before, missing, of, reasons }: Exclusions): Excluded.Excluded => {
  const rows = new Int32Array(reasons.length)
  let stayed = 0
  for (const reason of of) {
    if (reason < 0) stayed++
    else rows[reason]++
  }
  const own = {
    rows: of.length,
    steps: reasons.map((reason, place) => ({ reason, rows: rows[place] })),
    kept: stayed,
    ...(missing.length === 0 ? {} : { missing })
  }
  return before === null ? own : Excluded.after(before, own)
}

const Meta = Schema.Struct({
  version: Schema.Literal(2),
  before: Schema.NullOr(Excluded.Excluded),
  reasons: Schema.Array(Schema.String),
  missing: Schema.Array(Schema.Struct({ column: Schema.String, values: Schema.Int }))
})

const columnsOf = (reasons: ReadonlyArray<string>) => ({ reason: Column.optional(Column.category(reasons)) })

/** Keeps exclusions as an Arrow IPC file of one column, `reason`: null for rows that stay. */
export const codec: Codec.Codec<Exclusions> = Codec.stored<Exclusions>({
  name: "exclusions",
  encode: ({ before, missing, of, reasons }) => ({
    meta: Schema.encodeSync(Meta)({ version: 2, before, reasons, missing }),
    blobs: {
      "exclusions.arrow": Ipc.encode({ columns: columnsOf(reasons), length: of.length, values: { reason: of } })
    }
  }),
  decode: Effect.fnUntraced(
    function* ({ blobs, meta }) {
      const { before, missing, reasons } = yield* Schema.decodeUnknownEffect(Meta)(meta, { onExcessProperty: "error" })
      const columns = columnsOf(reasons)
      const { values } = yield* Ipc.decode(columns, Blob.bytes(blobs["exclusions.arrow"]))
      return { before, reasons, missing, of: Int32Array.from(values.reason as Int32Array) } // of a category
    },
    Effect.mapError((error) => new Codec.ArtifactError({ codec: "exclusions", reason: error.message }))
  )
})
