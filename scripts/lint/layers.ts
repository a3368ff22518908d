/** The layer rules as an oxlint plugin, for `scripts/layers.ts`. */
import { rule } from "../layers.ts"
import { noRun } from "./house.ts"

export default { meta: { name: "layers" }, rules: { imports: rule, "no-run": noRun } }
