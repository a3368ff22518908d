import { NodeFileSystem } from "@effect/platform-node"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Redacted } from "effect"
import * as fc from "fast-check"
import { createHash, createHmac } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import * as tls from "node:tls"
import { TestClock } from "effect/testing"
import * as S3 from "../../src/sources/S3.ts"
import { Column, Source } from "../../src/index.ts"
import { run } from "../run.ts"
import { externalOf, failure, fixture } from "./files.ts"

/** A key for localhost, made for these tests, and its certificate for a hundred years. */
const pem = readFileSync(fixture("localhost.pem"), "utf8")

const content = "fare\n1.5\n2\n"
const Trips = { fare: Column.float }

const id = "AKIDEXAMPLE"
const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
const credentials = { accessKeyId: id, secretAccessKey: Redacted.make(secret) }

/** The signature of a request by AWS's description of version 4, from what came over the wire. */
const signatureOf = ({ headers, method, url = "" }: IncomingMessage, region: string, key: string): string => {
  const names = /SignedHeaders=([^,]+)/.exec(headers.authorization ?? "")?.[1].split(";") ?? []
  const canonical = [
    method,
    url,
    "",
    ...names.map((name) => `${name}:${String(headers[name])}`),
    "",
    names.join(";"),
    headers["x-amz-content-sha256"]
  ]
  const date = String(headers["x-amz-date"])
  const scope = [date.slice(0, 8), region, "s3", "aws4_request"]
  const hash = createHash("sha256").update(canonical.join("\n")).digest("hex")
  const hmac = (with_: string | Buffer, text: string) => createHmac("sha256", with_).update(text).digest()
  const signing = scope.reduce<string | Buffer>(hmac, `AWS4${key}`)
  return hmac(signing, ["AWS4-HMAC-SHA256", date, scope.join("/"), hash].join("\n")).toString("hex")
}

interface Server {
  readonly safe: string
  readonly plain: string
  readonly tokens: Array<string | undefined>
}

/** A server that checks the signature of every request, for the length of the scope. */
const server = Effect.gen(function* () {
  const tokens: Server["tokens"] = []
  const reply = (request: IncomingMessage, response: ServerResponse) => {
    const { authorization } = request.headers
    tokens.push(request.headers["x-amz-security-token"]?.toString())
    const path = decodeURIComponent(request.url ?? "")
    if (path.startsWith("/public/")) {
      return authorization === undefined ? response.end(content) : response.writeHead(400).end()
    }
    if (path.startsWith("/elsewhere/")) return response.writeHead(301, { "x-amz-bucket-region": "eu-west-1" }).end()
    if (path.startsWith("/turned/")) return response.writeHead(307, { location: "https://other.example/x" }).end()
    const expected = `Credential=${id}/${String(request.headers["x-amz-date"]).slice(0, 8)}/eu-central-1/s3/aws4_request, `
    const isSigned = authorization?.endsWith(`Signature=${signatureOf(request, "eu-central-1", secret)}`)
    if (authorization?.includes(expected) !== true || isSigned !== true) return response.writeHead(403).end()
    return path.includes("missing") ? response.writeHead(404).end() : response.end(content)
  }
  const started = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const servers = { plain: createPlainServer(reply), safe: createServer({ key: pem, cert: pem }, reply) }
      for (const each of [servers.plain, servers.safe])
        await new Promise<void>((done) => each.listen(0, "127.0.0.1", () => done()))
      return servers
    }),
    ({ plain, safe }) =>
      Effect.sync(() => {
        for (const each of [plain, safe]) {
          each.closeAllConnections()
          each.close()
        }
      })
  )
  return {
    plain: `http://localhost:${(started.plain.address() as AddressInfo).port}`,
    safe: `https://localhost:${(started.safe.address() as AddressInfo).port}`,
    tokens
  } satisfies Server
})

const trips = (address: string | URL, s3: Source.S3Options, more: Source.RemoteOptions = {}) =>
  Source.remote(address, (file) => Source.csv(file, Trips), { retries: 0, s3, ...more })

