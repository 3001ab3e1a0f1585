/** What Node says when the certificate of a server is not acceptable. @see https://nodejs.org/api/tls.html#x509-certificate-error-codes */
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

/** Why no connection came about, as far as the code of Node's error tells; `unreachable` for all else. */
export type ConnectFailure = 'host-unknown' | 'certificate-refused' | 'tls-failed' | 'unreachable'

/** Its message is not for messages of ours: it may quote what was read. */
export function connectFailure(code: string): ConnectFailure {
  if (code === 'ENOTFOUND') return 'host-unknown'
  if (certificateFaults.has(code)) return 'certificate-refused'
  if (/^ERR_(SSL|TLS|OSSL)/.test(code)) return 'tls-failed'
  return 'unreachable'
}
