/** What learns takes train rows: everything else is refused in words. */
import { Node } from "@watertight/core"
import { Partitions, Recipe, Split } from "@watertight/data"
import { Train } from "@watertight/model"
import { digits, fare, fitted, mean, measures, module, parts, ready, recipe, trips } from "../fixtures.ts"

// error: Recipe.fit takes the train partition; this is the test partition
Recipe.fit(recipe, parts.test)

// error: Recipe.fit takes the train partition; this is the validation partition
Recipe.fit(recipe, parts.validation)

// error: Recipe.fit takes the train partition; this table is not split yet: use Split first
Recipe.fit(recipe, trips)

// error: Recipe.fit takes the train partition of a Split
Recipe.fit(recipe, fitted)

// error: Recipe.fit: this recipe was described for other columns
Recipe.fit(recipe, Split.random(measures, { validation: 0.1, test: 0.1 }).train)

// error: Recipe.of takes the train partition; this is the test partition
Recipe.of(parts.test)

// error: Recipe.of takes the train partition; this is the validation partition
Recipe.of(parts.validation)

// error: Recipe.of takes the train partition; this table is not split yet: use Split first
Recipe.of(digits)

// error: Recipe.fit takes the train partition
Partitions.map(parts, (part) => Recipe.apply(Recipe.fit(recipe, part), part))

// error: "test"
Node.make(mean, { rows: parts.test })

// error: "validation"
Node.make(mean, { rows: parts.validation })

// error: Train.fit: train takes the train partition; this is the test partition
Train.fit(module, { ...fare, validation: ready.validation, train: ready.test })

// error: Train.fit: train takes the train partition; this is the validation partition
Train.fit(module, { ...fare, validation: ready.validation, train: ready.validation })

// error: Train.fit: validation takes the validation partition; this is the test partition
Train.fit(module, { ...fare, train: ready.train, validation: ready.test })

// error: Train.fit: validation takes the validation partition; this is the train partition
Train.fit(module, { ...fare, train: ready.train, validation: ready.train })

// error: Train.fit: train takes the train partition; this table is not split yet: use Split first
Train.fit(module, { ...fare, features: ["distance"], validation: ready.validation, train: trips })
