import { isBulkheadError } from '@bulkhead/connector-sdk'
import { httpFault } from '../errors.ts'

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

/** What went wrong on the way to the head of an answer. */
export function connectionFault(error: unknown, { host, hostname, protocol }: URL): Error {
  // Such as a connection that the application's network policy refuses.
  const known = bulkheadCause(error)
  if (known !== undefined) return known
  const code = codeOf(error)
  const path = 'config.baseUrl'
  if (code === 'ENOTFOUND') return httpFault('http-host-unknown', `There is no host "${hostname}"`, { path })
  if (certificateFaults.has(code))
    return httpFault('http-certificate-refused', `The certificate of ${host} is not acceptable (${code})`, {
      path: 'config.tls',
    })
  if (/^ERR_(SSL|TLS|OSSL)/.test(code) || (code === 'EPROTO' && protocol === 'https:'))
    return httpFault('http-tls-failed', `No encrypted connection with ${host} came about (${code})`, {
      path: 'config.tls',
    })
  if (code.startsWith('HPE_'))
    return httpFault('http-answer-not-json', `${host} does not answer in HTTP/1.1 (${code})`, { path })
  return httpFault('http-unreachable', `${host} gave no answer (${code})`, { path })
}

/** An error of ours, also inside the one that Node.js makes of several addresses of a host. */
function bulkheadCause(error: unknown): Error | undefined {
  if (isBulkheadError(error)) return error
  if (error instanceof AggregateError) return error.errors.find(isBulkheadError)
  return undefined
}

export function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException | undefined)?.code ?? 'unknown cause')
}
