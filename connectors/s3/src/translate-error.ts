import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { s3Fault, type S3ErrorCode } from './errors.ts'
import { type Failure, failureOf } from './failure.ts'
import { classify, s3CodeOf } from './classify-failure.ts'
import type { Operation } from './operation.ts'
import type { Settings } from './settings.ts'

/**
 * Turns what the SDK throws into an error that says what, where and how to fix it.
 *
 * Nothing of the answer's text goes on: to a wrong signature a store answers with the headers it got,
 * a session token among them. The cause names only status, code and request id.
 */
export function translateError(error: unknown, operation: Operation, settings: Settings): BulkheadError {
  const known = bulkheadErrorIn(error)
  if (known !== undefined) return known
  const failure = failureOf(error)
  const code = classify(failure, operation)
  const { detail, ...details } = detailsOf(code, failure, operation, settings)
  const cause = new Error(summary(failure))
  const where = operation.key === undefined ? '' : ` (key ${JSON.stringify(operation.key)})`
  return s3Fault(
    code,
    `Cannot ${operation.doing} bucket "${settings.bucket}" at ${settings.address}${where}: ${detail}`,
    { ...details, cause },
  )
}

/** The network guard of the platform speaks through the socket. */
function bulkheadErrorIn(error: unknown, depth = 0): BulkheadError | undefined {
  if (isBulkheadError(error)) return error
  const cause = failureOf(error).cause
  return cause === undefined || depth > 5 ? undefined : bulkheadErrorIn(cause, depth + 1)
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
