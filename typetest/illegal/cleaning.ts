/** Cleaning that makes no sense for a column, or that a split cannot do. */
import { Clean, Near, Resample, Split } from "@watertight/data"
import { letters, mailParts, mails, scans } from "../fixtures.ts"

// error: sentinel: photo is a tensor, which is never missing: use Clean.drop
Clean.of(letters).pipe(Clean.sentinel("photo", 0))

// error: sentinel: body is a text, which is never missing: use Clean.drop
Clean.of(letters).pipe(Clean.sentinel("body", "N/A"))

// error: sentinel: age holds numbers: give a number
Clean.of(letters).pipe(Clean.sentinel("age", "-999"))

// error: sentinel: sent holds instants: give one as text, such as 1970-01-01
Clean.of(letters).pipe(Clean.sentinel("sent", 0))

// error: sentinel: kind has no such level
Clean.of(letters).pipe(Clean.sentinel("kind", "none"))

// error: sentinel: kind has no such level
Clean.of(letters).pipe(Clean.sentinel("kind", "N/A"), Clean.sentinel("kind", "N/A"))

// error: sentinel: patient is a group, and every row needs one: use Clean.drop
Clean.of(scans).pipe(Clean.sentinel("patient", -1))

// error: sentinel: there is no column aeg
Clean.of(letters).pipe(Clean.sentinel("aeg", -1))

// error: dropOutside takes float and timestamp columns; kind is a category
Clean.of(letters).pipe(Clean.dropOutside("kind", { minimum: 0 }))

// error: dropOutside: sent holds instants: give them as text, such as 2024-01-31
Clean.of(letters).pipe(Clean.dropOutside("sent", { minimum: 0 }))

// error: dropOutside: age holds numbers: give numbers
Clean.of(letters).pipe(Clean.dropOutside("age", { minimum: 0, maximum: "120" }))

// error: dropNonFinite takes float and tensor columns; sent is a timestamp
Clean.of(letters).pipe(Clean.dropNonFinite(["sent"]))

// error: dropBlank takes tensor and text columns; age is a float
Clean.of(letters).pipe(Clean.dropBlank("age"))

// error: Property 'colour' does not exist
Clean.of(letters).pipe(Clean.drop("red", (row) => row.colour === "red"))

// error: no overlap
Clean.of(letters).pipe(Clean.drop("junk", (row) => row.kind === "junk"))

// error: is possibly 'null'
Clean.of(letters).pipe(
  Clean.sentinel("age", -1),
  Clean.drop("young", (row) => row.age < 3)
)

// error: dropDuplicates: there is no column id
Clean.of(letters).pipe(Clean.dropDuplicates({ except: ["id"] }))

// error: contradictions
Clean.of(letters).pipe(Clean.dropDuplicates({ target: "kind" }))

// error: Near.text compares texts; age is a float
Clean.of(letters).pipe(Clean.dropNearDuplicates(Near.text("age")))

// error: Near.image compares tensors; body is a text
Clean.of(letters).pipe(Clean.dropNearDuplicates(Near.image("body")))

// error: Near.image compares tensors of height, width and channels; vector has another shape
Clean.of(letters).pipe(Clean.dropNearDuplicates(Near.image("vector")))

// error: Near.row rounds floats; kind is a category
Clean.of(letters).pipe(Clean.dropNearDuplicates(Near.row({ differing: 1, round: { kind: 1 } })))

// error: Near.row: there is no column speed
Clean.of(letters).pipe(Clean.dropNearDuplicates(Near.row({ columns: ["speed", "age"], differing: 1 })))

// error: Near.text compares texts; length is a float
Split.random(mails, { validation: 0.1, test: 0.1, near: Near.text("length") })

// error: Near.text: there is no column text
Split.hashed(mails, { validation: 0.1, test: 0.1, near: Near.text("text") })

// error: is not assignable
Clean.of(Split.random(mails, { validation: 0.1, test: 0.1 }).train)

// error: Near.text compares texts; length is a float
Split.grouped(mails, { on: "length", validation: 0.1, test: 0.1, near: Near.text("length") })

// error: Near.text compares texts; length is a float
Split.given({ train: mails, test: mails }, { validation: 0.1, near: Near.text("length") })

// error: Near.text compares texts; kind is a category
Resample.kFold(mailParts.train, { folds: 5, near: Near.text("kind") })
