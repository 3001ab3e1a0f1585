import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions as TlsOptions } from 'node:tls'
import type { ConnectionOptions } from '@platformatic/kafka'
import type { ConnectionLimits } from '@bulkhead/connector-sdk'
import { isLoopback, readableMaterial } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { kafkaError } from '../errors.ts'
import { brokerOf } from './address.ts'

/**
 * How connections to brokers are made.
 * @throws BulkheadError `kafka-tls-settings`
 */
export function connectionOptions(config: Config, limits: ConnectionLimits): ConnectionOptions {
  const tls = tlsOptions(config)
  return {
    connectTimeout: limits.connectTimeoutMs,
    requestTimeout: Math.max(limits.connectTimeoutMs, 30_000),
    ...(tls === undefined
      ? {}
      : { tls, tlsServerName: config.tls.serverName ?? !config.brokers.every(isAddress) }),
    ...(config.sasl === undefined ? {} : { sasl: config.sasl }),
  }
}

/** A name is told to the broker, for those that have several certificates; an address must not be. */
function isAddress(broker: string): boolean {
  return isIP(brokerOf(broker).host) !== 0
}

/** Whether connections are encrypted. */
export function isEncrypted({ tls, brokers }: Config): boolean {
  return tls.mode === 'auto'
    ? !brokers.every((broker) => isLoopback(brokerOf(broker).host))
    : tls.mode !== 'disable'
}

function tlsOptions(config: Config): TlsOptions | undefined {
  if (!isEncrypted(config)) return undefined
  const { mode, serverName } = config.tls
  let material
  try {
    material = readableMaterial(config.tls)
  } catch {
    throw kafkaError('kafka-tls-settings', 'The certificate, key or authority cannot be used', {
      path: 'config.tls',
    })
  }
  const named = mode === 'auto' || mode === 'verify-full'
  return {
    ...material,
    rejectUnauthorized: mode !== 'require',
    checkServerIdentity: (host, certificate) =>
      named ? checkServerIdentity(serverName ?? host, certificate) : undefined,
  }
}
