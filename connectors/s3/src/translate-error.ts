import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { s3Fault, type S3ErrorCode } from './errors.ts'
import type { Settings } from './settings.ts'

/** What was tried, for the message and the fix. */
export interface Operation {
  /** After "Cannot": `write an object to`. The bucket follows. */
  readonly doing: string
  /** What a policy has to grant. */
  readonly right: string
  /** The object, when there is one. Shown in messages. */
  readonly key?: string
  /** The answer to a failed HEAD has no body, so that only its status tells. */
  readonly head?: boolean
}

/** What the SDK and Node put on their errors; all of it may be missing. */
interface Failure {
  readonly name?: string
  readonly message?: string
  readonly code?: unknown
  readonly Code?: unknown
  readonly Region?: unknown
  readonly cause?: unknown
  readonly $metadata?: {
    readonly httpStatusCode?: number
    readonly requestId?: string
    readonly attempts?: number
  }
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> }
}

/**
 * Turns what the SDK throws into an error that says what, where and how to fix it.
 *
 * Nothing of the answer's text goes on: to a wrong signature a store answers with the headers it got,
 * a session token among them. The cause names only status, code and request id.
 */
export function translateError(error: unknown, operation: Operation, settings: Settings): BulkheadError {
  const known = bulkheadErrorIn(error)
  if (known !== undefined) return known
  const failure = (error ?? {}) as Failure
  const code = codeOf(failure, operation)
  const { detail, ...details } = detailsOf(code, failure, operation, settings)
  const cause = new Error(summary(failure))
  const where = operation.key === undefined ? '' : ` (key ${JSON.stringify(operation.key)})`
  return s3Fault(
    code,
    `Cannot ${operation.doing} bucket "${settings.bucket}" at ${settings.address}${where}: ${detail}`,
    { ...details, cause },
  )
}

/** The code of S3 in an answer, `NoSuchBucket` for one; undefined when the answer had none. */
export function s3CodeOf(error: unknown): string | undefined {
  const failure = (error ?? {}) as Failure
  if (typeof failure.Code === 'string') return failure.Code
  return failure.name !== undefined && Object.hasOwn(byCode, failure.name) ? failure.name : undefined
}

/** HTTP status of the answer; undefined when there was none. */
export function statusOf(error: unknown): number | undefined {
  return ((error ?? {}) as Failure).$metadata?.httpStatusCode
}

/** How often the SDK tried the call that failed. */
export function attemptsOf(error: unknown): number {
  return ((error ?? {}) as Failure).$metadata?.attempts ?? 1
}

/** Whether the store answered and said no: then it did nothing. After any other failure it may have. */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error) ?? 0
  return status >= 400 && status < 500
}

/** Whether the store answered, and would answer the same again. */
export function isFinal(error: unknown): boolean {
  return isRefusal(error) || statusOf(error) === 501 || statusOf(error) === 507
}

