import { durationMs } from '@bulkhead/connector-sdk'
import { type AwsKeys, identityProblem } from '@bulkhead/connector-sdk/aws'
import { type Config, identityPermission } from './config.ts'
import { athenaError } from './errors.ts'

/** Durations of the settings, milliseconds. */
export interface Times {
  readonly pollFirstMs: number
  readonly pollLongestMs: number
  readonly requestTimeoutMs: number
}

const codes = {
  'key-missing': 'athena-credentials-missing',
  'key-without-meaning': 'athena-settings-invalid',
  'machine-refused': 'athena-machine-identity-refused',
} as const

/**
 * The keys of the settings; undefined: the SDK's own search for the identity of the machine.
 * @throws BulkheadError kind `auth`, `config` or `policy`
 */
export function keysOf(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): AwsKeys | undefined {
  const wrong = identityProblem(config, environment[identityPermission])
  if (wrong !== undefined) {
    const { problem, name, message, fix } = wrong
    throw athenaError(codes[problem], message, {
      path: `config.${name}`,
      ...(fix === undefined ? {} : { fix }),
    })
  }
  const { accessKeyId, secretAccessKey, sessionToken } = config
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined
  return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) }
}

/** @throws BulkheadError `athena-settings-invalid` */
export function timesOf(config: Config): Times {
  const times = {
    pollFirstMs: durationMs(config.pollFirst),
    pollLongestMs: durationMs(config.pollLongest),
    requestTimeoutMs: durationMs(config.requestTimeout),
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
