import type { BulkheadError } from '@bulkhead/connector-sdk'
import { type ErrorCode, opensearchError } from '../errors.ts'
import { ConnectTimeout, NotHttp, RequestTimeout } from './failures.ts'
import type { Node } from './settings.ts'

/** What Node.js says when the certificate of the server is not acceptable. */
const certificateFaults = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'HOSTNAME_MISMATCH',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** What went wrong when there was no whole answer. The text of Node.js is not passed on: it may quote what it read. */
export function connectionError(error: unknown, node: Node): BulkheadError {
  const { code = 'no code' } = error as NodeJS.ErrnoException
  const of = (known: ErrorCode, message: string, path = 'config.nodes'): BulkheadError =>
    opensearchError(known, message, { path })
  if (error instanceof ConnectTimeout)
    return of('opensearch-connect-timeout', `${node.name} did not take the connection in time`)
  if (error instanceof RequestTimeout)
    return of('opensearch-request-timeout', `${node.name} did not answer in time`, 'config.requestTimeout')
  if (code === 'ENOTFOUND') return of('opensearch-host-unknown', `There is no host "${node.host}"`)
  if (certificateFaults.has(code))
    return of(
      'opensearch-certificate-refused',
      `The certificate of ${node.name} is not acceptable (${code})`,
      'config.tls',
    )
  if (/^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO)/.test(code))
    return of(
      'opensearch-tls-failed',
      `No encrypted connection with ${node.name} came about (${code})`,
      'config.tls',
    )
  if (error instanceof NotHttp)
    return of('opensearch-not-a-server', `What answers at ${node.name} does not speak HTTP`)
  if (/^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ETIMEDOUT|EADDRNOTAVAIL|EACCES|EPERM)$/.test(code))
    return of('opensearch-unreachable', `No connection to ${node.name} came about (${code})`)
  return of('opensearch-connection-lost', `The connection to ${node.name} broke (${code})`)
}

/** Whether another node may do better. A wrong certificate or scheme is told at once. */
export function isWorthAnother(error: BulkheadError): boolean {
  return error.retryable || error.code === 'opensearch-host-unknown'
}
