import { constants, createHash, publicEncrypt } from 'node:crypto'
import { mysqlError } from '../errors.ts'

/** Proves one way that the user knows the password. */
export interface Authentication {
  /** The answer to the 20 bytes that the server chose. */
  readonly proof: Buffer
  /** The answer to what the server asks for next; undefined: none is wanted. */
  next(data: Buffer): Buffer | undefined
}

/** How well the way to the server is protected. */
export interface Protection {
  readonly encrypted: boolean
  /** Encrypted, and the server has proved who it is; or it is this machine itself. */
  readonly trusted: boolean
}

/** Ways of logging in that this connector knows, by the names of the plugins. */
export const plugins = ['mysql_native_password', 'caching_sha2_password', 'mysql_clear_password'] as const

/** @throws BulkheadError when the way is unknown, or would send a password in clear to anyone who listens */
export function authenticate(
  plugin: string,
  password: string | undefined,
  nonce: Buffer,
  protection: Protection,
): Authentication {
  switch (plugin) {
    case 'mysql_native_password':
      return { proof: nativeProof(password, nonce), next: notExpected }
    case 'caching_sha2_password':
      return new CachingSha2(password, nonce, protection)
    case 'mysql_clear_password':
      // Also the way of tokens, such as those of IAM.
      if (!protection.trusted) throw clearPasswordRefused()
      return { proof: Buffer.from(`${password ?? ''}\0`, 'utf8'), next: notExpected }
    default:
      throw mysqlError(
        'mysql-login-unsupported',
        'The server demands a way of logging in that this connector does not know',
        { path: 'config.user' },
      )
  }
}

/** @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_authentication_methods_native_password_authentication.html */
function nativeProof(password: string | undefined, nonce: Buffer): Buffer {
  if (password === undefined) return Buffer.alloc(0)
  const first = hash('sha1', Buffer.from(password, 'utf8'))
  return xor(first, hash('sha1', nonce, hash('sha1', first)))
}

const step = { askForKey: 2, accepted: 3, inFull: 4 } as const

/**
 * A hash that the server may have in its cache, or else the password itself, which only TLS or the
 * key of the server may carry.
 * @see https://dev.mysql.com/doc/dev/mysql-server/latest/page_caching_sha2_authentication_exchanges.html
 */
class CachingSha2 implements Authentication {
  readonly proof: Buffer
  readonly #password: string | undefined
  readonly #nonce: Buffer
  readonly #protection: Protection
  #askedForKey = false

  constructor(password: string | undefined, nonce: Buffer, protection: Protection) {
    this.#password = password
    this.#nonce = nonce
    this.#protection = protection
    if (password === undefined) this.proof = Buffer.alloc(0)
    else {
      const first = hash('sha256', Buffer.from(password, 'utf8'))
      this.proof = xor(first, hash('sha256', hash('sha256', first), nonce))
    }
  }

  next(data: Buffer): Buffer | undefined {
    if (this.#askedForKey) return this.#sealed(data)
    if (data[0] === step.accepted) return undefined
    if (data[0] !== step.inFull || data.length !== 1) return notExpected()
    if (this.#protection.encrypted) return this.#inClear()
    this.#askedForKey = true
    return Buffer.of(step.askForKey)
  }

  /** Safe from whoever listens, not from whoever pretends to be the server: that is what TLS is for. */
  #sealed(key: Buffer): Buffer {
    this.#askedForKey = false
    const text = this.#inClear()
    const mixed = Buffer.from(text.map((byte, index) => byte ^ this.#nonce[index % this.#nonce.length]!))
    try {
      return publicEncrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }, mixed)
    } catch {
      return notExpected()
    }
  }

  #inClear(): Buffer {
    return Buffer.from(`${this.#password ?? ''}\0`, 'utf8')
  }
}

function hash(algorithm: 'sha1' | 'sha256', ...parts: readonly Buffer[]): Buffer {
  const digest = createHash(algorithm)
  for (const part of parts) digest.update(part)
  return digest.digest()
}

function xor(a: Buffer, b: Buffer): Buffer {
  return Buffer.from(a.map((byte, index) => byte ^ b[index]!))
}

function notExpected(): never {
  throw mysqlError('mysql-protocol', 'The server asks for something that does not belong to this login')
}

function clearPasswordRefused(): Error {
  return mysqlError(
    'mysql-login-refused',
    'The server asks for the password in clear, and it has not proved who it is',
    { path: 'config.tls.mode', fix: 'Use `tls.mode: verify-full`, or a user with caching_sha2_password' },
  )
}
