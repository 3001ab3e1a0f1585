import { constants, createHash, generateKeyPairSync, privateDecrypt, randomInt } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { Payload } from '../wire/payload.ts'
import { packets } from '../wire/client-packets.ts'
import type { Pair } from './certificates.ts'

/**
 * A server that speaks the logins that MariaDB has not, and nothing else: MySQL's own are in no package
 * registry. The tests log in to it with another client too, so that it is not only our own idea of them.
 */
export interface LoginServer {
  readonly port: number
  /** What the client sent to prove the password, each packet. */
  readonly proofs: readonly Buffer[]
}

export interface LoginOptions {
  /** What the greeting says. */
  readonly preferred?: string
  /** What the user needs; asked for by a switch when it is not the preferred one. */
  readonly plugin: 'caching_sha2_password' | 'mysql_clear_password' | 'authentication_kerberos'
  readonly password: string
  /** Whether the server knows the hash already. */
  readonly cached?: boolean
  readonly tls?: Pair
}

const key = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const tlsFlag = 0x800
const flags = 0x8 | 0x200 | 0x2000 | 0x8000 | 0x8_0000 | 0x20_0000 | 0x1

export async function startLoginServer(
  scope: { after(action: () => void): void },
  options: LoginOptions,
): Promise<LoginServer> {
  const proofs: Buffer[] = []
  const sockets = new Set<Socket>()
  const listener = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    void serve(socket, options, proofs).catch(() => socket.destroy())
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
  scope.after(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return { port: (listener.address() as AddressInfo).port, proofs }
}

async function serve(raw: Socket, options: LoginOptions, proofs: Buffer[]): Promise<void> {
  const { preferred = options.plugin, plugin, password, cached = false, tls } = options
  let socket = raw
  let sequence = 0
  const nonce = Buffer.from(Array.from({ length: 20 }, () => randomInt(1, 127)))
  const send = (...parts: readonly (Buffer | string | number)[]): void => {
    const bytes = parts.map((part) =>
      typeof part === 'number' ? Buffer.of(part) : typeof part === 'string' ? Buffer.from(part) : part,
    )
    socket.write(packets(Buffer.concat(bytes), sequence++))
  }
  const receive = async (): Promise<Buffer> => {
    const next = once(socket, 'data')
    socket.resume()
    const [chunk] = (await next) as [Buffer]
    socket.pause()
    sequence = (chunk[3] ?? 0) + 1
    const end = 4 + chunk.readUIntLE(0, 3)
    // The handshake of TLS may come with the request for it.
    if (chunk.length > end) socket.unshift(chunk.subarray(end))
    return chunk.subarray(4, end)
  }
  const all = flags | (tls === undefined ? 0 : tlsFlag)
  const [low, high] = [Buffer.alloc(2), Buffer.alloc(2)]
  low.writeUInt16LE(all & 0xffff)
  high.writeUInt16LE(all >>> 16)
  const id = Buffer.of(1, 0, 0, 0)
  send(
    10,
    '8.4.0\0',
    id,
    nonce.subarray(0, 8),
    0,
    low,
    45,
    2,
    0,
    high,
    21,
    Buffer.alloc(10),
    nonce.subarray(8),
    0,
    `${preferred}\0`,
  )

  let hello = await receive()
  if (tls !== undefined && hello.length === 32) {
    socket = new TLSSocket(raw, { isServer: true, ...tls })
    socket.on('error', () => undefined)
    hello = await receive()
  }
  const login = new Payload(hello, 32, hello.length)
  login.textToNul()
  let proof = login.bytes(login.lengthEncoded() ?? 0)
  login.textToNul()
  if (login.textToNul() !== plugin) {
    send(0xfe, `${plugin}\0`, nonce, 0)
    proof = await receive()
  }
  proofs.push(Buffer.from(proof))
  if (plugin === 'caching_sha2_password') {
    let right = proof.equals(expectedHash(password, nonce))
    if (right && cached) send(1, 3)
    else {
      send(1, 4)
      let answer = await receive()
      proofs.push(Buffer.from(answer))
      if (!(socket instanceof TLSSocket)) {
        send(1, key.publicKey)
        answer = unsealed(await receive(), nonce)
      }
      right = answer.equals(Buffer.from(`${password}\0`))
    }
    if (!right) return send(0xff, Buffer.of(0x15, 0x04), '#28000Access denied')
  } else if (!proof.equals(Buffer.from(`${password}\0`)))
    return send(0xff, Buffer.of(0x15, 0x04), '#28000Access denied')
  send(0, 0, 0, 2, 0, 0, 0)
  for (;;) {
    await receive()
    send(0, 0, 0, 2, 0, 0, 0)
  }
}

function expectedHash(password: string, nonce: Buffer): Buffer {
  const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
  const once256 = sha256(Buffer.from(password))
  const mask = sha256(Buffer.concat([sha256(once256), nonce]))
  return Buffer.from(once256.map((byte, index) => byte ^ (mask[index] ?? 0)))
}

function unsealed(sealed: Buffer, nonce: Buffer): Buffer {
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
  const mixed = privateDecrypt({ key: key.privateKey, ...padding }, sealed)
  return Buffer.from(mixed.map((byte, index) => byte ^ (nonce[index % nonce.length] ?? 0)))
}