/** The network guard of the platform speaks through the socket. */
function bulkheadErrorIn(error: unknown, depth = 0): BulkheadError | undefined {
  if (isBulkheadError(error)) return error
  const cause = ((error ?? {}) as Failure).cause
  return cause === undefined || depth > 5 ? undefined : bulkheadErrorIn(cause, depth + 1)
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; names of other stores beside them */
const byCode: Readonly<Record<string, S3ErrorCode>> = {
  NoSuchBucket: 's3-bucket-not-found',
  InvalidBucketName: 's3-bucket-name-invalid',
  InvalidAccessKeyId: 's3-credentials-refused',
  SignatureDoesNotMatch: 's3-credentials-refused',
  InvalidToken: 's3-credentials-refused',
  XAdminUserNotFound: 's3-credentials-refused', // versitygw, with status 404
  ExpiredToken: 's3-credentials-expired',
  TokenRefreshRequired: 's3-credentials-expired',
  CredentialsProviderError: 's3-credentials-missing',
  AccessDenied: 's3-access-denied',
  AllAccessDisabled: 's3-access-denied',
  AccountProblem: 's3-access-denied',
  InvalidPayer: 's3-access-denied',
  NotSignedUp: 's3-access-denied',
  RequestTimeTooSkewed: 's3-clock-skew',
  RequestExpired: 's3-clock-skew',
  RequestInTheFuture: 's3-clock-skew',
  PermanentRedirect: 's3-wrong-region',
  AuthorizationHeaderMalformed: 's3-wrong-region',
  IllegalLocationConstraintException: 's3-wrong-region',
  NoSuchKey: 's3-object-not-found',
  InvalidObjectState: 's3-object-archived',
  PreconditionFailed: 's3-object-exists',
  NoSuchUpload: 's3-upload-lost',
  InvalidPart: 's3-upload-lost',
  InvalidPartOrder: 's3-upload-lost',
  BadDigest: 's3-checksum-mismatch',
  InvalidDigest: 's3-checksum-mismatch',
  XAmzContentSHA256Mismatch: 's3-checksum-mismatch',
  XAmzContentChecksumMismatch: 's3-checksum-mismatch',
  IncompleteBody: 's3-unavailable',
  ConditionalRequestConflict: 's3-unavailable',
  OperationAborted: 's3-unavailable',
  InternalError: 's3-unavailable',
  ServiceUnavailable: 's3-unavailable',
  SlowDown: 's3-throttled',
  RequestLimitExceeded: 's3-throttled',
  Throttling: 's3-throttled',
  ThrottlingException: 's3-throttled',
  TooManyRequests: 's3-throttled',
  RequestTimeout: 's3-timeout',
  NotImplemented: 's3-not-supported',
  MethodNotAllowed: 's3-not-supported',
  InvalidStorageClass: 's3-not-supported',
  InvalidEncryptionAlgorithmError: 's3-not-supported',
  QuotaExceeded: 's3-storage-full',
  XMinioStorageFull: 's3-storage-full',
  XMinioAdminBucketQuotaExceeded: 's3-storage-full',
  InsufficientStorage: 's3-storage-full',
}

const bySocket: Readonly<Record<string, S3ErrorCode>> = {
  ECONNREFUSED: 's3-unreachable',
  ECONNRESET: 's3-unreachable',
  ENOTFOUND: 's3-unreachable',
  EAI_AGAIN: 's3-unreachable',
  EHOSTUNREACH: 's3-unreachable',
  ENETUNREACH: 's3-unreachable',
  EPIPE: 's3-unreachable',
  ETIMEDOUT: 's3-timeout',
  EPROTO: 's3-endpoint-not-s3', // TLS spoken to a port without it
}

function codeOf(failure: Failure, operation: Operation): S3ErrorCode {
  const s3 = s3CodeOf(failure)
  if (s3 !== undefined) {
    return Object.hasOwn(byCode, s3) ? (byCode[s3] as S3ErrorCode) : byUnknownCode(s3, failure)
  }
  const status = failure.$metadata?.httpStatusCode
  if (status !== undefined) return byStatus(status, operation)
  const socket = typeof failure.code === 'string' ? failure.code : ''
  // the SDK names a refused or broken connection TimeoutError too
  if (Object.hasOwn(bySocket, socket)) return bySocket[socket] as S3ErrorCode
  if (failure.name === 'TimeoutError') return 's3-timeout'
  if (socket.startsWith('HPE_') || socket.startsWith('ERR_SSL_')) return 's3-endpoint-not-s3'
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS/.test(socket)) return 's3-tls-refused'
  if (failure.message?.startsWith('Checksum mismatch') === true) return 's3-checksum-mismatch'
  return 's3-unreachable'
}

function byUnknownCode(s3: string, failure: Failure): S3ErrorCode {
  if (s3.startsWith('KMS')) return 's3-encryption-refused'
  const status = failure.$metadata?.httpStatusCode ?? 0
  if (status === 401 || status === 403) return 's3-access-denied'
  if (status === 429) return 's3-throttled'
  return status >= 500 ? 's3-unavailable' : 's3-request-refused'
}

/** No code of S3 in the answer: a HEAD, or something else than S3 answered. */
function byStatus(status: number, operation: Operation): S3ErrorCode {
  if (status === 429) return 's3-throttled'
  if (status === 507) return 's3-storage-full'
  if (status >= 500) return 's3-unavailable' // a load balancer before the store
  if (operation.head !== true) return 's3-endpoint-not-s3'
  if (status === 401 || status === 403) return 's3-access-denied'
  if (status === 404) return 's3-object-not-found'
  if (status === 301) return 's3-wrong-region'
  return status === 412 ? 's3-object-changed' : 's3-request-refused'
}

interface Described {
  /** After the colon of the message. */
  readonly detail: string
  readonly path?: string
  readonly fix?: string
  readonly retryAfterMs?: number
}

