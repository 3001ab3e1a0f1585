import { createHash, createHmac } from 'node:crypto'
import { isLoopback } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { postgresError } from '../errors.ts'

type Iam = NonNullable<Config['iam']>

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
const PERMISSION = 'BULKHEAD_POSTGRES_MACHINE_IDENTITY'
/** How long AWS takes a token; a session lives on after that. */
const lifeSeconds = 900

/**
 * That a token may be made, and that it can reach nobody but the server: with it anyone could log in.
 * @throws BulkheadError `postgres-iam-settings`, `postgres-machine-identity-refused`
 */
export function checkIam(config: Config, environment: Readonly<Record<string, string | undefined>>): void {
  const { iam, password, tls, host } = config
  if (iam === undefined) return
  if (password !== undefined)
    throw invalid('password', 'A password has no meaning with `iam`', 'Leave one of them out')
  const mode = tls.mode === 'auto' && isLoopback(host) ? 'disable' : tls.mode
  if (mode !== 'auto' && mode !== 'verify-full')
    throw invalid(
      'tls.mode',
      `A token of IAM needs tls.mode verify-full, and it is ${mode}`,
      'Set `tls.mode: verify-full`, `tls.ca` to the certificates of RDS in this region, and `tls.serverName` behind a tunnel',
    )
  if (iam.identity === 'keys') {
    const missing = (['accessKeyId', 'secretAccessKey'] as const).find((name) => iam[name] === undefined)
    if (missing !== undefined)
      throw invalid(
        `iam.${missing}`,
        `iam.${missing} is missing`,
        'Set iam.accessKeyId and iam.secretAccessKey; the identity of the machine is not taken by itself',
      )
    return
  }
  if (environment[PERMISSION] !== 'allow')
    throw postgresError(
      'postgres-machine-identity-refused',
      'The settings ask for the identity of this machine, which is not allowed here',
      { path: 'config.iam.identity' },
    )
  for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const)
    if (iam[name] !== undefined)
      throw invalid(
        `iam.${name}`,
        `iam.${name} has no meaning with identity machine`,
        `Leave out either ${name} or identity`,
      )
}

/**
 * A token that stands for the password of one login: a request to connect, signed and never sent.
 * @see https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAMDBAuth.html
 */
export async function iamToken(config: Config, iam: Iam, signal: AbortSignal): Promise<string> {
  // loaded here and not above: who logs in by a password does not pay for it
  const { SignatureV4 } = await import('@smithy/signature-v4')
  const authority = iam.endpoint ?? `${config.tls.serverName ?? config.host}:${config.port}`
  const [hostname = '', port = ''] = authority.split(':')
  const signer = new SignatureV4({
    service: 'rds-db',
    region: iam.region,
    credentials: await credentialsOf(iam, signal),
    sha256: Sha256,
  })
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: 'https:',
      hostname,
      port: Number(port),
      path: '/',
      query: { Action: 'connect', DBUser: config.user },
      headers: { host: authority },
    },
    { expiresIn: lifeSeconds },
  )
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(String(value))}`)
  return `${authority}/?${pairs.toSorted().join('&')}`
}

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

async function credentialsOf(iam: Iam, signal: AbortSignal): Promise<Keys> {
  const { accessKeyId, secretAccessKey, sessionToken } = iam
  if (accessKeyId !== undefined && secretAccessKey !== undefined)
    return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
  const { defaultProvider } = await import('@aws-sdk/credential-provider-node')
  try {
    return await unlessAborted(signal, defaultProvider()())
  } catch (error) {
    signal.throwIfAborted()
    throw postgresError('postgres-iam-identity', 'This machine has no identity that the AWS SDK finds', {
      path: 'config.iam.identity',
      // its message may name files and addresses of the machine
      cause: new Error((error as Error).name),
    })
  }
}

/** The search asks the machine's surroundings, and takes no signal. */
async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The digest that the signer wants: with a key, or without. */
class Sha256 {
  readonly #secret: Secret | undefined
  #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>

  constructor(secret?: Secret) {
    this.#secret = secret
    this.#hash = begin(secret)
  }
  update(data: Uint8Array | string): void {
    this.#hash.update(data)
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }
  reset(): void {
    this.#hash = begin(this.#secret)
  }
}

type Secret = string | ArrayBuffer | ArrayBufferView

function begin(secret: Secret | undefined): ReturnType<typeof createHash> | ReturnType<typeof createHmac> {
  if (secret === undefined) return createHash('sha256')
  if (typeof secret === 'string') return createHmac('sha256', secret)
  const bytes = ArrayBuffer.isView(secret)
    ? new Uint8Array(secret.buffer, secret.byteOffset, secret.byteLength)
    : new Uint8Array(secret)
  return createHmac('sha256', bytes)
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function invalid(name: string, message: string, fix: string): Error {
  return postgresError('postgres-iam-settings', message, { path: `config.${name}`, fix })
}
