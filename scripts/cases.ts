/**
 * Loaded before every test file: properties draw the same cases each time the tests run, so that what passed once passes
 * again. `pnpm test:deep` draws other cases every time, as does `WATERTIGHT_RUNS` with any number: so many for each
 * property, or as many as `WATERTIGHT_SECONDS` have room for, 60 where that is not set.
 */
import * as fc from "fast-check"

const { WATERTIGHT_RUNS: runs, WATERTIGHT_SECONDS: seconds = "60" } = process.env

fc.configureGlobal(runs === undefined ? { seed: 7 } : { interruptAfterTimeLimit: 1000 * Number(seconds) })
