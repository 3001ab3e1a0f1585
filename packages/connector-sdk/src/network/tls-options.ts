import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions, createSecureContext } from 'node:tls'
import type { TlsMode } from './tls-settings.ts'

export interface TlsChoice {
  readonly mode: Exclude<TlsMode, 'disable'>
  /** The name or address that the certificate must carry. */
  readonly name: string
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

/**
 * What `tls.connect` takes for these settings.
 * @throws TypeError when a certificate or key cannot be read; its text says nothing of their content
 */
export function tlsOptions({ mode, name, ca, cert, key }: TlsChoice): ConnectionOptions {
  try {
    for (const pem of [ca, cert]) if (pem !== undefined) readCertificates(pem)
    const secureContext = createSecureContext({
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    })
    return {
      secureContext,
      rejectUnauthorized: mode !== 'require',
      checkServerIdentity: (_host, certificate) =>
        mode === 'verify-full' ? checkServerIdentity(name, certificate) : undefined,
      // An address is not allowed in the server name indication (RFC 6066, 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
    }
  } catch {
    // The message of OpenSSL may quote the input.
    throw new TypeError('A certificate or key cannot be read')
  }
}

/** OpenSSL passes over what it cannot read, and would then trust nobody without saying why. */
function readCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new TypeError('There is no certificate')
  for (const block of blocks) new X509Certificate(block)
}
