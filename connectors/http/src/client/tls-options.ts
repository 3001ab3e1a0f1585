import { readableMaterial } from '@bulkhead/connector-sdk/network'
import type { Config } from '../config.ts'
import { httpFault } from '../errors.ts'

/** How this side connects by TLS, in the words of Node.js. Certificates are always checked. */
export interface TlsOptions {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly servername?: string
}

/**
 * Tries certificates and key, so that what is wrong with them is told before anything is sent.
 * @throws BulkheadError `http-tls-settings`
 */
export function tlsOptions({ ca, cert, key, serverName }: Config['tls']): TlsOptions {
  try {
    return {
      ...readableMaterial({ ca, cert, key }),
      ...(serverName !== undefined && { servername: serverName }),
    }
  } catch {
    throw httpFault('http-tls-settings', 'Certificate, key or authority cannot be used', {
      path: 'config.tls',
    })
  }
}