function detailsOf(code: S3ErrorCode, failure: Failure, operation: Operation, settings: Settings): Described {
  const { bucket, prefix } = settings
  switch (code) {
    case 's3-bucket-not-found':
      return {
        detail: 'there is no such bucket',
        path: 'config.bucket',
        fix: `Create the bucket "${bucket}", or correct its name and the endpoint`,
      }
    case 's3-bucket-name-invalid':
      return { detail: 'the store refuses the name of the bucket', path: 'config.bucket' }
    case 's3-credentials-refused':
      return { detail: 'the store does not accept the keys', path: 'config.accessKeyId' }
    case 's3-credentials-expired':
      return { detail: 'the temporary keys have expired', path: 'config.sessionToken' }
    case 's3-credentials-missing':
      return { detail: 'this machine has no identity that the AWS SDK finds', path: 'config.identity' }
    case 's3-access-denied':
      return {
        detail: `access denied, ${operation.right} is missing`,
        path: 'config.bucket',
        fix: `Grant ${operation.right} on the bucket "${bucket}"${prefix === '' ? '' : ` and the prefix "${prefix}"`} to the owner of the key`,
      }
    case 's3-wrong-region':
      return regionDetails(failure)
    case 's3-endpoint-not-s3':
      return { detail: 'what answers there does not speak S3', path: 'config.endpoint' }
    case 's3-tls-refused':
      return { detail: 'the certificate is not trusted', path: 'config.tls.ca' }
    case 's3-unreachable':
      return { detail: `no connection${socketCode(failure)}`, path: 'config.endpoint' }
    case 's3-throttled': {
      const retryAfterMs = retryAfter(failure)
      return { detail: 'too many requests', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    }
    case 's3-clock-skew':
      return { detail: 'the clock of this machine is wrong' }
    case 's3-timeout':
      return { detail: 'no answer in time', path: 'config.requestTimeout' }
    case 's3-encryption-refused':
      return { detail: 'the key for encryption at rest is not usable', path: 'config.encryption' }
    case 's3-object-not-found':
      return { detail: 'there is no such object', path: 'query' }
    case 's3-object-changed':
      return { detail: 'the object was changed or removed', path: 'query' }
    case 's3-object-archived':
      return { detail: 'the object lies in an archive', path: 'query' }
    case 's3-object-exists':
      return { detail: 'an object with this key is already there' }
    case 's3-upload-lost':
      return { detail: 'the store no longer knows the upload' }
    case 's3-storage-full':
      return { detail: 'the store is full' }
    case 's3-checksum-mismatch':
      return { detail: 'bytes were damaged on their way' }
    case 's3-unavailable':
      return { detail: `the store answered with a fault${answered(failure)}` }
    case 's3-not-supported':
      return { detail: `the store does not support what the settings ask for${answered(failure)}` }
    case 's3-request-refused':
    case 's3-settings-invalid':
    case 's3-machine-identity-refused':
    case 's3-too-many-parts':
    case 's3-query-invalid':
    case 's3-key-invalid':
    case 's3-nothing-found':
    case 's3-link-impossible':
      return { detail: `the store refused the request${answered(failure)}` }
  }
}

function regionDetails(failure: Failure): Described {
  const told = failure.$response?.headers?.['x-amz-bucket-region'] ?? failure.Region
  const region = typeof told === 'string' && /^[a-z0-9-]{1,40}$/.test(told) ? told : undefined
  return {
    detail: region === undefined ? 'the region is wrong' : `the region is wrong, the bucket is in ${region}`,
    path: 'config.region',
    ...(region === undefined ? {} : { fix: `Set region to ${region}` }),
  }
}

/** @see RFC 9110, 10.2.3; only the form in seconds, which S3 sends */
function retryAfter(failure: Failure): number | undefined {
  const seconds = Number(failure.$response?.headers?.['retry-after'] ?? Number.NaN)
  return seconds >= 0 && seconds <= 3600 ? seconds * 1000 : undefined
}

function socketCode(failure: Failure): string {
  return typeof failure.code === 'string' && /^[A-Z0-9_]{1,40}$/.test(failure.code)
    ? ` (${failure.code})`
    : ''
}

/** ` (SlowDown, HTTP 503)`: only what has the shape of a code, because an answer may hold anything. */
function answered(failure: Failure): string {
  const code = s3CodeOf(failure)
  const parts = [
    ...(code !== undefined && /^[A-Za-z0-9.]{1,60}$/.test(code) ? [code] : []),
    ...(failure.$metadata?.httpStatusCode === undefined ? [] : [`HTTP ${failure.$metadata.httpStatusCode}`]),
  ]
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

function summary(failure: Failure): string {
  const request = failure.$metadata?.requestId
  const id = request !== undefined && /^[\w, +/=-]{1,120}$/.test(request) ? `, request id ${request}` : ''
  return `S3 client error${answered(failure)}${socketCode(failure)}${id}`
}
