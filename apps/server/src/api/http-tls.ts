import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:https'
import { createSecureContext } from 'node:tls'
import type { Log } from '@bulkhead/connector-sdk'
import { fault, type PlatformSpec } from '@bulkhead/contract'

type Files = NonNullable<PlatformSpec['http']['tls']>

/** The certificate that the API shows, as PEM, and whose certificates of callers it knows. */
interface Certificates {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

/** How the API is encrypted. */
export interface HttpTls {
  readonly certificates: Certificates
  /** Whether a caller has to show a certificate. */
  readonly demandsClient: boolean
  /**
   * Reads the files again and again, and shows what is new; what cannot be used is said, and the one before stays.
   * @returns what ends it
   */
  follow(server: Pick<Server, 'setSecureContext'>): () => void
}

/** A certificate is replaced long before it expires; a look costs next to nothing. */
const lookMs = 10_000

/**
 * Reads certificate and key of the API.
 * @param everyMs  how often they are looked at again
 * @throws BulkheadError `http-tls-unusable`
 */
export async function openHttpTls(
  files: Files,
  { log, everyMs = lookMs }: { readonly log: Log; readonly everyMs?: number },
): Promise<HttpTls> {
  const certificates = await readCertificates(files)
  const first = digestOf(certificates)
  /** Said once, however often it is looked at. */
  let refused = ''

  /** @returns what is shown then */
  async function look(server: Pick<Server, 'setSecureContext'>, shown: string): Promise<string> {
    try {
      const now = await readCertificates(files)
      refused = ''
      if (digestOf(now) === shown) return shown
      server.setSecureContext({ ...now })
      log.info('A new certificate is shown')
      return digestOf(now)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (reason !== refused) log.warn(`The certificate of the HTTP API stays as it is: ${reason}`)
      refused = reason
      return shown
    }
  }

  return {
    certificates,
    demandsClient: files.clientCa !== undefined,
    follow(server) {
      let looking = false
      let shown = first
      const timer = setInterval(() => {
        if (looking) return
        looking = true
        void look(server, shown)
          .then((now) => (shown = now))
          .finally(() => (looking = false))
      }, everyMs)
      timer.unref()
      return () => clearInterval(timer)
    },
  }
}

async function readCertificates(files: Files): Promise<Certificates> {
  const read = (field: keyof Files, file: string): Promise<Buffer> =>
    readFile(file).catch((cause: unknown) => {
      const { code = 'unknown' } = cause as NodeJS.ErrnoException
      throw fault('http-tls-unusable', `The file ${file} cannot be read (${code})`, {
        path: `spec.http.tls.${field}`,
        cause,
      })
    })
  const [cert, key, ca] = await Promise.all([
    read('cert', files.cert),
    read('key', files.key),
    files.clientCa === undefined ? undefined : read('clientCa', files.clientCa),
  ])
  const certificates = { cert, key, ...(ca !== undefined && { ca }) }
  try {
    createSecureContext(certificates)
  } catch (cause) {
    // the words of OpenSSL name what does not fit, and nothing of a key
    const reason = cause instanceof Error ? cause.message : 'unknown'
    throw fault('http-tls-unusable', `Certificate and key of the HTTP API cannot be used: ${reason}`, {
      path: 'spec.http.tls',
      cause,
    })
  }
  return certificates
}

function digestOf({ cert, key, ca }: Certificates): string {
  const hash = createHash('sha256')
  for (const part of [cert, key, ca]) hash.update(part ?? '').update('\0')
  return hash.digest('hex')
}
