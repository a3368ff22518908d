/**
 * How many threads work on large columns: ids of rows, and steps of recipes that do not depend on each other. Small tables
 * are worked on without any.
 */
import * as Pool from "./internal/threads/pool.ts"

/**
 * How many threads there are at most: as many as processors, and no more than 8, unless given. With one, all work is done
 * where it is asked for. No result depends on it.
 *
 * @example
 * import { Threads } from "@watertight/data"
 * import { Effect } from "effect"
 * const asked = Effect.map(Threads.size, (threads) => threads)
 * Effect.runSync(Effect.provideService(asked, Threads.size, 2)) // => 2
 */
export const size = Pool.size
