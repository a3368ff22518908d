/** Rows and files that cannot be what is declared. */
import { Column, Columns, Source } from "@watertight/data"
import { Stream } from "effect"

const Trips = Columns.make({ at: Column.timestamp, zone: Column.category(["a", "b"]), fare: Column.float })

// error: a text cell holds no tensor: declare float, category, timestamp and text columns
Source.csv("images.csv", { image: Column.tensor([2, 2]) })

// error: Type 'string' is not assignable to type 'number'
Source.rows([{ at: "2024-01-31", zone: "a", fare: "12.5" }], Trips)

// error: Type '"c"' is not assignable to type '"a" | "b"'
Source.rows([{ at: "2024-01-31", zone: "c", fare: 12.5 }], Trips)

// error: Property 'fare' is missing
Source.rows([{ at: "2024-01-31", zone: "a" }], Trips)

// error: 'tip' does not exist
Source.rows([{ at: "2024-01-31", zone: "a", fare: 12.5, tip: 1 }], Trips)

// error: Type 'number' is not assignable to type 'string | Date'
Source.rows([{ at: 1706659200000, zone: "a", fare: 12.5 }], Trips)

// error: is not assignable
Source.stream(Stream.make({ at: new Date(0), zone: "a" as const, fare: null }), Trips)

// error: Expected 3 arguments
Source.sql("SELECT 1.0 AS fare", { fare: Column.float })

// error: is not assignable to type '"array" | "lines"
Source.json("trips.json", Trips, { format: "jsonl" })
