import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  /** Where they lie as `NAME.crt` and `NAME.key`, until the test file is over. */
  readonly folder: string
  /** Signed the two below. */
  readonly authority: Pair
  /** Names `db.example` only. */
  readonly server: Pair
  readonly client: Pair
  /** Signed nothing here. */
  readonly other: Pair
}

/** Makes certificates with openssl. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-certificates-'))
  after(() => rm(folder, { recursive: true }))
  const make = async (name: string, more: readonly string[]): Promise<Pair> => {
    const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ]
    await run('openssl', [...request, '-subj', `/CN=${name}`, ...more, '-keyout', key, '-out', cert]).catch(
      (error: unknown) => {
        throw new Error('The tests of TLS make their certificates with openssl, which failed', {
          cause: error,
        })
      },
    )
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  }
  const authority = await make('authority', [])
  const by = ['-CA', join(folder, 'authority.crt'), '-CAkey', join(folder, 'authority.key')]
  const leaf = [...by, '-addext', 'basicConstraints=critical,CA:FALSE', '-addext']
  return {
    folder,
    authority,
    server: await make('server', [...leaf, 'subjectAltName=DNS:db.example']),
    client: await make('client', [...leaf, 'extendedKeyUsage=clientAuth']),
    other: await make('other', []),
  }
}
