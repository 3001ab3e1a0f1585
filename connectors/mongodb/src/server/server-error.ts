import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { MongoNetworkTimeoutError, MongoServerError, MongoServerSelectionError } from 'mongodb'
import type { Config } from '../config.ts'
import { mongodbError, type MongodbErrorCode } from '../errors.ts'

/**
 * What the server was doing. Only while it understands the query can its words hold no data of documents;
 * with its first answer it may still find that it does not understand.
 */
export type Stage = 'understanding' | 'beginning' | 'reading'

export interface ErrorScope {
  readonly config: Config
  readonly queryTimeoutMs: number
  /** Texts that parameters brought; a message that repeats one is not passed on. */
  readonly parameterTexts: readonly string[]
}

/**
 * By the server's own number of the error.
 * @see https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
 */
const codes: ReadonlyMap<number, MongodbErrorCode> = new Map<number, MongodbErrorCode>([
  [13, 'mongodb-permission-denied'],
  [18, 'mongodb-login-refused'],
  [43, 'mongodb-cursor-lost'],
  [237, 'mongodb-query-killed'],
  [11601, 'mongodb-query-killed'],
  [50, 'mongodb-query-timeout'],
  [26, 'mongodb-collection-unknown'],
  [292, 'mongodb-memory-exceeded'],
  [16945, 'mongodb-memory-exceeded'],
  [96, 'mongodb-query-failed'],
  [14031, 'mongodb-out-of-resources'],
  [39, 'mongodb-out-of-resources'],
  [462, 'mongodb-out-of-resources'],
  [6, 'mongodb-unavailable'],
  [7, 'mongodb-unavailable'],
  [89, 'mongodb-unavailable'],
  [91, 'mongodb-unavailable'],
  [133, 'mongodb-no-suitable-server'],
  [134, 'mongodb-unavailable'],
  [175, 'mongodb-cursor-lost'],
  [189, 'mongodb-unavailable'],
  [262, 'mongodb-query-timeout'],
  [9001, 'mongodb-unavailable'],
  [10107, 'mongodb-unavailable'],
  [11600, 'mongodb-unavailable'],
  [11602, 'mongodb-unavailable'],
  [13435, 'mongodb-unavailable'],
  [13436, 'mongodb-unavailable'],
])

/** BadValue, FailedToParse, TypeMismatch, InvalidPipelineOperator, an unknown stage. */
const wrongQuery: ReadonlySet<number> = new Set([2, 9, 14, 168, 40324])

/** Any error of a read as ours. */
export function serverError(error: unknown, stage: Stage, scope: ErrorScope): BulkheadError {
  if (isBulkheadError(error)) return error
  if (error instanceof MongoServerError) return answered(error, stage, scope)
  if (error instanceof MongoServerSelectionError)
    return mongodbError('mongodb-no-suitable-server', 'No server suits the read preference any more')
  if (error instanceof Error && error.name.includes('WaitQueueTimeout'))
    return mongodbError('mongodb-connect-timeout', 'No connection was made in time')
  if (error instanceof MongoNetworkTimeoutError)
    return mongodbError('mongodb-connection-lost', 'The server fell silent')
  if (error instanceof Error && (error.name.startsWith('Mongo') || isSocketError(error)))
    return mongodbError('mongodb-connection-lost', 'The connection to the server broke')
  return error as BulkheadError // no error of a system: what it is, the engine sees
}

function answered(error: MongoServerError, stage: Stage, scope: ErrorScope): BulkheadError {
  const number = typeof error.code === 'number' ? error.code : 0
  const code = codes.get(number)
  const name = nameOf(error, number)
  if (code === undefined && stage === 'understanding')
    return mongodbError('mongodb-query-invalid', understood(error, name, scope), { path: 'query' })
  if (code === undefined && stage === 'beginning' && wrongQuery.has(number))
    return mongodbError('mongodb-query-invalid', `The server does not understand the query: ${name}`, {
      path: 'query',
    })
  if (code === undefined)
    return mongodbError('mongodb-query-failed', `The server ended the query: ${name}`, { path: 'query' })
  if (code === 'mongodb-query-timeout') return queryTimeout(scope.queryTimeoutMs)
  if (code === 'mongodb-permission-denied' && isAnonymous(scope.config))
    return mongodbError('mongodb-login-missing', 'The server asks for a login, and the settings have none', {
      path: 'config.user',
    })
  return mongodbError(code, `The server ended the query: ${name}`, { path: 'query' })
}

/** The driver passes some faults of a socket on as they are. */
function isSocketError(error: Error): boolean {
  return 'code' in error && /^E[A-Z]{3,}$/.test(String(error.code))
}

function isAnonymous({ user, authMechanism }: Config): boolean {
  return user === undefined && authMechanism === undefined
}

export function queryTimeout(queryTimeoutMs: number): BulkheadError {
  return mongodbError('mongodb-query-timeout', `The query took longer than ${queryTimeoutMs / 1000} s`, {
    path: 'query',
  })
}

/** `BadValue (2)`: what has the shape of a name, because an answer may hold anything. */
function nameOf({ codeName }: MongoServerError, number: number): string {
  const name = typeof codeName === 'string' && /^[A-Za-z0-9_]{1,80}$/.test(codeName) ? `${codeName} ` : ''
  return `${name}(${number})`
}

/** The server's own words about a query that it does not understand, unless they repeat a parameter. */
function understood({ message }: MongoServerError, name: string, { parameterTexts }: ErrorScope): string {
  const line = message.replace(/\s+/g, ' ').trim().replace(/\.$/, '')
  const repeats = parameterTexts.some((text) => text.length > 2 && line.includes(text))
  if (line === '' || repeats) return `The server does not understand the query: ${name}`
  return `The server does not understand the query: ${line.slice(0, 400)}`
}
