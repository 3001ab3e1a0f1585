import { checkServerIdentity, type ConnectionOptions } from 'node:tls'
import { type DseClientOptions, policies } from 'cassandra-driver'
import { durationMs, type ConnectionLimits } from '@bulkhead/connector-sdk'
import { isLoopback, readableMaterial } from '@bulkhead/connector-sdk/network'
import { type Config } from '../config.ts'
import { cassandraError } from '../errors.ts'

/**
 * Options of the client.
 * @throws BulkheadError `cassandra-tls-settings`
 */
export function clientOptions(
  config: Config,
  limits: ConnectionLimits,
  application: string,
): DseClientOptions {
  const tls = tlsOptions(config)
  return {
    contactPoints: config.contactPoints,
    localDataCenter: config.datacenter,
    protocolOptions: { port: config.port },
    socketOptions: {
      // Time is left for the next contact point when the first is silent.
      connectTimeout: Math.ceil(limits.connectTimeoutMs / Math.min(3, config.contactPoints.length)),
      readTimeout: Math.min(durationMs(config.requestTimeout), limits.queryTimeoutMs),
    },
    // Exact: neither a double nor an object whose keys are text.
    encoding: { map: Map, useBigIntAsLong: true, useBigIntAsVarint: true },
    policies: {
      loadBalancing: new policies.loadBalancing.DCAwareRoundRobinPolicy(config.datacenter),
      retry: new policies.retry.RetryPolicy(),
    },
    pooling: { coreConnectionsPerHost: { 0: 1, 1: 1 } },
    prepareOnAllHosts: false,
    monitorReporting: { enabled: false },
    applicationName: `bulkhead/${application}`,
    ...(config.keyspace === undefined ? {} : { keyspace: config.keyspace }),
    ...(config.user === undefined || config.password === undefined
      ? {}
      : { credentials: { username: config.user, password: config.password } }),
    ...(tls === undefined ? {} : { sslOptions: tls }),
  }
}

/** Whether connections are encrypted. */
export function isEncrypted({ tls, contactPoints }: Config): boolean {
  return tls.mode === 'auto' ? !contactPoints.every(isLoopback) : tls.mode !== 'disable'
}

function tlsOptions(config: Config): ConnectionOptions | undefined {
  if (!isEncrypted(config)) return undefined
  const { mode, serverName } = config.tls
  let material
  try {
    material = readableMaterial(config.tls)
  } catch {
    throw cassandraError('cassandra-tls-settings', 'The certificate, key or authority cannot be used', {
      path: 'config.tls',
    })
  }
  const named = mode === 'auto' || mode === 'verify-full'
  return {
    ...material,
    ...(serverName === undefined ? {} : { servername: serverName }),
    // The client's own default is not to look at certificates at all.
    rejectUnauthorized: mode !== 'require',
    checkServerIdentity: (host, certificate) =>
      named ? checkServerIdentity(serverName ?? host, certificate) : undefined,
  }
}
