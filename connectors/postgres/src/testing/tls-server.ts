import { execFile } from 'node:child_process'
import { chmod, chown, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { promisify } from 'node:util'
import { startPostgres } from '../../../../scripts/services/postgres.ts'
import { execute } from '../../../../test/support/postgres.ts'

const run = promisify(execFile)

/** A PostgreSQL server of its own with TLS, for a whole test file, and the certificates made for it. */
export interface TlsServer {
  readonly url: URL
  readonly host: string
  readonly port: number
  /** Signed the certificate of the server, which names `db.example` only. */
  readonly authority: string
  /** An authority that signed nothing here. */
  readonly otherAuthority: string
  /** Logs `certified` in, without password. */
  readonly client: { readonly cert: string; readonly key: string }
  /** Of a server that pretends to be this one. */
  readonly impostor: { readonly cert: string; readonly key: string }
}

/** Roles by their way of logging in; all passwords are `correct horse`. */
export const roles = { scram: 'scrambled', md5: 'hashed', clear: 'cleared', cert: 'certified' } as const
export const password = 'correct horse'

export async function startTlsServer(): Promise<TlsServer> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-tls-'))
  await chmod(folder, 0o755) // the server runs as another user when this one is root
  const serverFolder = join(folder, 'server')
  await mkdir(serverFolder)
  const server = await startPostgres(serverFolder, AbortSignal.timeout(60_000))
  after(async () => {
    await server[Symbol.asyncDispose]()
    await rm(folder, { recursive: true })
  })
  const pki = await certificates(folder)
  const url = new URL(server.value)
  await switchTlsOn(join(serverFolder, 'data'), url, pki)
  return {
    url,
    host: url.hostname,
    port: Number(url.port),
    authority: pki.authority.cert,
    otherAuthority: pki.impostor.cert,
    client: pki.client,
    impostor: pki.impostor,
  }
}

interface Pair {
  readonly cert: string
  readonly key: string
}

async function switchTlsOn(
  data: string,
  url: URL,
  pki: Awaited<ReturnType<typeof certificates>>,
): Promise<void> {
  const access = [
    `hostssl all ${roles.cert} 127.0.0.1/32 cert`,
    `hostnossl all ${roles.cert} 127.0.0.1/32 reject`,
    `host all ${roles.scram} 127.0.0.1/32 scram-sha-256`,
    `host all ${roles.md5} 127.0.0.1/32 md5`,
    `host all ${roles.clear} 127.0.0.1/32 password`,
    'host all all 127.0.0.1/32 trust',
  ]
  const { uid, gid } = await stat(data)
  for (const [name, content] of [
    ['tls.crt', pki.server.cert],
    ['tls.key', pki.server.key],
    ['tls-ca.crt', pki.authority.cert],
    ['pg_hba.conf', `${access.join('\n')}\n`],
  ] as const) {
    await writeFile(join(data, name), content, { mode: 0o600 })
    await chown(join(data, name), uid, gid)
  }
  const settings = { ssl: 'on', ssl_cert_file: 'tls.crt', ssl_key_file: 'tls.key', ssl_ca_file: 'tls-ca.crt' }
  for (const [name, value] of Object.entries(settings))
    await execute(url, `ALTER SYSTEM SET ${name} = '${value}'`)
  await execute(
    url,
    `CREATE ROLE ${roles.scram} LOGIN PASSWORD '${password}'; CREATE ROLE ${roles.clear} LOGIN PASSWORD '${password}';
     CREATE ROLE ${roles.cert} LOGIN; SET password_encryption = 'md5'; CREATE ROLE ${roles.md5} LOGIN PASSWORD '${password}';
     SELECT pg_reload_conf()`,
  )
  const deadline = performance.now() + 10_000
  for (;;) {
    const [row] = await execute(url, 'SHOW ssl')
    if (row?.['ssl'] === 'on') return
    if (performance.now() > deadline) throw new Error('The server does not switch TLS on')
  }
}

async function certificates(
  folder: string,
): Promise<{ authority: Pair; server: Pair; client: Pair; impostor: Pair }> {
  const selfSigned = (name: string): Promise<Pair> =>
    make(name, [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    ])
  const signed = (name: string, extension: string): Promise<Pair> =>
    make(name, [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
      '-CA', join(folder, 'authority.crt'), '-CAkey', join(folder, 'authority.key'),
      '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', extension,
    ]) // prettier-ignore
  const make = async (name: string, args: readonly string[]): Promise<Pair> => {
    const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
    await run('openssl', [...args, '-keyout', key, '-out', cert]).catch((error: unknown) => {
      throw new Error('The tests of TLS make their certificates with openssl, which failed', { cause: error })
    })
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  }
  const authority = await selfSigned('authority')
  return {
    authority,
    server: await signed('db.example', 'subjectAltName=DNS:db.example'),
    client: await signed(roles.cert, 'extendedKeyUsage=clientAuth'),
    impostor: await selfSigned('impostor'),
  }
}
