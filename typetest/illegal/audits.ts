/** Profiles take train rows, or a whole table with a reason; audits take the three partitions of one split. */
import { Audit, Near, Profile, Recipe, Review } from "@watertight/data"
import { parts, recipe, survey, trips } from "../fixtures.ts"

// error: Profile.of takes the train partition; this is the test partition
Profile.of(parts.test)

// error: Profile.of takes the train partition; this is the validation partition
Profile.of(parts.validation, { target: "fare" })

// error: this table is not split yet: use Split first, or Profile.ofWhole with a reason
Profile.of(trips)

// error: Profile.of takes the train partition of a Split
Profile.of(Audit.of(parts))

// error: "fair"
Profile.of(parts.train, { target: "fair" })

// error: "distance"
Profile.of(parts.train, { predictedAt: "distance" })

// error: because
Profile.ofWhole(trips, { target: "fare" })

// error: is not assignable
Profile.ofWhole(parts.train, { because: "the rows are new to us" })

// error: "fair"
Audit.of(parts, { target: "fair" })

// error: "zone"
Audit.of(parts, { predictedAt: "zone" })

// error: "drop"
Audit.of(parts, { groups: ["drop"] })

// error: "test"
Audit.of({ ...parts, validation: parts.test })

// error: "train"
Audit.of({ ...parts, test: parts.train })

// error: train, validation, test
Audit.of(survey)

// error: Recipe.fit takes the train partition of a Split
Recipe.fit(recipe, Audit.of(parts))

// error: Near.text compares texts; zone is a category
Audit.of(parts, { near: Near.text("zone") })

// error: Near.row: there is no column fair
Audit.of(parts, { near: Near.row({ columns: ["fair"], differing: 1 }) })

// error: Review.labels takes the train partition; this is the test partition
Review.labels(parts.test, { target: "fare" })

// error: this table is not split yet: use Split first
Review.labels(trips, { target: "fare" })

// error: labels are a float or category column; pickup is a timestamp
Review.labels(parts.train, { target: "pickup" })

// error: fare is the target; rows are compared by other columns
Review.labels(parts.train, { target: "fare", features: ["distance", "fare"] })

// error: there is no column distnce
Review.labels(parts.train, { target: "fare", features: ["distnce"] })
