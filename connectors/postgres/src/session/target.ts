import type { ConnectionOptions } from 'node:tls'
import { isLoopback, tlsOptions } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { postgresError } from '../errors.ts'

/** A server and how to reach it: for sessions, and for the connections that cancel them. */
export interface Target {
  readonly host: string
  readonly port: number
  /** Undefined: in clear. */
  readonly tls: ConnectionOptions | undefined
}

/** @throws BulkheadError `postgres-tls-settings` when certificates or keys cannot be read */
export function targetOf(config: Config): Target {
  const { host, port, tls } = config
  const mode = tls.mode !== 'auto' ? tls.mode : isLoopback(host) ? 'disable' : 'verify-full'
  if (mode === 'disable') return { host, port, tls: undefined }
  try {
    return { host, port, tls: tlsOptions({ ...tls, mode, name: tls.serverName ?? host }) }
  } catch {
    throw postgresError('postgres-tls-settings', 'A certificate or key of the settings cannot be read', {
      path: 'config.tls',
    })
  }
}
