import { NodeFileSystem } from "@effect/platform-node"
import { Ledger, Pipeline, Store } from "@watertight/core"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Redacted } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import * as tls from "node:tls"
import { Column, Source, Table } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, fixture } from "./files.ts"

/** A key for localhost, made for this test, and its certificate for a hundred years. */
const pem = readFileSync(fixture("localhost.pem"), "utf8")

const content = "fare,zone\n1.5,a\n2,b\n"
const sha256 = createHash("sha256").update(content).digest("hex")
const Trips = { fare: Column.float, zone: Column.category(["a", "b"]) }

interface Served {
  /** How often each path was asked for. */
  readonly asked: Map<string, number>
  body: string
}

const answer = (served: Served, plain: () => string) => (request: IncomingMessage, response: ServerResponse) => {
  const path = new URL(request.url ?? "/", "https://localhost").pathname
  const times = (served.asked.get(path) ?? 0) + 1
  served.asked.set(path, times)
  switch (path) {
    case "/trips.csv":
      return response.end(served.body)
    case "/flaky/trips.csv":
      return times < 3 ? response.writeHead(503).end() : response.end(served.body)
    case "/private/trips.csv":
      return request.headers.authorization === "Bearer open sesame"
        ? response.end(served.body)
        : response.writeHead(403).end()
    case "/short/trips.csv":
      response.writeHead(200, { "content-length": served.body.length + 100 })
      response.write(served.body)
      return setTimeout(() => response.destroy(), 20)
    case "/silent/trips.csv":
      return response.write(served.body)
    case "/large/trips.csv":
      return response.end("x".repeat(100_000))
    case "/turned/trips.csv":
      return response.writeHead(302, { location: `${plain()}/trips.csv` }).end()
    default:
      return response.writeHead(404).end()
  }
}

/** Servers with and without encryption, for the length of the scope. */
const servers = Effect.gen(function* () {
  const served: Served = { asked: new Map(), body: content }
  const address = { plain: "", safe: "" }
  const reply = answer(served, () => address.plain)
  const started = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const plain = createPlainServer(reply)
      const safe = createServer({ key: pem, cert: pem }, reply)
      for (const server of [plain, safe]) await new Promise<void>((done) => server.listen(0, "127.0.0.1", () => done()))
      return { plain, safe }
    }),
    ({ plain, safe }) =>
      Effect.sync(() => {
        for (const server of [plain, safe]) {
          server.closeAllConnections()
          server.close()
        }
      })
  )
  address.plain = `http://localhost:${(started.plain.address() as AddressInfo).port}`
  address.safe = `https://localhost:${(started.safe.address() as AddressInfo).port}`
  return { ...address, served }
})

const quick = { retries: 0, patience: "300 millis" } as const
const trips = (address: string, options: Source.RemoteOptions = quick) =>
  Source.remote(address, (file) => Source.csv(file, Trips), options)

