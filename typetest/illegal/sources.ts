/** Rows and files that cannot be what is declared. */
import { Column, Columns, Source } from "@watertight/data"
import { Redacted, Stream } from "effect"

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

// error: only a source that reads files, a database or rows sets rows aside
Source.quarantine(Source.head(Source.csv("trips.csv", { fare: Column.float }), 10))

// error: only a source that reads files, a database or rows sets rows aside
Source.quarantine(Source.quarantine(Source.arrow("trips.arrow", { fare: Column.float })).table)

// error: Type '2' is not assignable to type 'Channels'
Source.images("pets", { height: 32, width: 32, channels: 2, labels: "folders" })

// error: is not assignable to type
Source.images("pets", { height: 32, width: 32, channels: 3, labels: ["cat", "dog"] })

// error: is not assignable to type 'Fit
Source.images("pets", { height: 32, width: 32, channels: 3, labels: "none", fit: "cover" })

// error: is not assignable to type 'Encoding
Source.texts("reviews", { labels: "folders", encoding: "ascii" })

// error: Property '[SetsRowsAside]' is missing
Source.remote("https://data.example/trips.csv", (file) => Source.head(Source.csv(file, { fare: Column.float }), 10))

// error: Type 'string' is not assignable to type 'Redacted
Source.remote("https://data.example/trips.csv", (file) => Source.csv(file, { fare: Column.float }), {
  headers: { authorization: "Bearer secret" }
})

// error: Type 'string' is not assignable to type 'Redacted
Source.remote("s3://bucket/trips.csv", (file) => Source.csv(file, { fare: Column.float }), {
  s3: { credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" } }
})

// error: is not assignable to type
Source.remote("s3://bucket/trips.csv", (file) => Source.csv(file, { fare: Column.float }), {
  s3: { credentials: "none" }
})

const connection = Redacted.make("postgres://host/trips")

// error: Type '"fare"' is not assignable to type '"at"'
Source.postgres("SELECT at FROM trips", { at: Column.timestamp }, { connection, orderBy: ["fare"] })

// error: Type 'string' is not assignable to type
Source.postgres("SELECT at FROM trips", { at: Column.timestamp }, { connection: "postgres://me:secret@host/trips" })
