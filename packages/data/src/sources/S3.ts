/**
 * Objects in S3 and what speaks its protocol, by `s3://bucket/key`: where they are asked for, and how a request is signed
 * (AWS Signature Version 4). Credentials are used and kept nowhere.
 */
import { AwsV4Signer } from "aws4fetch"
import { Clock, Config, Effect, Option, Redacted } from "effect"

/** Who asks. */
export interface Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: Redacted.Redacted
  /** Of credentials that are lent for a time. */
  readonly sessionToken?: Redacted.Redacted
}

/** Where the bucket is, and who asks for its objects. */
export interface Options {
  /** Unless given, AWS_REGION or AWS_DEFAULT_REGION of the environment, or else `us-east-1`. */
  readonly region?: string
  /** The address of a server that speaks S3's protocol, such as `https://minio.example:9000`; AWS's own unless given. */
  readonly endpoint?: string
  /** Whether the bucket stands in the path, not in the host's name: yes where there is an endpoint, unless given. */
  readonly pathStyle?: boolean
  /**
   * `environment`, unless given, is AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where set, AWS_SESSION_TOKEN;
   * `anonymous` is for public buckets.
   */
  readonly credentials?: Credentials | "environment" | "anonymous"
}

/** A request cannot be made of the address, options and environment. */
export interface Refused {
  readonly detail: string
  readonly hint: string
}

/** An object's bucket and key. */
export interface Address {
  readonly bucket: string
  readonly key: string
}

/** Whether an address says that it is one of S3. */
export const isAddress = (address: string): boolean => /^s3:/i.test(address)

/** Reads `s3://bucket/key`, in which the key is as it is: nothing in it is an escape. */
export const parse = (address: string): Address | undefined => {
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/s.exec(address) ?? []
  const isPlain = key !== undefined && key.isWellFormed() && !key.split("/").some((part) => /^\.{0,2}$/.test(part))
  return isPlain && !bucket.includes("..") ? { bucket, key } : undefined
}

const encoded = (key: string): string =>
  key
    .split("/")
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    )
    .join("/")

/** Makes the address of an object as the web has it. */
export const urlOf = ({ bucket, key }: Address, region: string, options: Options): URL | undefined => {
  const host = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
  const endpoint = options.endpoint ?? `https://s3.${region}.${host}`
  if (!URL.canParse(endpoint) || !/^[a-z0-9-]+$/i.test(region)) return undefined
  const { host: name, pathname, protocol, search } = new URL(endpoint)
  // a name with dots is under no certificate of the service's
  const isInPath = options.pathStyle ?? (options.endpoint !== undefined || bucket.includes("."))
  const folder = pathname.replace(/\/$/, "") + (isInPath ? `/${bucket}` : "")
  return search === ""
    ? new URL(`${protocol}//${isInPath ? "" : `${bucket}.`}${name}${folder}/${encoded(key)}`)
    : undefined
}

/** Whether an address without encryption leads nowhere but to this machine. */
export const isLocal = ({ hostname }: URL): boolean => /^((.+\.)?localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

const variable = (name: string) => Effect.orElseSucceed(Config.option(Config.String(name)), Option.none<string>)

/** Finds out the region that requests are signed for. */
export const regionOf = Effect.fnUntraced(function* ({ region }: Options) {
  if (region !== undefined) return region
  const first = yield* variable("AWS_REGION")
  const second = yield* variable("AWS_DEFAULT_REGION")
  return Option.getOrElse(first, () => Option.getOrElse(second, () => "us-east-1"))
})

/** Finds out who asks; nothing for anonymous requests. */
export const credentialsOf = Effect.fnUntraced(function* ({
  credentials = "environment"
}: Options): Effect.fn.Return<Credentials | undefined, Refused> {
  if (credentials === "anonymous") return undefined
  if (credentials !== "environment") return credentials
  const [id, secret, token] = yield* Effect.all(
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(variable)
  )
  if (Option.isNone(id) || Option.isNone(secret)) {
    const detail = "is asked for without credentials: AWS_ACCESS_KEY_ID or AWS_SECRET_ACCESS_KEY is not set"
    return yield* Effect.fail({
      detail,
      hint: 'Set them, or give s3: { credentials: "anonymous" } for a public bucket.'
    })
  }
  const sessionToken = Option.isNone(token) ? {} : { sessionToken: Redacted.make(token.value) }
  return { accessKeyId: id.value, secretAccessKey: Redacted.make(secret.value), ...sessionToken }
})

/** Signs a request for now and returns its headers: each attempt has a signature of its own. */
export const signed = Effect.fnUntraced(function* (
  url: URL,
  headers: Readonly<Record<string, string>>,
  region: string,
  { accessKeyId, secretAccessKey, sessionToken }: Credentials
) {
  const now = new Date(yield* Clock.currentTimeMillis).toISOString()
  const signer = new AwsV4Signer({
    url: url.href,
    headers: { ...headers },
    accessKeyId,
    secretAccessKey: Redacted.value(secretAccessKey),
    ...(sessionToken === undefined ? {} : { sessionToken: Redacted.value(sessionToken) }),
    service: "s3",
    region,
    datetime: now.replace(/[:-]|\.\d{3}/g, "")
  })
  const { headers: all } = yield* Effect.promise(() => signer.sign())
  return Object.fromEntries(all) as Readonly<Record<string, string>> // what iterating over headers gives
})

/** Says what to do about a response that is no object. */
export const hintOf = (response: Response, region: string): string | undefined => {
  const there = response.headers.get("x-amz-bucket-region")
  if (there !== null && there !== region && /^[a-z0-9-]+$/.test(there)) {
    return `The bucket is in ${there}: give s3: { region: "${there}" }.`
  }
  if (response.status === 401 || response.status === 403)
    return "Give credentials that may read it, and the bucket's region."
  return response.status >= 300 && response.status < 400
    ? "Give the region or endpoint that the bucket is at."
    : undefined
}
