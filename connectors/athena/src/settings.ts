import type { Config } from './config.ts'
import { athenaError } from './errors.ts'

/** Keys to sign with. */
export interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

/** Durations of the settings, milliseconds. */
export interface Times {
  readonly pollFirstMs: number
  readonly pollLongestMs: number
  readonly requestTimeoutMs: number
}

/** Set by whoever runs the machine; a manifest can neither set nor read `BULKHEAD_*`. */
const PERMISSION = 'BULKHEAD_ATHENA_MACHINE_IDENTITY'

/**
 * The keys of the settings; undefined: the SDK's own search for the identity of the machine. It takes two to
 * borrow that: the application asks, and the operator allows (I6).
 *
 * @throws BulkheadError kind `auth`, `config` or `policy`
 */
export function keysOf(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Keys | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, identity } = config
  if (identity === 'machine') {
    if (environment[PERMISSION] !== 'allow')
      throw athenaError(
        'athena-machine-identity-refused',
        'The settings ask for the identity of this machine, which is not allowed here',
        { path: 'config.identity' },
      )
    for (const name of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const)
      if (config[name] !== undefined)
        throw athenaError('athena-settings-invalid', `${name} has no meaning with identity machine`, {
          path: `config.${name}`,
          fix: `Leave out either ${name} or identity`,
        })
    return undefined
  }
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    const missing = accessKeyId === undefined ? 'accessKeyId' : 'secretAccessKey'
    throw athenaError('athena-credentials-missing', `${missing} is missing`, { path: `config.${missing}` })
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

/** @throws BulkheadError `athena-settings-invalid` */
export function timesOf(config: Config): Times {
  const times = {
    pollFirstMs: between(config, 'pollFirst', 50, 60_000),
    pollLongestMs: between(config, 'pollLongest', 50, 300_000),
    requestTimeoutMs: between(config, 'requestTimeout', 1000, 900_000),
  }
  if (times.pollLongestMs < times.pollFirstMs)
    throw athenaError('athena-settings-invalid', 'pollLongest is shorter than pollFirst', {
      path: 'config.pollLongest',
    })
  return times
}

/** @throws BulkheadError `athena-settings-invalid` when an address is more than one */
export function checkAddresses(config: Config): void {
  for (const name of ['endpoint', 's3Endpoint'] as const) {
    const address = config[name]
    if (address === undefined) continue
    const { protocol, username, password, search, hash } = new URL(address)
    if (!/^https?:$/.test(protocol) || `${username}${password}${search}${hash}` !== '')
      throw athenaError('athena-settings-invalid', `${name} is not scheme, host, port and path alone`, {
        path: `config.${name}`,
        fix: 'Write it as https://host:port; keys belong into accessKeyId and secretAccessKey',
      })
  }
}

function between(
  config: Config,
  name: 'pollFirst' | 'pollLongest' | 'requestTimeout',
  least: number,
  most: number,
): number {
  const milliseconds = Math.round(Number(config[name].slice(2, -1)) * 1000)
  if (milliseconds >= least && milliseconds <= most) return milliseconds
  throw athenaError(
    'athena-settings-invalid',
    `${name} is not between ${least / 1000} and ${most / 1000} seconds`,
    { path: `config.${name}` },
  )
}
