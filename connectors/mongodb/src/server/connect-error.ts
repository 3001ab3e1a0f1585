import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import {
  MongoCompatibilityError,
  MongoInvalidArgumentError,
  MongoParseError,
  MongoServerError,
  MongoServerSelectionError,
} from 'mongodb'
import { type Config, tlsModeOf } from '../config.ts'
import { mongodbError, type MongodbErrorCode } from '../errors.ts'

/** Errors of connecting and logging in, in words of ours: messages of the driver may hold addresses and more. */
export function connectError(error: unknown, config: Config, timeoutMs: number): BulkheadError {
  if (isBulkheadError(error)) return error
  const chain = [...causes(error)]
  const where = config.hosts.join(', ').slice(0, 200)
  for (const cause of chain) {
    if (cause instanceof MongoCompatibilityError)
      return mongodbError('mongodb-version-unsupported', `The server at ${where} is too old`, {
        path: 'config.hosts',
      })
    if (cause instanceof MongoServerError) return loginError(cause, config)
    const known = socketError(cause, config)
    if (known !== undefined)
      return mongodbError(known.code, `${known.message} (${where})`, { path: known.path })
  }
  if (chain.some((cause) => cause instanceof MongoServerSelectionError))
    return selectionError(chain, where, timeoutMs)
  if (chain.some((cause) => cause instanceof MongoParseError && /message|opcode|BSON/i.test(cause.message)))
    return mongodbError('mongodb-not-a-server', `What answers at ${where} is no MongoDB server`, {
      path: 'config.hosts',
    })
  if (chain.some((cause) => cause instanceof MongoParseError || cause instanceof MongoInvalidArgumentError))
    return mongodbError('mongodb-settings-refused', `The client refuses the settings: ${safeText(error)}`, {
      path: 'config',
    })
  return mongodbError('mongodb-connection-lost', `The connection to ${where} broke while connecting`, {
    path: 'config.hosts',
  })
}

/** Login, or the first command after it, was refused by the server. */
function loginError({ code }: MongoServerError, config: Config): BulkheadError {
  if (code === 2 || code === 334)
    return mongodbError('mongodb-login-unsupported', 'The server does not know this way of logging in', {
      path: 'config.authMechanism',
    })
  if (config.user === undefined && config.authMechanism === undefined)
    return mongodbError('mongodb-login-missing', 'The server asks for a login, and the settings have none', {
      path: 'config.user',
    })
  return mongodbError(
    'mongodb-login-refused',
    `The server refuses to log in "${config.user ?? 'this certificate'}"`,
    {
      path: 'config.password',
    },
  )
}

interface Known {
  readonly code: MongodbErrorCode
  readonly message: string
  readonly path: string
}

/** By the code of the socket or of OpenSSL. */
function socketError(error: unknown, config: Config): Known | undefined {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const hosts = (known: MongodbErrorCode, message: string): Known => ({
    code: known,
    message,
    path: 'config.hosts',
  })
  if (code === 'ENOTFOUND' || code === 'ENODATA')
    return hosts('mongodb-host-unknown', 'The name of a host does not exist')
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|EADDRNOTAVAIL|ETIMEDOUT|EACCES|EPERM)$/.test(code))
    return hosts('mongodb-unreachable', `Nothing answers: ${code}`)
  if (/CERT|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH/.test(code))
    return {
      code: 'mongodb-certificate-refused',
      message: `The certificate of the server is refused: ${code}`,
      path: 'config.tls',
    }
  if (/^(ERR_SSL_|EPROTO)/.test(code))
    return { code: 'mongodb-tls-unsupported', message: `There is no TLS: ${code}`, path: 'config.tls.mode' }
  // What cannot speak TLS mostly hangs up on the first bytes of it.
  if (code === 'ECONNRESET' && tlsModeOf(config) !== 'disable')
    return {
      code: 'mongodb-connection-lost',
      message: 'The server ended the connection during the TLS handshake',
      path: 'config.tls.mode',
    }
  return undefined
}

function selectionError(chain: readonly unknown[], where: string, timeoutMs: number): BulkheadError {
  const description = chain.find((cause) => cause instanceof MongoServerSelectionError)?.reason
  const servers = [...(description?.servers.values() ?? [])]
  // A member of another replica set is not even listed.
  if (servers.length === 0 || servers.some(({ type }) => type !== 'Unknown'))
    return mongodbError('mongodb-no-suitable-server', `None of the servers at ${where} suits the settings`, {
      path: 'config.hosts',
    })
  const waited = `no server at ${where} answered within ${timeoutMs / 1000} s`
  return mongodbError('mongodb-connect-timeout', `While connecting ${waited}`, { path: 'config.hosts' })
}

/** The error, what caused it, and what the driver knows of each server. */
function* causes(error: unknown): Generator<unknown> {
  let current = error
  for (let depth = 0; depth < 10 && current !== undefined && current !== null; depth++) {
    yield current
    if (current instanceof MongoServerSelectionError)
      for (const server of current.reason?.servers.values() ?? [])
        if (server.error !== null) yield* causes(server.error)
    if (current instanceof AggregateError)
      for (const inner of current.errors as unknown[]) yield* causes(inner)
    current = typeof current === 'object' && 'cause' in current ? current.cause : undefined
  }
}

/** Names of options only; whatever looks like a value is left out. */
function safeText(error: unknown): string {
  const text = error instanceof Error ? error.message : ''
  return /^[\w .,'`"$()-]{1,200}$/.test(text) ? text.replace(/\.$/, '') : 'they contradict each other'
}
