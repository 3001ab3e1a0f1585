import type { ConnectionContext } from '@bulkhead/connector-sdk'
import { readableMaterial } from '@bulkhead/connector-sdk/network'
import { type MongoClientOptions, ReadPreference } from 'mongodb'
import { type Config, tlsModeOf } from '../config.ts'
import { mongodbError } from '../errors.ts'

/** Longest name that a server takes for a client, bytes. */
const maxAppName = 128

/** Where and how the client connects. The address has no credentials: it could be shown. */
export interface ClientTarget {
  readonly url: string
  readonly options: MongoClientOptions
}

/** @throws BulkheadError `mongodb-tls-settings`, `mongodb-login-unsupported` */
export function clientTarget(context: ConnectionContext<Config>, connections: number): ClientTarget {
  const { config, limits, application, runId } = context
  const mode = tlsModeOf(config)
  if (config.authMechanism === 'PLAIN' && mode === 'disable')
    throw mongodbError('mongodb-login-unsupported', 'PLAIN would send the password in clear', {
      path: 'config.authMechanism',
    })
  const mechanism = config.authMechanism
  const external = mechanism === 'MONGODB-X509' || mechanism === 'PLAIN'
  return {
    url: `${config.srv ? 'mongodb+srv' : 'mongodb'}://${config.hosts.join(',')}/`,
    options: {
      ...(config.user !== undefined && { auth: { username: config.user, password: config.password ?? '' } }),
      ...((config.user !== undefined || mechanism !== undefined) && {
        authSource: config.authSource ?? (external ? '$external' : 'admin'),
      }),
      ...(mechanism !== undefined && { authMechanism: mechanism }),
      ...(config.replicaSet !== undefined && { replicaSet: config.replicaSet }),
      directConnection: config.directConnection,
      ...tlsOptions(config, mode),
      appName: `${config.applicationName}/${application}/${runId}`.slice(0, maxAppName),
      // One more than what reads, so that a cursor can be ended while all of them work.
      maxPoolSize: connections + 1,
      serverSelectionTimeoutMS: limits.connectTimeoutMs,
      connectTimeoutMS: limits.connectTimeoutMs,
      waitQueueTimeoutMS: limits.connectTimeoutMs,
      serverMonitoringMode: 'poll',
      retryReads: true,
      retryWrites: false,
    },
  }
}

function tlsOptions({ tls }: Config, mode: ReturnType<typeof tlsModeOf>): MongoClientOptions {
  if (mode === 'disable') return { tls: false }
  let material
  try {
    material = readableMaterial(tls)
  } catch {
    throw mongodbError(
      'mongodb-tls-settings',
      'Certificate, key or authority cannot be read, or do not fit',
      {
        path: 'config.tls',
      },
    )
  }
  return {
    tls: true,
    ...material,
    ...(mode === 'require' && { tlsAllowInvalidCertificates: true, tlsAllowInvalidHostnames: true }),
    ...(mode === 'verify-ca' && { tlsAllowInvalidHostnames: true }),
  } as MongoClientOptions
}

/** The members that may be read, as the query or else the connection says. */
export function readPreferenceOf(
  config: Config,
  mode: Config['readPreference'] = config.readPreference,
): ReadPreference {
  const { maxStalenessSeconds } = config
  return mode === 'primary' || maxStalenessSeconds === undefined
    ? new ReadPreference(mode)
    : new ReadPreference(mode, undefined, { maxStalenessSeconds })
}
