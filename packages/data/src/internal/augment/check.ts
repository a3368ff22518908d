/** Checks an augmentation against the rows it is for, and a user's own functions where workers look for them. */
import { Key } from "@watertight/core"
import { Effect } from "effect"
import type { Augment, Modules } from "../../augment/Describe.ts"
import type { Dataset } from "../../Dataset.ts"
import type { Table } from "../../Table.ts"
import { load } from "./batch.ts"
import { idWords, planAugment, tellCopies } from "./plan.ts"
import { repeats } from "../columns/contents.ts"
import type { Packed, Plan } from "../loader/fill.ts"
import { LoaderError } from "../loader/pack.ts"
import type { Settings } from "../loader/settings.ts"

/** A user's own functions, which `checkOwn` has found where workers look for them. */
export const functionsOf = (augment: Augment<never> | undefined) =>
  Object.fromEntries(Object.entries(augment?.modules ?? {}).map(([name, { make }]) => [name, make]))

/** Fails unless the modules named export the functions given: worker threads can load them then, and sources cover them. */
const checkOwn = (modules: Modules): Effect.Effect<void, LoaderError> =>
  Effect.forEach(
    Object.entries(modules),
    ([name, { href, make }]) =>
      Effect.tryPromise({
        try: () => load({ [name]: href }),
        catch: (error) => new LoaderError({ reason: `the module of the operation ${name} did not load: ${error}` })
      }).pipe(
        Effect.flatMap((found) =>
          found[name] === make
            ? Effect.void
            : new LoaderError({
                reason: `${href} does not export the function given as ${name}: workers could not find it`
              })
        )
      ),
    { discard: true }
  )

/** Checks an augmentation against the rows, and adds to them and the plan what it needs. */
export const withAugment = Effect.fnUntraced(function* (
  plain: { readonly packed: Packed; readonly plan: Plan },
  augment: Augment<never> | undefined,
  read: { readonly table: Table; readonly dataset: Dataset; readonly options: Settings }
): Effect.fn.Return<{ readonly packed: Packed; readonly plan: Plan }, LoaderError> {
  if (augment === undefined || augment.operations.length === 0) return plain
  const { dataset, options, table } = read
  if (dataset.partition !== "train") {
    return yield* new LoaderError({ reason: `only train rows are augmented; these are ${dataset.partition} rows` })
  }
  const planned = planAugment(augment, table, options, Key.foldIn(options.key, "augment"))
  if (planned instanceof LoaderError) return yield* planned
  if (augment.modules !== undefined) yield* checkOwn(augment.modules)
  const ids = idWords(table.ids)
  return {
    packed: { ...plain.packed, ids: repeats(dataset) ? tellCopies(ids) : ids },
    plan: { ...plain.plan, augment: planned }
  }
})
