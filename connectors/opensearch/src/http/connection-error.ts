import type { BulkheadError } from '@bulkhead/connector-sdk'
import { connectFailure } from '@bulkhead/connector-sdk/network'
import { type ErrorCode, opensearchError } from '../errors.ts'
import { ConnectTimeout, NotHttp, RequestTimeout } from './failures.ts'
import type { Node } from './settings.ts'

/** What went wrong when there was no whole answer. The text of Node.js is not passed on: it may quote what it read. */
export function connectionError(error: unknown, node: Node): BulkheadError {
  const { code = 'no code' } = error as NodeJS.ErrnoException
  const of = (known: ErrorCode, message: string, path = 'config.nodes'): BulkheadError =>
    opensearchError(known, message, { path })
  if (error instanceof ConnectTimeout)
    return of('opensearch-connect-timeout', `${node.name} did not take the connection in time`)
  if (error instanceof RequestTimeout)
    return of('opensearch-request-timeout', `${node.name} did not answer in time`, 'config.requestTimeout')
  const failure = connectFailure(code)
  if (failure === 'host-unknown') return of('opensearch-host-unknown', `There is no host "${node.host}"`)
  if (failure === 'certificate-refused')
    return of(
      'opensearch-certificate-refused',
      `The certificate of ${node.name} is not acceptable (${code})`,
      'config.tls',
    )
  if (failure === 'tls-failed' || code === 'EPROTO')
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
