import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Pair {
  readonly cert: string
  readonly key: string
}

/** Certificates of one test file; the server's names `search.example` only. */
export interface Certificates {
  readonly authority: Pair
  /** Signed nothing here. */
  readonly other: Pair
  readonly server: Pair
  readonly client: Pair
}

const usual = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']

export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-tls-'))
  const make = async (name: string, ...more: readonly string[]): Promise<Pair> => {
    const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
    await run('openssl', [...usual, '-subj', `/CN=${name}`, ...more, '-keyout', key, '-out', cert]).catch(
      (error: unknown) => {
        throw new Error('The tests of TLS make their certificates with openssl, which failed', {
          cause: error,
        })
      },
    )
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  }
  try {
    const authority = await make('authority')
    const signed = ['-CA', join(folder, 'authority.crt'), '-CAkey', join(folder, 'authority.key'), '-addext']
    const leaf = [...signed, 'basicConstraints=critical,CA:FALSE', '-addext']
    return {
      authority,
      other: await make('other'),
      server: await make('search.example', ...leaf, 'subjectAltName=DNS:search.example'),
      client: await make('client', ...leaf, 'extendedKeyUsage=clientAuth'),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
