/**
 * What any derivation of keys by name or number must do, as laws: different names, different keys; the same name, the
 * same key; and different parents, different children.
 */
import * as fc from "fast-check"
import type { Key } from "../Key.ts"
import * as Law from "./Law.ts"

/** Generates keys, with few and with many bits set. */
export const key: fc.Arbitrary<Key> = fc.record({ hi: word(), lo: word() }, { noNullPrototype: true })

function word(): fc.Arbitrary<number> {
  return fc.oneof(fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 1, 2 ** 31, 0xffffffff))
}

/** Generates what a key is folded with: any text, lone surrogates included, or an integer in [0, 2^32). */
export const name: fc.Arbitrary<string | number> = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", " ", "a", "A", "\u00e9", "e\u0301", "\ud800", "\udc00", "split", "augment", "0", "1", "-0"),
  word(),
  fc.nat({ max: 20 })
)

const same = (a: Key, b: Key): boolean => a.hi === b.hi && a.lo === b.lo

const show = (value: string | number): string => JSON.stringify(value)

/** "key: folding different names gives different keys", for an implementation of `Key.foldIn`. */
export const differentNames = (foldIn: (key: Key, name: string | number) => Key): Law.Law =>
  Law.make(
    "key: folding different names gives different keys",
    fc.tuple(key, fc.uniqueArray(name, { minLength: 2, maxLength: 60 })),
    ([parent, names]) => {
      const seen = new Map<string, string | number>()
      for (const each of names) {
        const child = foldIn(parent, each)
        const at = `${child.hi},${child.lo}`
        const other = seen.get(at)
        Law.ensure(other === undefined, () => `${show(each)} and ${show(other ?? "")} give the same key`)
        seen.set(at, each)
      }
    }
  )

/** "key: folding the same name gives the same key", for an implementation of `Key.foldIn`. */
export const sameName = (foldIn: (key: Key, name: string | number) => Key): Law.Law =>
  Law.make("key: folding the same name gives the same key", fc.tuple(key, name, name), ([parent, each, between]) => {
    const first = foldIn(parent, each)
    foldIn(parent, between)
    Law.ensure(same(first, foldIn({ ...parent }, each)), () => `${show(each)} gives another key the second time`)
  })

/** "key: different keys give different keys for one name", for an implementation of `Key.foldIn`. */
export const differentKeys = (foldIn: (key: Key, name: string | number) => Key): Law.Law =>
  Law.make("key: different keys give different keys for one name", fc.tuple(key, key, name), ([one, other, each]) => {
    if (same(one, other)) return
    Law.ensure(!same(foldIn(one, each), foldIn(other, each)), () => `${show(each)} gives both the same key`)
  })

/** All laws of an implementation of `Key.foldIn`. */
export const all = (foldIn: (key: Key, name: string | number) => Key): ReadonlyArray<Law.Law> => [
  differentNames(foldIn),
  sameName(foldIn),
  differentKeys(foldIn)
]
