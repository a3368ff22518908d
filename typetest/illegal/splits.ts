/** Splits that would leak, or that a table's columns do not allow. */
import { Column, Near, Split } from "@watertight/data"
import { digits, mails, measures, parts, pictures, scans, trips, visits } from "../fixtures.ts"

// error: split by time: use Split.temporal
Split.random(trips, { validation: 0.1, test: 0.1 })

// error: split by time: use Split.temporal
Split.stratified(trips, { on: "zone", validation: 0.1, test: 0.1 })

// error: split by time: give a validation table, or use Split.temporal on the whole
Split.given({ train: trips, test: trips }, { validation: 0.1 })

// error: this table has no timestamp column: use Split.random or Split.stratified
Split.temporal(digits, { on: "label", validation: 0.1, test: 0.1 })

// error: "pickup"
Split.temporal(trips, { on: "fare", validation: "7 days", test: "7 days" })

// error: "pickup"
Split.temporal(trips, { on: "dropoff", validation: "7 days", test: "7 days" })

// error: "7 fortnights"
Split.temporal(trips, { on: "pickup", validation: "7 fortnights", test: "7 days" })

// error: "label"
Split.stratified(digits, { on: "image", validation: 0.1, test: 0.1 })

// error: this table has no category column to stratify on: use Split.random
Split.stratified(measures, { on: "a", validation: 0.1, test: 0.1 })

// error: validation
Split.random(digits, { test: 0.1 })

// error: missing the following properties
Split.given({ train: digits, test: measures }, { validation: 0.1 })

// error: "label"
Split.given({ train: digits, test: digits }, { validation: 0.1, stratify: "ink" })

// error: is not assignable
Split.random(parts.train, { validation: 0.1, test: 0.1 })

// error: split by group: use Split.grouped
Split.random(scans, { validation: 0.1, test: 0.1 })

// error: split by group: use Split.grouped
Split.stratified(scans, { on: "tumour", validation: 0.1, test: 0.1 })

// error: split by group: use Split.grouped
Split.hashed(scans, { validation: 0.1, test: 0.1 })

// error: split by group: give a validation table, or use Split.grouped on the whole
Split.given({ train: scans, test: scans }, { validation: 0.1 })

// error: "patient"
Split.grouped(scans, { on: "tumour", validation: 0.1, test: 0.1 })

// error: this table has no category or float column to group by: use Split.random
Split.grouped(pictures, { on: "image", validation: 0.1, test: 0.1 })

// error: split by group and time: use Split.groupedTemporal
Split.grouped(visits, { on: "patient", validation: 0.1, test: 0.1 })

// error: split by group and time: use Split.groupedTemporal
Split.stratifiedGrouped(visits, { on: "patient", stratify: "tumour", validation: 0.1, test: 0.1 })

// error: split by group and time: use Split.groupedTemporal
Split.hashedGrouped(visits, { on: "patient", validation: 0.1, test: 0.1 })

// error: split by group and time: use Split.groupedTemporal
Split.random(visits, { validation: 0.1, test: 0.1 })

// error: split by group and time: use Split.groupedTemporal
Split.temporal(visits, { on: "day", validation: "7 days", test: "7 days" })

// error: split by time: use Split.temporal
Split.hashed(trips, { validation: 0.1, test: 0.1 })

// error: "day"
Split.groupedTemporal(visits, { on: "day", group: "patient", labelEnd: "patient", validation: 0.1, test: 0.1 })

// error: this table has no timestamp column
Split.groupedTemporal(scans, { on: "day", group: "patient", validation: 0.1, test: 0.1 })

// error: "together"
Split.random(digits, { validation: 0.1, test: 0.1, duplicates: "dropped" })

// error: is not assignable
Column.group(Column.timestamp)

// error: Near.text compares texts; tumour is a category
Split.hashedGrouped(scans, { on: "patient", validation: 0.1, test: 0.1, near: Near.text("tumour") })

// error: Near.text compares texts; zone is a category
Split.temporal(trips, { on: "pickup", validation: 0.1, test: 0.1, near: Near.text("zone") })

// error: Near.row: there is no column fair
Split.temporal(trips, { on: "pickup", validation: 0.1, test: 0.1, near: Near.row({ columns: ["fair"], differing: 0 }) })

// error: Near.text: there is no column note
Split.groupedTemporal(visits, { on: "day", group: "patient", validation: 0.1, test: 0.1, near: Near.text("note") })

// error: a validation table is given, so none is carved: near has no rows to part
Split.given({ train: mails, validation: mails, test: mails }, { validation: 0.1, near: Near.text("body") })
