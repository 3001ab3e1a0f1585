import { X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
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
  const options = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  }
  try {
    // Node.js passes over an authority that it cannot read, and then trusts nobody.
    for (const block of ca === undefined ? [] : certificatesIn(ca)) new X509Certificate(block)
    createSecureContext({ ca, cert, key })
  } catch {
    // No cause: the error of OpenSSL may quote the key.
    throw httpFault('http-tls-settings', 'Certificate, key or authority cannot be used', {
      path: 'config.tls',
    })
  }
  return options
}

function certificatesIn(pem: string): readonly string[] {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END/g)
  return blocks === null ? [pem] : blocks.map((block) => `${block} CERTIFICATE-----`)
}
