/**
 * Loaded before every test file: properties draw the same cases each time the tests run, so that what passed once passes
 * again. `pnpm test:deep` draws other cases every time, as does `WATERTIGHT_RUNS` with any number.
 */
import * as fc from "fast-check"

if (process.env.WATERTIGHT_RUNS === undefined) fc.configureGlobal({ seed: 7 })
