import { types } from 'cassandra-driver'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { cassandraError } from '../errors.ts'

/** What the client puts on the errors that it throws; all of it may be missing. */
interface Failure {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly isSocketError?: boolean
  readonly innerError?: unknown
  readonly innerErrors?: Readonly<Record<string, unknown>> | null
}

const codes = types.responseErrorCodes

/** An error of the client while connecting, as ours. */
export function connectError(error: unknown): Error {
  const found = causeOf(error)
  if (isBulkheadError(found)) return found
  const { message = '', code, name } = found
  const details = { cause: error }
  if (/localDataCenter was configured as|Datacenter .* was not found/.test(message)) {
    const names = /\[(.*)\]/.exec(message)?.[1] ?? /'([^']*)'\)?$/.exec(message)?.[1]
    const known = names === undefined ? '' : `; it has: ${names.slice(0, 500)}`
    return cassandraError('cassandra-datacenter-unknown', `The cluster has no such datacenter${known}`, {
      ...details,
      path: 'config.datacenter',
    })
  }
  if (/No host could be resolved/.test(message) || code === 'ENOTFOUND')
    return cassandraError('cassandra-host-unknown', 'The name of no contact point exists', {
      ...details,
      path: 'config.contactPoints',
    })
  if (/Authentication provider not set/.test(message))
    return cassandraError(
      'cassandra-password-missing',
      'The cluster asks for a password, and there is none',
      {
        ...details,
        path: 'config.password',
      },
    )
  if (
    name === 'AuthenticationError' ||
    /AuthenticationError/.test(name ?? '') ||
    code === codes.badCredentials
  )
    return cassandraError('cassandra-login-refused', 'The cluster refuses this user and password', {
      ...details,
      path: 'config.password',
    })
  if (typeof code === 'string' && (code.startsWith('ERR_SSL') || code === 'EPROTO'))
    return cassandraError('cassandra-tls-failed', `The TLS handshake failed: ${code}`, {
      ...details,
      path: 'config.tls',
    })
  if (typeof code === 'string' && certificateCodes.test(code))
    return cassandraError(
      'cassandra-certificate-refused',
      `The certificate of the node is refused: ${code}`,
      {
        ...details,
        path: 'config.tls',
      },
    )
  if (/timeout/i.test(message) || name === 'OperationTimedOutError')
    return cassandraError('cassandra-connect-timeout', 'The cluster did not answer in time', details)
  if (code === codes.invalid && /[Kk]eyspace/.test(message))
    return cassandraError('cassandra-keyspace-unknown', 'The cluster has no such keyspace', {
      ...details,
      path: 'config.keyspace',
    })
  if (
    /unsupported protocol|Invalid or unsupported|STARTUP|DriverInternalError|beyond buffer/i.test(
      `${name} ${message}`,
    )
  )
    return cassandraError('cassandra-not-a-server', 'What answers does not speak the protocol of Cassandra', {
      ...details,
      path: 'config.port',
    })
  if (typeof code === 'number') return queryError(error)
  const reason = typeof code === 'string' ? `: ${code}` : ''
  return cassandraError('cassandra-unreachable', `No contact point could be reached${reason}`, details)
}

const certificateCodes =
  /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS_CERT|DEPTH_ZERO|ERR_TLS_CERT_ALTNAME_INVALID/

/**
 * An error of the client while asking, as ours. Texts of the server are passed on while it looks at the
 * statement, and not when it reads: it was not asked yet to look at data then.
 */
export function queryError(error: unknown): Error {
  const found = causeOf(error)
  if (isBulkheadError(found)) return found
  const { message = '', code, name } = found
  const details = { cause: error }
  switch (code) {
    case codes.syntaxError:
    case codes.invalid:
    case codes.configError:
      return cassandraError('cassandra-query-invalid', `The cluster refuses the query: ${short(message)}`, {
        ...details,
        path: 'query',
      })
    case codes.unauthorized:
      return cassandraError('cassandra-permission-denied', 'The role may not read this', {
        ...details,
        path: 'query',
      })
    case codes.unavailableException:
      return cassandraError('cassandra-replicas-unavailable', short(message), details)
    case codes.readTimeout:
      return cassandraError('cassandra-page-timeout', short(message), details)
    case codes.overloaded:
    case codes.isBootstrapping:
      return cassandraError('cassandra-overloaded', 'The cluster refuses more work', details)
    case codes.readFailure:
    case codes.functionFailure:
      return cassandraError('cassandra-read-failed', 'Replicas failed while reading', details)
    case codes.badCredentials:
      return connectError(error)
    default:
  }
  if (typeof code === 'number') {
    const shown = `0x${code.toString(16).padStart(4, '0')}`
    return cassandraError('cassandra-server-error', `The node answered with the error ${shown}`, details)
  }
  if (name === 'OperationTimedOutError')
    return cassandraError('cassandra-page-timeout', 'A page of rows took too long', details)
  // The client marks some of the errors of a broken connection, and tells of the others in words alone.
  const isBroken = found.isSocketError === true || /socket|connection/i.test(message)
  if (isBroken || name === 'NoHostAvailableError' || typeof code === 'string')
    return cassandraError('cassandra-connection-lost', 'The connection to the cluster broke', details)
  return cassandraError('cassandra-protocol', `The client failed: ${name ?? 'unknown error'}`, details)
}

/** Of "no host is available" the reason of the first host that has one of its own; else the error itself. */
function causeOf(error: unknown): Failure | BulkheadError {
  if (isBulkheadError(error)) return error
  const failure = (error ?? {}) as Failure
  const inner = Object.values(failure.innerErrors ?? {}).find(
    (each) => typeof each === 'object' && each !== null,
  )
  return inner === undefined ? ((failure.innerError ?? failure) as Failure) : causeOf(inner)
}

/** A text of the server, in one line and bounded. */
function short(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 500).replace(/\.$/, '')
}
