import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions, createSecureContext } from 'node:tls'
import type { TlsMode } from './tls-settings.ts'

/** PEM text of the settings. */
export interface TlsMaterial {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
}

export interface TlsChoice extends TlsMaterial {
  readonly mode: Exclude<TlsMode, 'disable'>
  /** The name or address that the certificate must carry. */
  readonly name: string
}

/**
 * The same without what is absent, when all of it can be read and fits: for clients that take PEM text.
 * @throws TypeError whose text says nothing of their content
 */
export function readableMaterial({ ca, cert, key }: TlsMaterial): {
  ca?: string
  cert?: string
  key?: string
} {
  const material = {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
  }
  try {
    for (const pem of [ca, cert]) if (pem !== undefined) readCertificates(pem)
    createSecureContext(material)
    return material
  } catch {
    // The message of OpenSSL may quote the input.
    throw new TypeError('A certificate or key cannot be read')
  }
}

/**
 * What `tls.connect` takes for these settings.
 * @throws TypeError as `readableMaterial` does
 */
export function tlsOptions({ mode, name, ...material }: TlsChoice): ConnectionOptions {
  return {
    secureContext: createSecureContext(readableMaterial(material)),
    rejectUnauthorized: mode !== 'require',
    checkServerIdentity: (_host, certificate) =>
      mode === 'verify-full' ? checkServerIdentity(name, certificate) : undefined,
    // An address is not allowed in the server name indication (RFC 6066, 3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
  }
}

/** OpenSSL passes over what it cannot read, and would then trust nobody without saying why. */
function readCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END [^-]+-----/g) ?? []
  const begun = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/g)?.length
  if (blocks.length === 0 || blocks.length !== begun) throw new TypeError('A certificate is not whole')
  for (const block of blocks) new X509Certificate(block)
}
