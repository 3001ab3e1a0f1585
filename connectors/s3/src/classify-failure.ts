import type { S3ErrorCode } from './errors.ts'
import { type Failure, failureOf } from './failure.ts'
import type { Operation } from './operation.ts'

/** The code of S3 in an answer, `NoSuchBucket` for one; undefined when the answer had none. */
export function s3CodeOf(error: unknown): string | undefined {
  const failure = failureOf(error)
  if (typeof failure.Code === 'string') return failure.Code
  return failure.name !== undefined && Object.hasOwn(byCode, failure.name) ? failure.name : undefined
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

/** What a failed call means; operation: what was tried. */
export function classify(failure: Failure, operation: Operation): S3ErrorCode {
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
