import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { athenaError, type AthenaErrorCode } from './errors.ts'

/** What was tried. */
export interface Operation {
  /** After "Cannot": `start the query`. */
  readonly doing: string
  /** Where a refusal points to; default: nowhere. */
  readonly path?: string
  /** Whether S3 was asked, and not Athena. */
  readonly s3?: true
}

/** What the SDK and Node put on the errors that they throw; all of it may be missing. */
interface Failure {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly Code?: unknown
  readonly cause?: unknown
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string }
}

/** HTTP status of the answer that an error stands for; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return (error as Failure | null)?.$metadata?.httpStatusCode
}

/**
 * Turns what the SDK throws into an error that says what, where and how to fix it. What Athena says about a query
 * is shown only where it speaks about the query's text; signatures, tokens and data never.
 */
export function callError(error: unknown, operation: Operation): BulkheadError {
  const known = bulkheadErrorIn(error)
  if (known !== undefined) return known
  const failure = (error ?? {}) as Failure
  const code = classify(failure, operation)
  const path = paths[code] ?? operation.path
  const said = code === 'athena-query-invalid' || code === 'athena-output-location' ? sayable(failure) : ''
  return athenaError(code, `Cannot ${operation.doing}${evidence(failure)}${said}`, {
    ...(path === undefined ? {} : { path }),
    cause: new Error(`AWS client error${evidence(failure)}${requestId(failure)}`),
  })
}

/** The network guard of the platform speaks through the socket. */
function bulkheadErrorIn(error: unknown, depth = 0): BulkheadError | undefined {
  if (isBulkheadError(error)) return error
  const cause = (error as Failure | null)?.cause
  return cause === undefined || depth > 5 ? undefined : bulkheadErrorIn(cause, depth + 1)
}

function classify(failure: Failure, operation: Operation): AthenaErrorCode {
  const name = awsName(failure)
  if (Object.hasOwn(byName, name)) return byName[name] as AthenaErrorCode
  if (name === 'InvalidRequestException') return byRequestMessage(failure.message ?? '')
  const status = failure.$metadata?.httpStatusCode
  if (status !== undefined) return byStatus(status, operation)
  const socket = typeof failure.code === 'string' ? failure.code : ''
  // the SDK names a refused or broken connection TimeoutError too
  if (/^E(CONN|NOTFOUND|AI_|HOSTUN|NETUN|PIPE)/.test(socket)) return 'athena-unreachable'
  if (name === 'TimeoutError' || socket === 'ETIMEDOUT') return 'athena-timeout'
  if (/^(HPE_|ERR_SSL_|EPROTO)/.test(socket) || failure instanceof SyntaxError) return 'athena-not-athena'
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(socket)) return 'athena-tls-refused'
  return 'athena-unreachable'
}

/** @see https://docs.aws.amazon.com/athena/latest/APIReference/CommonErrors.html; those of S3 beside them */
const byName: Readonly<Record<string, AthenaErrorCode>> = {
  UnrecognizedClientException: 'athena-credentials-refused',
  InvalidSignatureException: 'athena-credentials-refused',
  IncompleteSignature: 'athena-credentials-refused',
  IncompleteSignatureException: 'athena-credentials-refused',
  InvalidClientTokenId: 'athena-credentials-refused',
  MissingAuthenticationToken: 'athena-credentials-refused',
  MissingAuthenticationTokenException: 'athena-credentials-refused',
  InvalidAccessKeyId: 'athena-credentials-refused',
  SignatureDoesNotMatch: 'athena-credentials-refused',
  CredentialsProviderError: 'athena-credentials-missing',
  ExpiredToken: 'athena-credentials-expired',
  ExpiredTokenException: 'athena-credentials-expired',
  RequestExpired: 'athena-clock-skew',
  RequestTimeTooSkewed: 'athena-clock-skew',
  AccessDenied: 'athena-access-denied',
  AccessDeniedException: 'athena-access-denied',
  OptInRequired: 'athena-access-denied',
  Throttling: 'athena-throttled',
  ThrottlingException: 'athena-throttled',
  TooManyRequestsException: 'athena-throttled',
  SlowDown: 'athena-throttled',
  InternalFailure: 'athena-unavailable',
  InternalServerException: 'athena-unavailable',
  ServiceUnavailable: 'athena-unavailable',
  UnknownOperationException: 'athena-not-athena',
  MetadataException: 'athena-query-invalid',
  NoSuchBucket: 'athena-output-location',
  PreconditionFailed: 'athena-result-changed',
  NoSuchKey: 'athena-result-unreadable',
}

/** Athena refuses everything by one name; only its message tells what. */
function byRequestMessage(message: string): AthenaErrorCode {
  if (/work ?group/i.test(message)) return 'athena-workgroup-unknown'
  if (/output|bucket|S3 location|result location/i.test(message)) return 'athena-output-location'
  return 'athena-query-invalid'
}

function byStatus(status: number, { s3 }: Operation): AthenaErrorCode {
  if (status === 429) return 'athena-throttled'
  if (status >= 500) return 'athena-unavailable'
  if (status === 401 || status === 403) return 'athena-access-denied'
  if (status === 412) return 'athena-result-changed'
  if (s3 === true && status === 404) return 'athena-result-unreadable'
  return status === 400 ? 'athena-request-refused' : 'athena-not-athena'
}

const paths: Partial<Readonly<Record<AthenaErrorCode, string>>> = {
  'athena-credentials-refused': 'config.accessKeyId',
  'athena-credentials-missing': 'config.accessKeyId',
  'athena-credentials-expired': 'config.sessionToken',
  'athena-workgroup-unknown': 'config.workgroup',
  'athena-output-location': 'config.outputLocation',
  'athena-not-athena': 'config.endpoint',
  'athena-unreachable': 'config.endpoint',
  'athena-tls-refused': 'config.tls.ca',
}

function awsName({ Code, name }: Failure): string {
  return typeof Code === 'string' ? Code : (name ?? '')
}

/** ` (ThrottlingException, HTTP 400)`: only what has the shape of a code, because an answer may hold anything. */
function evidence(failure: Failure): string {
  const code = typeof failure.code === 'string' ? failure.code : awsName(failure)
  const status = failure.$metadata?.httpStatusCode
  const parts = [
    ...(/^\w{1,60}$/.test(code) && code !== 'Error' ? [code] : []),
    ...(status === undefined ? [] : [`HTTP ${status}`]),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function sayable({ message = '' }: Failure): string {
  const line = message.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500)
  return line === '' ? '' : `: ${line}`
}

function requestId({ $metadata }: Failure): string {
  const id = $metadata?.requestId
  return id !== undefined && /^[\w-]{1,60}$/.test(id) ? `, request id ${id}` : ''
}