describe("Source.remote of s3://", () => {
  beforeAll(() => tls.setDefaultCACertificates([...tls.getCACertificates("default"), pem]))

  it.effect("signs AWS's published example as AWS does", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2013, 4, 24))
      const headers = yield* S3.signed(
        new URL("https://examplebucket.s3.amazonaws.com/?lifecycle"),
        { "x-amz-content-sha256": createHash("sha256").digest("hex") },
        "us-east-1",
        {
          accessKeyId: "AKIAIOSFODNN7EXAMPLE",
          secretAccessKey: Redacted.make("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        }
      )
      assert.match(headers.authorization, /fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543$/)
    })
  )

  it.effect("asks AWS where nothing else is said", () =>
    Effect.sync(() => {
      const at = (bucket: string, region: string, options: Source.S3Options = {}) =>
        S3.urlOf({ bucket, key: "a/b c+d%.csv" }, region, options)?.href
      assert.strictEqual(at("trips", "eu-west-1"), "https://trips.s3.eu-west-1.amazonaws.com/a/b%20c%2Bd%25.csv")
      assert.strictEqual(at("my.trips", "us-east-1"), "https://s3.us-east-1.amazonaws.com/my.trips/a/b%20c%2Bd%25.csv")
      assert.strictEqual(at("trips", "cn-north-1"), "https://trips.s3.cn-north-1.amazonaws.com.cn/a/b%20c%2Bd%25.csv")
      const endpoint = "https://store.example:9000/s3/"
      assert.strictEqual(at("trips", "x", { endpoint }), "https://store.example:9000/s3/trips/a/b%20c%2Bd%25.csv")
      assert.strictEqual(at("trips", "us-east-1/evil", {}), undefined)
    })
  )

  it.layer(NodeFileSystem.layer)((it) => {
    it.effect("reads signed objects, whatever their key", () =>
      Effect.gen(function* () {
        const { plain, safe, tokens } = yield* server
        const s3 = { endpoint: safe, region: "eu-central-1", credentials }
        const key = "2024/ü (1)+'a%20b*!~&=,;:@$?#\\.csv"
        const source = trips(`s3://trips/${key}`, s3)
        assert.deepStrictEqual([...(yield* run(source)).values.fare], [1.5, 2])
        const local = trips("s3://trips/a.csv", { ...s3, endpoint: plain })
        assert.strictEqual(yield* externalOf(source), yield* externalOf(local))
        const lent = { ...credentials, sessionToken: Redacted.make("lent for a time") }
        const paid = { headers: { "x-amz-request-payer": Redacted.make("requester") } }
        yield* run(trips("s3://trips/a.csv", { ...s3, credentials: lent }, paid))
        assert.strictEqual(tokens.at(-1), "lent for a time")
        assert.notInclude(JSON.stringify(source.stage.params), secret)
        assert.notInclude(JSON.stringify(source.stage.params), "localhost")
        const { table } = Source.quarantine(source)
        assert.strictEqual((yield* run(table)).length, 2)
      })
    )

    it.effect("signs any key as the server reads it", () =>
      Effect.gen(function* () {
        const { plain } = yield* server
        const s3 = { endpoint: plain, region: "eu-central-1", credentials }
        const part = fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).filter((text) => !/[/\0]/.test(text))
        const keys = fc.sample(
          fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/")),
          { numRuns: 12, seed: 1 }
        )
        for (const key of keys.filter((key) => S3.parse(`s3://trips/${key}`) !== undefined)) {
          assert.strictEqual((yield* run(trips(`s3://trips/${key}`, s3))).length, 2, key)
        }
      })
    )

    it.effect("takes credentials from the environment, and none only where told", () =>
      Effect.gen(function* () {
        const { safe } = yield* server
        const s3 = { endpoint: safe }
        const environment = {
          AWS_ACCESS_KEY_ID: id,
          AWS_SECRET_ACCESS_KEY: secret,
          AWS_DEFAULT_REGION: "eu-central-1"
        }
        const within = (env: Record<string, string>) =>
          Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnv({ env }))
        const table = yield* within(environment)(run(trips("s3://trips/a.csv", s3)))
        assert.strictEqual(table.length, 2)
        const error = yield* within({ AWS_ACCESS_KEY_ID: id })(failure(trips("s3://trips/a.csv", s3)))
        assert.strictEqual(error.problem, "bad option")
        assert.include(error.message, 'credentials: "anonymous"')
        const open = trips("s3://public/a.csv", { ...s3, credentials: "anonymous" })
        assert.strictEqual((yield* within(environment)(run(open))).length, 2)
      })
    )

    it.effect("says what is wrong, without its secrets", () =>
      Effect.gen(function* () {
        const { plain, safe } = yield* server
        const s3 = { endpoint: safe, region: "eu-central-1", credentials }
        const other = { ...credentials, secretAccessKey: Redacted.make("another secret") }
        const cases: ReadonlyArray<[string, Source.S3Options, Source.Problem, string]> = [
          ["s3://trips/missing.csv", s3, "missing file", "s3://trips/missing.csv: was answered with 404"],
          ["s3://trips/a.csv", { ...s3, credentials: other }, "unreadable file", "credentials that may read it"],
          ["s3://trips/a.csv", { ...s3, region: "us-east-1" }, "unreadable file", "and the bucket's region"],
          [
            "s3://elsewhere/a.csv",
            s3,
            "unreadable file",
            'The bucket is in eu-west-1: give s3: { region: "eu-west-1" }'
          ],
          ["s3://turned/a.csv", s3, "unreadable file", "answered with 307"],
          ["s3://trips/a.csv", { ...s3, endpoint: "http://store.example" }, "bad option", "without encryption"],
          ["s3://trips/a.csv", { ...s3, endpoint: "ftp://localhost" }, "bad option", "without encryption"],
          ["s3://trips/a.csv", { ...s3, endpoint: "store" }, "bad option", "endpoint or region that is none"],
          ["s3://trips/a.csv", { ...s3, region: "eu west" }, "bad option", "endpoint or region that is none"],
          ["s3://trips/a/../../other/b.csv", s3, "bad option", "is no s3://bucket/key"],
          ["s3://Trips/a.csv", s3, "bad option", "is no s3://bucket/key"],
          ["s3://trips@evil/a.csv", s3, "bad option", "is no s3://bucket/key"],
          ["s3://trips", s3, "bad option", "is no s3://bucket/key"],
          [
            "s3://trips/a.csv",
            { ...s3, endpoint: plain.replace(/\d+$/, "1") },
            "unreadable file",
            "could not be fetched"
          ]
        ]
        for (const [address, options, problem, detail] of cases) {
          const error = yield* failure(trips(address, options))
          assert.strictEqual(error.problem, problem, `${address}: ${error.message}`)
          assert.include(error.message, detail)
          assert.notInclude(error.message, "secret")
          assert.notInclude(error.message, secret)
        }
      })
    )
  })
})
