/** The safetensors format: a length, a JSON header, and the tensors' bytes, little endian, in the order of their names. */
import { Effect, Schema } from "effect"
import type { TensorData, TensorSpec } from "../Program.ts"

/** A tensor on the host. */
export interface HostTensor extends TensorSpec {
  readonly data: TensorData
}

const Header = Schema.fromJsonString(
  Schema.Record(
    Schema.String,
    Schema.Union([
      Schema.Struct({
        dtype: Schema.Literals(["F32", "I32"]),
        shape: Schema.Array(Schema.Int),
        data_offsets: Schema.Tuple([Schema.Int, Schema.Int])
      }),
      Schema.Record(Schema.String, Schema.String)
    ])
  )
)

export class SafetensorsError extends Schema.TaggedError<SafetensorsError>()("SafetensorsError", {
  reason: Schema.String
}) {
  override get message() {
    return `These bytes are no safetensors file: ${this.reason}`
  }
}

const headerLengthBytes = 8

/** Writes tensors, and strings that describe them. The same content always gives the same bytes. */
export const encode = (
  tensors: Readonly<Record<string, HostTensor>>,
  metadata: Readonly<Record<string, string>> = {}
): Uint8Array => {
  const names = Object.keys(tensors).sort()
  let offset = 0
  const entries = names.map((name) => {
    const { data, dtype, shape } = tensors[name]
    const begin = offset
    offset += data.byteLength
    return [name, { dtype: dtype === "float32" ? "F32" : "I32", shape, data_offsets: [begin, offset] }] as const
  })
  const described = Object.keys(metadata).length === 0 ? [] : [["__metadata__", metadata] as const]
  const json = JSON.stringify(Object.fromEntries([...described, ...entries]))
  const header = Buffer.from(
    json.padEnd(Math.ceil(Buffer.byteLength(json) / 8) * 8 - Buffer.byteLength(json) + json.length)
  )
  const bytes = new Uint8Array(headerLengthBytes + header.length + offset)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true)
  bytes.set(header, headerLengthBytes)
  const base = headerLengthBytes + header.length
  for (const [name, { data_offsets }] of entries) {
    const { data } = tensors[name]
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), base + data_offsets[0])
  }
  return bytes
}

/** Reads tensors and their description. Copies, so that the tensors outlive the bytes. */
export const decode = Effect.fnUntraced(function* (bytes: Uint8Array) {
  if (bytes.length < headerLengthBytes) return yield* new SafetensorsError({ reason: "it ends before its header" })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerLength = Number(view.getBigUint64(0, true))
  const base = headerLengthBytes + headerLength
  if (base > bytes.length) return yield* new SafetensorsError({ reason: "it ends within its header" })
  const header = yield* Schema.decodeUnknownEffect(Header)(
    Buffer.from(bytes.subarray(headerLengthBytes, base)).toString("utf8")
  ).pipe(Effect.mapError((issue) => new SafetensorsError({ reason: issue.message })))
  const tensors: Record<string, HostTensor> = {}
  let metadata: Readonly<Record<string, string>> = {}
  for (const [name, entry] of Object.entries(header)) {
    if (!isTensorEntry(entry)) {
      metadata = entry
      continue
    }
    const [begin, end] = entry.data_offsets
    const size = entry.shape.reduce((product, length) => product * length, 4)
    if (end - begin !== size || base + end > bytes.length) {
      return yield* new SafetensorsError({ reason: `tensor "${name}" does not fit its place` })
    }
    const copy = new Uint8Array(bytes.subarray(base + begin, base + end)).buffer
    tensors[name] =
      entry.dtype === "F32"
        ? { dtype: "float32", shape: entry.shape, data: new Float32Array(copy) }
        : { dtype: "int32", shape: entry.shape, data: new Int32Array(copy) }
  }
  return { tensors, metadata }
})

type HeaderEntry = (typeof Header.Type)[string]
type TensorEntry = Exclude<HeaderEntry, Readonly<Record<string, string>>>

const isTensorEntry = (entry: HeaderEntry): entry is TensorEntry => "data_offsets" in entry
