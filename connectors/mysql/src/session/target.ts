import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { checkServerIdentity, type ConnectionOptions, createSecureContext } from 'node:tls'
import { type Config, tlsMode } from '../config.ts'
import { mysqlError } from '../errors.ts'

/** A server and how to reach it: for sessions, and for the connections that cancel them. */
export interface Target {
  readonly host: string
  readonly port: number
  /** Undefined: in clear. */
  readonly tls: ConnectionOptions | undefined
}

/** @throws BulkheadError `mysql-tls-settings` when certificates or keys cannot be read */
export function targetOf(config: Config): Target {
  return { host: config.host, port: config.port, tls: tlsOptions(config) }
}

function tlsOptions(config: Config): ConnectionOptions | undefined {
  const { host, tls } = config
  const mode = tlsMode(config)
  if (mode === 'disable') return undefined
  const name = tls.serverName ?? host
  const { ca, cert, key } = tls
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
    throw mysqlError('mysql-tls-settings', 'A certificate or key of the settings cannot be read', {
      path: 'config.tls',
    })
  }
}

/** OpenSSL passes over what it cannot read, and would then trust nobody without saying why. */
function readCertificates(pem: string): void {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (blocks.length === 0) throw new TypeError('There is no certificate')
  for (const block of blocks) new X509Certificate(block)
}
