import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/** What the client puts on its errors; all of it may be missing. */
interface Failure {
  readonly code?: unknown
  readonly message?: unknown
  readonly apiId?: unknown
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

const refusals = new Set([
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
])
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|DEPTH_ZERO|ERR_SSL|ERR_TLS|EPROTO/
const unknownTopics = ['UNKNOWN_TOPIC_OR_PARTITION', 'UNKNOWN_TOPIC_ID', 'INVALID_TOPIC_EXCEPTION']

/**
 * An error of the Kafka client in the platform's words, with no more of it than its code.
 * @param topic  that it was about, for the message
 */
export function clusterFault(error: unknown, topic: string): BulkheadError {
  if (isBulkheadError(error)) return error
  const answers = answersOf(error)
  const codes = [...failures(error)].flatMap(({ code }) => (typeof code === 'string' ? [code] : []))
  const refusal = answers.find((id) => refusals.has(id))
  const certificate = codes.find((code) => certificateCodes.test(code))
  if (refusal !== undefined || certificate !== undefined || codes.includes('PLT_KFK_AUTHENTICATION'))
    return fault('cluster-refused', `The Kafka cluster refuses (${refusal ?? certificate ?? 'login'})`, {
      cause: error,
    })
  if (answers.includes('INVALID_SESSION_TIMEOUT'))
    return fault('session-refused', 'The Kafka cluster allows no consumer with a session of that length', {
      cause: error,
    })
  // the client finds out by itself when no broker tells it of the topic, and has no code of its own for that
  const isUnknown = [...failures(error)].some(({ message }) => String(message).startsWith('Unknown topic '))
  if (isUnknown || answers.some((id) => unknownTopics.includes(id)))
    return fault('topic-unknown', `The Kafka cluster has no topic "${topic}"`, { cause: error })
  const reason = answers[0] ?? codes.find((code) => !code.startsWith('PLT_')) ?? codes[0]
  return fault(
    'cluster-unavailable',
    `The Kafka cluster does not answer as it should${reason === undefined ? '' : ` (${reason})`}`,
    { cause: error },
  )
}

/** What the cluster answered, by the names of the protocol: `MESSAGE_TOO_LARGE`. */
export function answersOf(error: unknown): readonly string[] {
  return [...failures(error)].flatMap(({ apiId }) => (typeof apiId === 'string' ? [apiId] : []))
}

/** The error, what it was made of, and what caused it; bounded. */
function* failures(error: unknown, depth = 0): Generator<Failure> {
  if (typeof error !== 'object' || error === null || depth > 8) return
  const failure = error as Failure
  yield failure
  yield* failures(failure.cause, depth + 1)
  for (const each of (failure.errors ?? []).slice(0, 20)) yield* failures(each, depth + 1)
}
