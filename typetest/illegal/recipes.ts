/** Steps on columns that are not there or of the wrong kind, and recipes applied before they are fitted. */
import { Partitions, Recipe } from "@watertight/data"
import { digitParts, fitted, parts, recipe, type Taxi, trips } from "../fixtures.ts"

// error: standardize takes float or tensor columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.standardize("zone"))

// error: standardize takes float or tensor columns; pickup is a timestamp
Recipe.of(parts.train).pipe(Recipe.standardize("pickup"))

// error: standardize: there is no column distanse
Recipe.of(parts.train).pipe(Recipe.standardize("distanse"))

// error: standardize takes float or tensor columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.standardize(["distance", "zone"]))

// error: minMax takes float or tensor columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.minMax("zone"))

// error: scale takes float or tensor columns; pickup is a timestamp
Recipe.of(parts.train).pipe(Recipe.scale("pickup", 0.5))

// error: oneHot takes category columns; distance is a float
Recipe.of(parts.train).pipe(Recipe.oneHot("distance"))

// error: oneHot takes category columns; zone is a tensor
Recipe.of(parts.train).pipe(Recipe.oneHot("zone"), Recipe.oneHot("zone"))

// error: oneHot: there is no column Zone
Recipe.of(parts.train).pipe(Recipe.oneHot("Zone"))

// error: robust takes float or tensor columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.robust("zone"))

// error: clip takes float or tensor columns; pickup is a timestamp
Recipe.of(parts.train).pipe(Recipe.clip("pickup"))

// error: yeoJohnson: there is no column distanse
Recipe.of(parts.train).pipe(Recipe.yeoJohnson("distanse"))

// error: ordinal: zone has no level c
Recipe.of(parts.train).pipe(Recipe.ordinal("zone", ["a", "b", "c"]))

// error: ordinal: the order of zone leaves out b
Recipe.of(parts.train).pipe(Recipe.ordinal("zone", ["a"]))

// error: ordinal takes category columns; distance is a float
Recipe.of(parts.train).pipe(Recipe.ordinal("distance", ["a"]))

// error: frequency takes category columns; zone is a float
Recipe.of(parts.train).pipe(Recipe.frequency("zone"), Recipe.frequency("zone"))

// error: bin takes float columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.bin("zone", { bins: 3, by: "width" }))

// error: targetEncode: zone is the target itself
Recipe.of(parts.train).pipe(Recipe.targetEncode("zone", { target: "zone", smoothing: 1 }))

// error: targetEncode: the target takes float or category columns; pickup is a timestamp
Recipe.of(parts.train).pipe(Recipe.targetEncode("zone", { target: "pickup", smoothing: 1 }))

// error: calendar takes timestamp columns; distance is a float
Recipe.of(parts.train).pipe(Recipe.calendar("distance", ["hour"]))

// error: "year"
Recipe.of(parts.train).pipe(Recipe.cyclic("pickup", ["year"]))

// error: polynomial takes float columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.polynomial(["distance", "zone"], { as: "products" }))

// error: pca takes tensor columns; distance is a float
Recipe.of(parts.train).pipe(Recipe.pca("distance", { components: 1 }))

// error: varianceThreshold takes tensor columns; zone is a category
Recipe.of(parts.train).pipe(Recipe.varianceThreshold("zone"))

// error: standardize: there is no column pickup_hour
Recipe.of(parts.train).pipe(Recipe.calendar("pickup", ["weekday"]), Recipe.standardize("pickup_hour"))

// error: smoothing
Recipe.of(parts.train).pipe(Recipe.targetEncode("zone", { target: "fare" }))

// error: Type 'Recipe<
Recipe.apply(recipe, parts.train)

// error: is not assignable
Recipe.apply(fitted, trips)

// error: is not assignable
Recipe.apply(fitted, digitParts.train)

// error: is not assignable
Partitions.map(digitParts, (part) => Recipe.apply(fitted, part))

declare const predicted: Float64Array
declare const both: Recipe.Fitted<typeof Taxi, typeof Taxi>

// error: is not assignable
Recipe.inverse(both, "zone", predicted)

// error: is not assignable
Recipe.inverse(both, "fair", predicted)
