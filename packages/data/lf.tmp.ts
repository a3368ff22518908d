import { Effect } from "effect"
import * as L from "./test/fixtures/large_file.ts"
await Effect.runPromise(L.write(process.argv[2], Number(process.argv[3])))
