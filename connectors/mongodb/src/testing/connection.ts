import type { TestMongoDatabase } from '../../../../test/support/mongodb.ts'

/** Settings that reach the tests' own server, as the connector takes them. */
export interface TestSettings {
  readonly hosts: readonly string[]
  readonly database: string
  readonly [setting: string]: unknown
}

/**
 * The settings of a connection string. Only what the variable of the tests can hold: a user's own
 * server with login, replica set and TLS, or the one that the tests start.
 */
export function settingsOf({ uri, database }: TestMongoDatabase): TestSettings {
  const [, scheme, login, hosts = '', options = ''] =
    /^(mongodb(?:\+srv)?):\/\/(?:([^@]+)@)?([^/?]+)(?:\/[^?]*)?(?:\?(.*))?$/.exec(uri) ?? []
  const [user, password] = login?.split(':').map(decodeURIComponent) ?? []
  const given = new URLSearchParams(options)
  const srv = scheme === 'mongodb+srv'
  return {
    hosts: hosts.split(','),
    database,
    ...(srv && { srv }),
    ...(user !== undefined && { user, password, authSource: given.get('authSource') ?? 'admin' }),
    ...(given.has('replicaSet') && { replicaSet: given.get('replicaSet') }),
    ...(given.get('directConnection') === 'true' && { directConnection: true }),
    tls: {
      mode: given.get('tls') === 'true' || given.get('ssl') === 'true' || srv ? 'verify-full' : 'disable',
    },
  }
}

/** The one address of a server that is not a replica set, so that a proxy can stand before it. */
export function addressOf({ hosts }: TestSettings): { readonly host: string; readonly port: number } {
  const [host = '127.0.0.1', port = '27017'] = (hosts[0] ?? '').split(':')
  return { host, port: Number(port) }
}
