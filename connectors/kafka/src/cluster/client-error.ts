import { findErrorBy } from '@platformatic/kafka'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { kafkaError } from '../errors.ts'

/** What the client puts on its errors; all of it may be missing. */
interface Failure {
  readonly code?: unknown
  readonly message?: string
  readonly apiId?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** An error of the client, as ours. @param doing  what failed: before the first answer of the cluster, or after it */
export function clientError(error: unknown, doing: 'connect' | 'read'): Error {
  if (isBulkheadError(error)) return error
  const found = [...all(error)]
  const details = { cause: error }
  const api = (id: string): boolean => found.some(({ apiId }) => apiId === id)
  const codes = found.flatMap(({ code }) => (typeof code === 'string' ? [code] : []))
  if (codes.includes('PLT_KFK_AUTHENTICATION') || found.some(({ apiId }) => refusedLogin.has(String(apiId))))
    return kafkaError('kafka-login-refused', 'The broker refuses the login', {
      ...details,
      path: 'config.sasl',
    })
  const certificate = codes.find((code) => certificateCodes.test(code))
  if (certificate !== undefined)
    return kafkaError(
      'kafka-certificate-refused',
      `The certificate of the broker is refused: ${certificate}`,
      {
        ...details,
        path: 'config.tls',
      },
    )
  const tls = codes.find((code) => code.startsWith('ERR_SSL') || code === 'EPROTO')
  if (tls !== undefined || found.some(({ message = '' }) => /TLS/.test(message)))
    return kafkaError('kafka-tls-failed', `The TLS handshake failed${tls === undefined ? '' : `: ${tls}`}`, {
      ...details,
      path: 'config.tls',
    })
  if (api('TOPIC_AUTHORIZATION_FAILED') || api('CLUSTER_AUTHORIZATION_FAILED'))
    return kafkaError('kafka-permission-denied', 'The user may not read the topic', {
      ...details,
      path: 'query.topic',
    })
  if (api('UNKNOWN_TOPIC_OR_PARTITION') || api('UNKNOWN_TOPIC_ID') || api('INVALID_TOPIC_EXCEPTION'))
    return kafkaError('kafka-topic-unknown', 'The cluster has no such topic', {
      ...details,
      path: 'query.topic',
    })
  if (api('OFFSET_OUT_OF_RANGE'))
    return kafkaError('kafka-records-gone', 'Records were deleted while the topic was read', details)
  if (codes.includes('PLT_KFK_UNSUPPORTED_COMPRESSION') || codes.includes('PLT_KFK_UNSUPPORTED_FORMAT'))
    return kafkaError('kafka-format-unsupported', 'Records are compressed by what is not there', details)
  if (codes.includes('PLT_KFK_TIMEOUT') && doing === 'connect')
    return kafkaError('kafka-connect-timeout', 'No broker answered in time', details)
  const protocol = found.find(({ apiId }) => typeof apiId === 'string')
  if (protocol !== undefined)
    return kafkaError('kafka-server-error', `The broker answered with ${String(protocol.apiId)}`, details)
  if (isNetwork(error))
    return doing === 'connect'
      ? kafkaError('kafka-unreachable', `No broker could be reached${reasonOf(codes)}`, details)
      : kafkaError('kafka-connection-lost', `The connection to the broker broke${reasonOf(codes)}`, details)
  return kafkaError('kafka-protocol', `The client failed${reasonOf(codes)}`, details)
}

/** Whether asking again, perhaps another broker, may help. */
export function isPassing(error: unknown): boolean {
  return isNetwork(error) || [...all(error)].some(({ apiId }) => passing.has(String(apiId)))
}

function isNetwork(error: unknown): boolean {
  return (
    findErrorBy(error as Error, 'code', 'PLT_KFK_NETWORK') !== null ||
    findErrorBy(error as Error, 'code', 'PLT_KFK_TIMEOUT') !== null ||
    [...all(error)].some(({ code }) => typeof code === 'string' && /^E[A-Z]+$/.test(code))
  )
}

const refusedLogin = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
])
const passing = new Set([
  'NOT_LEADER_OR_FOLLOWER',
  'LEADER_NOT_AVAILABLE',
  'FENCED_LEADER_EPOCH',
  'UNKNOWN_LEADER_EPOCH',
  'REPLICA_NOT_AVAILABLE',
  'KAFKA_STORAGE_ERROR',
  'OFFSET_NOT_AVAILABLE',
  'BROKER_NOT_AVAILABLE',
  'REQUEST_TIMED_OUT',
])
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|DEPTH_ZERO/

function reasonOf(codes: readonly string[]): string {
  const code = codes.find((each) => !each.startsWith('PLT_'))
  return code === undefined ? '' : `: ${code}`
}

/** The error, what it was made of, and what caused it; bounded. */
function* all(error: unknown, depth = 0): Generator<Failure> {
  if (typeof error !== 'object' || error === null || depth > 8) return
  const failure = error as Failure
  yield failure
  yield* all(failure.cause, depth + 1)
  for (const each of (failure.errors ?? []).slice(0, 20)) yield* all(each, depth + 1)
}
