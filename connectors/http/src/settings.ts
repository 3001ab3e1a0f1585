import { durationMs, sizeInBytes } from '@bulkhead/connector-sdk'
import { isLoopback } from '@bulkhead/connector-sdk/network'
import { checkCredential, checkHeaders } from './client/headers.ts'
import type { AuthConfig, Config } from './config.ts'
import { httpFault } from './errors.ts'

/** The settings as numbers and addresses, checked against each other. */
export interface Settings {
  /** Ends with `/`. */
  readonly base: URL
  readonly auth: AuthConfig
  readonly headers: Readonly<Record<string, string>>
  readonly checkPath: string | undefined
  readonly requestsPerSecond: number | undefined
  readonly attempts: number
  readonly longestWaitMs: number
  readonly requestTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly maxPageBytes: number
  readonly maxRecordBytes: number
  readonly tls: Config['tls']
  /** What must stand in no message. */
  readonly secrets: readonly string[]
}

const MIB = 2 ** 20
const LARGEST_RECORD = 256 * MIB

/**
 * Reads and checks the settings; what the schema cannot say is said here.
 * @throws BulkheadError kind `config`, `path` beginning with `config`
 */
export function readSettings(config: Config, connectTimeoutMs: number): Settings {
  const base = address('baseUrl', config.baseUrl, config.allowUnencrypted)
  if (!base.pathname.endsWith('/')) base.pathname += '/'
  if (config.auth.type === 'oauth2') address('auth.endpoint', config.auth.endpoint, config.allowUnencrypted)
  if (config.auth.type === 'bearer') checkCredential('authorization', config.auth.token, 'config.auth.token')
  if (config.auth.type === 'apiKey' && config.auth.in === 'header')
    checkCredential(config.auth.name, config.auth.value, 'config.auth.value')
  const maxRecordBytes = sizeInBytes(config.maxRecordSize)
  if (maxRecordBytes > LARGEST_RECORD)
    throw invalid(
      'maxRecordSize',
      'maxRecordSize is larger than 256MiB',
      'Lower it: a record is in memory as a whole',
    )
  if ((config.tls.cert === undefined) !== (config.tls.key === undefined))
    throw invalid(
      config.tls.cert === undefined ? 'tls.cert' : 'tls.key',
      'tls.cert and tls.key belong together',
      'Give both, or none',
    )
  return {
    base,
    auth: config.auth,
    headers: checkHeaders(config.headers, 'config.headers'),
    checkPath: config.checkPath,
    requestsPerSecond: config.requestsPerSecond,
    attempts: config.retry.attempts,
    longestWaitMs: durationMs(config.retry.longestWait),
    requestTimeoutMs: durationMs(config.requestTimeout),
    connectTimeoutMs,
    maxPageBytes: sizeInBytes(config.maxPageSize),
    maxRecordBytes,
    tls: config.tls,
    secrets: secretsOf(config.auth),
  }
}

function address(name: string, text: string, allowUnencrypted: boolean): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalid(name, `${name} is not an address with http or https`, 'Write it as https://host/path/')
  if (
    url.username !== '' ||
    url.password !== '' ||
    url.hash !== '' ||
    (name === 'baseUrl' && url.search !== '')
  )
    throw invalid(
      name,
      `${name} holds more than scheme, host, port and path`,
      'Credentials belong into auth, parameters into the query',
    )
  if (url.protocol === 'http:' && !allowUnencrypted && !isLoopback(url.hostname.replaceAll(/^\[|\]$/g, '')))
    throw httpFault('http-unencrypted', `Requests to ${url.host} would travel in clear`, {
      path: `config.${name}`,
    })
  return url
}

function secretsOf(auth: AuthConfig): readonly string[] {
  switch (auth.type) {
    case 'none':
      return []
    case 'basic':
      return [auth.password, Buffer.from(`${auth.user}:${auth.password}`, 'utf8').toString('base64')]
    case 'apiKey':
      return [auth.value]
    case 'bearer':
      return [auth.token]
    case 'oauth2':
      return [auth.clientSecret]
    default:
      return auth satisfies never
  }
}

function invalid(name: string, message: string, fix: string): Error {
  return httpFault('http-settings-invalid', message, { path: `config.${name}`, fix })
}
