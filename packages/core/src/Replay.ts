/**
 * Comparing runs. A replay computes everything again, reusing nothing, and every digest must be the recorded one; a diff
 * sets two recorded runs side by side. Both name the first place that differs: the node, and inside it the first value.
 */
import { Effect, Layer, Predicate, Schema } from "effect"
import * as Artifact from "./Artifact.ts"
import * as Blob from "./Blob.ts"
import type { ArtifactError } from "./Codec.ts"
import { Digest } from "./Digest.ts"
import type { Ledger } from "./Ledger.ts"
import type { Manifest, NodeRecord } from "./Manifest.ts"
import type * as Node from "./Node.ts"
import * as Pipeline from "./Pipeline.ts"
import { type CorruptObject, Store, type StoreError } from "./Store.ts"

/** The first place where two values differ. */
export const Difference = Schema.Struct({ where: Schema.String, left: Schema.String, right: Schema.String })

/** The first place where two values differ. */
export type Difference = typeof Difference.Type

/** The first node at which two runs differ, and what differs there. */
export const RunDifference = Schema.Struct({
  node: Schema.String,
  left: Schema.NullOr(Digest),
  right: Schema.NullOr(Digest),
  /** What differs besides the output: parameters, version, engine, sources of the inputs. */
  because: Schema.Array(Schema.String),
  inside: Schema.NullOr(Difference)
})

/** The first node at which two runs differ, and what differs there. */
export type RunDifference = typeof RunDifference.Type

/** Finds the first difference between two artifacts of one codec in that codec's own terms, such as epoch and step. */
export type Explain = (
  left: Artifact.Artifact,
  right: Artifact.Artifact
) => Effect.Effect<Difference | undefined, ArtifactError>

/** Explanations by the name of the codec. */
export type Explanations = Readonly<Record<string, Explain>>

/**
 * Runs a pipeline again as a manifest records it. The `Store` must be an empty one, so that nothing is reused; the
 * ledger is the real one, so that the test rows are read again only by the very same model. The first node whose digest
 * is not the recorded one fails with `ReplayMismatch`, before anything that follows from it is computed.
 */
export const replay = <O extends Pipeline.Outputs>(
  pipeline: Pipeline.Pipeline<O>,
  manifest: Manifest,
  options: Omit<Pipeline.RunOptions, "seed" | "expected"> = {}
): Effect.Effect<
  Pipeline.RunResult<O>,
  Pipeline.RunError | Node.Error<O[keyof O]>,
  Store | Ledger | Node.Services<O[keyof O]>
> =>
  Pipeline.run(pipeline, {
    ...options,
    seed: manifest.seed,
    expected: new Map(manifest.nodes.map((node) => [node.name, node.digest]))
  })

const reasons = (left: NodeRecord, right: NodeRecord): ReadonlyArray<string> => {
  const show = (value: unknown) => JSON.stringify(value)
  const fields = ["stage", "version", "params", "engine", "address"] as const
  return fields.flatMap((field) => {
    const [a, b] = [show(left[field]), show(right[field])]
    if (a === b) return []
    const difference = firstJsonDifference(left[field], right[field], field)
    return [difference === undefined ? field : `${difference.where}: ${difference.left} → ${difference.right}`]
  })
}

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "nothing"
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}

/** Finds the first place, depth first, where two JSON values differ. */
export const firstJsonDifference = (left: unknown, right: unknown, where = ""): Difference | undefined => {
  if (JSON.stringify(left) === JSON.stringify(right)) return undefined
  if (Predicate.isObject(left) && Predicate.isObject(right)) {
    const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].sort()
    for (const name of names) {
      const inside = firstJsonDifference(left[name], right[name], where === "" ? name : `${where}.${name}`)
      if (inside !== undefined) return inside
    }
    return undefined
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    for (let index = 0; index < Math.max(left.length, right.length); index++) {
      const inside = firstJsonDifference(left[index], right[index], `${where}[${index}]`)
      if (inside !== undefined) return inside
    }
    return undefined
  }
  return { where, left: show(left), right: show(right) }
}

/** Finds the first difference of two artifacts: in their codec's terms if it has any, else by JSON path or byte. */
export const explain = Effect.fnUntraced(function* (
  left: Artifact.Artifact,
  right: Artifact.Artifact,
  explanations: Explanations = {}
): Effect.fn.Return<Difference | undefined, ArtifactError> {
  const own = left.codec === right.codec ? explanations[left.codec] : undefined
  const special = own === undefined ? undefined : yield* own(left, right)
  if (special !== undefined) return special
  const meta = firstJsonDifference(left.meta, right.meta)
  if (meta !== undefined) return meta
  const names = [...new Set([...Object.keys(left.blobs), ...Object.keys(right.blobs)])].sort()
  for (const name of names) {
    const [a, b] = [left.blobs[name], right.blobs[name]]
    if (a === undefined || b === undefined)
      return { where: name, left: a ? "there" : "absent", right: b ? "there" : "absent" }
    if (a.byteLength !== b.byteLength) {
      return { where: name, left: `${a.byteLength} bytes`, right: `${b.byteLength} bytes` }
    }
    const found = Blob.firstDifference(a, b)
    if (found !== undefined) {
      return { where: `${name}, byte ${found.byte}`, left: `${found.left}`, right: `${found.right}` }
    }
  }
  return undefined
})

/** Reads the same node's artifact in both stores and finds what differs in it. */
export const explainNode = Effect.fnUntraced(function* (
  left: { readonly store: Store["Service"]; readonly digest: Digest },
  right: { readonly store: Store["Service"]; readonly digest: Digest },
  explanations?: Explanations
): Effect.fn.Return<Difference | null, StoreError | CorruptObject | ArtifactError> {
  const readable = (yield* left.store.has(left.digest)) && (yield* right.store.has(right.digest))
  if (!readable) return null
  const [a, b] = yield* Effect.all(
    [left, right].map(({ digest, store }) => Artifact.get(digest).pipe(Effect.provide(Layer.succeed(Store, store))))
  )
  return (yield* explain(a, b, explanations)) ?? null
})

/** Finds the first node, inputs before what uses them, at which two recorded runs differ; `null` when they are equal. */
export const diff = Effect.fnUntraced(function* (
  left: Manifest,
  right: Manifest,
  explanations?: Explanations
): Effect.fn.Return<RunDifference | null, StoreError | CorruptObject | ArtifactError, Store> {
  const store = yield* Store
  const others = new Map(right.nodes.map((node) => [node.name, node]))
  const names = new Set(left.nodes.map((node) => node.name))
  for (const node of left.nodes) {
    const other = others.get(node.name)
    if (other === undefined) {
      return { node: node.name, left: node.digest, right: null, because: ["it is in the first run only"], inside: null }
    }
    if (node.digest === other.digest) continue
    const inside = yield* explainNode({ store, digest: node.digest }, { store, digest: other.digest }, explanations)
    const seed = left.seed === right.seed ? [] : [`seed: ${left.seed} → ${right.seed}`]
    return {
      node: node.name,
      left: node.digest,
      right: other.digest,
      because: [...reasons(node, other), ...seed],
      inside
    }
  }
  const extra = right.nodes.find((node) => !names.has(node.name))
  return extra === undefined
    ? null
    : { node: extra.name, left: null, right: extra.digest, because: ["it is in the second run only"], inside: null }
})
