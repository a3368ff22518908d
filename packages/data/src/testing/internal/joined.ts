/** Which rows hang together: by being near, each pair compared by itself, or by having a value in common. */
import { Effect } from "effect"
import * as Components from "../../internal/near/components.ts"
import type * as Near from "../../Near.ts"
import * as Table from "../../Table.ts"
import { nearPairs } from "../CleanLaws.ts"

/** For each row, the first of those it is near or shares a group with, directly or through others. */
export const firsts = (near: Near.Near, table: Table.Table, groups: ReadonlyArray<string> = []) =>
  Effect.map(nearPairs(near, table), (pairs) => {
    const joined = Components.make(table.length)
    for (const [first, second] of pairs) Components.join(joined, first, second)
    for (const name of groups) {
      const values = Table.numbers(table, name)
      values.forEach((value: number, row: number) => Components.join(joined, values.indexOf(value), row))
    }
    return Components.firsts(joined)
  })
