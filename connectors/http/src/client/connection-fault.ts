import { isBulkheadError } from '@bulkhead/connector-sdk'
import { connectFailure } from '@bulkhead/connector-sdk/network'
import { httpFault } from '../errors.ts'

/** What went wrong on the way to the head of an answer. */
export function connectionFault(error: unknown, { host, hostname, protocol }: URL): Error {
  // Such as a connection that the application's network policy refuses.
  const known = bulkheadCause(error)
  if (known !== undefined) return known
  const code = codeOf(error)
  const path = 'config.baseUrl'
  const failure = connectFailure(code)
  if (failure === 'host-unknown')
    return httpFault('http-host-unknown', `There is no host "${hostname}"`, { path })
  if (failure === 'certificate-refused')
    return httpFault('http-certificate-refused', `The certificate of ${host} is not acceptable (${code})`, {
      path: 'config.tls',
    })
  if (failure === 'tls-failed' || (code === 'EPROTO' && protocol === 'https:'))
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
