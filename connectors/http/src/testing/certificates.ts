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

/** Certificates made for one test file. */
export interface Certificates {
  /** Signed `server` and `client`. */
  readonly authority: Pair
  /** Signed nothing here. */
  readonly other: Pair
  /** For 127.0.0.1 and `api.example`. */
  readonly server: Pair
  readonly client: Pair
}

/** Makes an authority and what it signs, by openssl. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-http-tls-'))
  try {
    const authority = await make(folder, 'authority', [])
    const other = await make(folder, 'other', [])
    const signed = ['-CA', join(folder, 'authority.crt'), '-CAkey', join(folder, 'authority.key')]
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:api.example']
    const server = await make(folder, 'server', [...signed, ...names])
    const client = await make(folder, 'client', signed)
    return { authority, other, server, client }
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function make(folder: string, name: string, more: readonly string[]): Promise<Pair> {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  await run('openssl', [
    'req',
    '-x509',
    ...curve,
    '-nodes',
    '-days',
    '2',
    '-subj',
    `/CN=${name}`,
    '-keyout',
    key,
    '-out',
    cert,
    ...more,
  ])
  return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
}
