import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createServer, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'

const run = promisify(execFile)

interface Pair {
  readonly cert: string
  readonly key: string
}

/** TLS in front of a server of the tests that has none of its own. */
export interface TlsFront {
  readonly port: number
  /** Sockets whose client showed a certificate that the authority signed. */
  readonly known: number
}

export interface Certificates {
  readonly authority: Pair
  /** Signed, and names the address 127.0.0.1. */
  readonly addressed: Pair
  /** Signed, and names db.example only. */
  readonly named: Pair
  readonly client: Pair
  /** Signed by nobody who is known. */
  readonly impostor: Pair
}

/** Decrypts, and passes on to the server; closed when the file is over. */
export async function startTlsFront(
  { cert, key }: Pair,
  authority: string,
  target: { readonly host: string; readonly port: number },
  demandsCertificate = false,
): Promise<TlsFront> {
  const sockets = new Set<TLSSocket>()
  let known = 0
  const options = {
    cert,
    key,
    ca: authority,
    requestCert: demandsCertificate,
    rejectUnauthorized: demandsCertificate,
  }
  const server = createServer(options, (client) => {
    sockets.add(client)
    if (client.authorized) known += 1
    const upstream = connect(target)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  after(async () => {
    for (const socket of sockets) socket.destroy()
    server.close()
    await once(server, 'close')
  })
  return {
    port: (server.address() as AddressInfo).port,
    get known() {
      return known
    },
  }
}

/** Certificates for one run, made by openssl. */
export async function makeCertificates(): Promise<Certificates> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-tls-'))
  const make = async (name: string, more: readonly string[]): Promise<Pair> => {
    const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
    const common = [
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
    await run('openssl', [...common, '-subj', `/CN=${name}`, ...more, '-keyout', key, '-out', cert])
    return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') }
  }
  const signed = (name: string, extension: string): Promise<Pair> =>
    make(name, [
      '-CA',
      join(folder, 'authority.crt'),
      '-CAkey',
      join(folder, 'authority.key'),
      '-addext',
      'basicConstraints=critical,CA:FALSE',
      '-addext',
      extension,
    ])
  try {
    return {
      authority: await make('authority', []),
      addressed: await signed('addressed', 'subjectAltName=IP:127.0.0.1'),
      named: await signed('named', 'subjectAltName=DNS:db.example'),
      client: await signed('client', 'extendedKeyUsage=clientAuth'),
      impostor: await make('impostor', ['-addext', 'subjectAltName=IP:127.0.0.1']),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}