describe("Source.remote", () => {
  beforeAll(() => tls.setDefaultCACertificates([...tls.getCACertificates("default"), pem]))

  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads a file over TLS, versioned by its bytes", () =>
      Effect.gen(function* () {
        const { safe, served } = yield* servers
        const source = trips(`${safe}/trips.csv`)
        assert.deepStrictEqual([...(yield* run(source)).values.fare], [1.5, 2])
        const before = yield* externalOf(source)
        assert.strictEqual(yield* externalOf(trips(`${safe}/trips.csv?token=x`)), before)
        served.body = content.replace("1.5", "3")
        assert.notStrictEqual(yield* externalOf(source), before)
        const { quarantine, table } = Source.quarantine(trips(`${safe}/trips.csv`))
        served.body = `${content}x,a\n`
        assert.strictEqual((yield* run(table)).length, 2)
        assert.deepStrictEqual(
          (yield* run(quarantine)).setAside.map(({ file, row }) => [file, row]),
          [["trips.csv", 3]]
        )
        assert.strictEqual((yield* failure(source)).file, `${safe}/trips.csv`)
      })
    )

    it.effect("asks the network only for what the store does not have, once the SHA-256 is declared", () =>
      Effect.gen(function* () {
        const { plain, served } = yield* servers
        const pipeline = Pipeline.make("p", { trips: trips(`${plain}/trips.csv`, { ...quick, sha256 }) })
        const first = yield* Pipeline.run(pipeline, { seed: 1 })
        const again = yield* Pipeline.run(pipeline, { seed: 1 })
        assert.strictEqual(Table.digest(first.outputs.trips), Table.digest(again.outputs.trips))
        assert.strictEqual(served.asked.get("/trips.csv"), 1)
        served.body = `${content}3,a\n`
        const error = yield* failure(trips(`${plain}/trips.csv`, { ...quick, sha256 }))
        assert.strictEqual(error.problem, "files differ")
      }).pipe(Effect.provide([Store.layerMemory, Ledger.layerMemory]))
    )
  })

  it.live("tries again where that helps, and nowhere else", () =>
    Effect.gen(function* () {
      const { safe, served } = yield* servers
      const source = trips(`${safe}/flaky/trips.csv`, { retries: 3 })
      const table = yield* source.stage.run({} as never, {} as never) as Effect.Effect<Table.Table<typeof Trips>>
      assert.strictEqual(table.length, 2)
      assert.strictEqual(served.asked.get("/flaky/trips.csv"), 3)
      yield* Effect.flip(
        trips(`${safe}/no.csv`, { retries: 3 }).stage.run({} as never, {} as never) as Effect.Effect<never, unknown>
      )
      assert.strictEqual(served.asked.get("/no.csv"), 1)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.live("says what is wrong with an address, without its secrets", () =>
    Effect.gen(function* () {
      const { plain, safe } = yield* servers
      const key = { authorization: Redacted.make("Bearer open sesame") }
      const open = trips(`${safe}/private/trips.csv`, { ...quick, headers: key })
      assert.strictEqual((yield* run(open)).length, 2)
      assert.notInclude(JSON.stringify(open.stage.params), "sesame")
      const cases: ReadonlyArray<[string, Source.RemoteOptions, Source.Problem, string]> = [
        [`${safe}/no.csv`, quick, "missing file", "was answered with 404"],
        [`${safe}/private/trips.csv`, quick, "unreadable file", "was answered with 403"],
        [`${safe}/flaky/trips.csv`, quick, "unreadable file", "was answered with 503"],
        [`${safe}/short/trips.csv`, quick, "truncated", "could not be fetched"],
        [`${safe}/silent/trips.csv`, quick, "truncated", "sent nothing for 300ms"],
        [`${safe}/large/trips.csv`, { ...quick, maximumBytes: 99_999 }, "too large", "more than 99999 bytes"],
        [`${safe}/turned/trips.csv`, quick, "unreadable file", "leads to an address without encryption"],
        [`${plain}/trips.csv`, quick, "bad option", "Give its sha256"],
        [`${plain}/trips.csv`, { ...quick, sha256: "12" }, "bad option", "64 hexadecimal digits"],
        ["https://localhost:1/trips.csv", quick, "unreadable file", "could not be fetched"],
        [`${safe.replace("://", "://me:secret@")}/trips.csv`, quick, "bad option", "Give them in headers"],
        ["ftp://localhost/trips.csv", quick, "bad option", "is no https:// or s3:// address"],
        ["no address", quick, "bad option", "is no https:// or s3:// address"]
      ]
      for (const [address, options, problem, detail] of cases) {
        const secret = URL.canParse(address) ? `${address}?token=secret#secret` : address
        const source = trips(
          options.sha256 === undefined && !address.includes("localhost:1/") ? secret : address,
          options
        )
        const error = yield* failure(source)
        assert.strictEqual(error.problem, problem, `${address}: ${error.message}`)
        assert.include(error.message, detail)
        assert.notInclude(error.message + JSON.stringify(source.stage.params), "secret")
      }
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
