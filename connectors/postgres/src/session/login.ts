import { TLSSocket } from 'node:tls'
import sasl from 'pg/lib/crypto/sasl.js'
import crypto from 'pg/lib/crypto/utils.js'
import { postgresError } from '../errors.ts'
import { backend, readError, readParameterStatus, ServerError } from '../wire/backend.ts'
import type { Connection, ConnectionListener } from '../wire/connection.ts'
import * as frontend from '../wire/frontend.ts'

export interface Credentials {
  readonly user: string
  readonly database: string
  readonly password: string | undefined
  readonly applicationName: string
  /** Whether a password may be sent in clear although the connection is not encrypted. */
  readonly clearPassword: boolean
}

export interface LoggedIn {
  /** What a CancelRequest for this session must carry. */
  readonly cancelKey: Buffer
  /** What the server says of itself, such as `server_version` and `server_encoding`. */
  readonly parameters: ReadonlyMap<string, string>
}

/** Ways of logging in, by their number in the message. @see protocol-message-formats, AuthenticationOk and following */
const method = { ok: 0, clearPassword: 3, md5Password: 5, sasl: 10, saslContinue: 11, saslFinal: 12 } as const

/**
 * Begins the session on a fresh connection and proves who the user is.
 * @throws ServerError when the server refuses; BulkheadError when the settings lack what it asks for
 */
export function login(connection: Connection, credentials: Credentials): Promise<LoggedIn> {
  return new Promise((resolve, reject) => {
    const parameters = new Map<string, string>()
    let cancelKey: Buffer = Buffer.alloc(0)
    const proof = new Proof(connection, credentials)

    const listener: ConnectionListener = {
      message(type, body) {
        if (type === backend.authentication) proof.answer(body)
        else if (type === backend.errorResponse) connection.destroy(new ServerError(readError(body), 0))
        else if (type === backend.backendKeyData) cancelKey = Buffer.from(body)
        else if (type === backend.parameterStatus) parameters.set(...readParameterStatus(body))
        else if (type === backend.readyForQuery && proof.accepted) resolve({ cancelKey, parameters })
        else if (type !== backend.noticeResponse)
          connection.destroy(
            postgresError('postgres-not-a-server', 'The server does not speak the protocol of PostgreSQL', {
              path: 'config.host',
            }),
          )
      },
      copyData: () => true,
      failed: reject,
    }
    connection.listen(listener)
    connection.send([
      frontend.startup({
        user: credentials.user,
        database: credentials.database,
        application_name: credentials.applicationName,
        client_encoding: 'UTF8',
      }),
    ])
  })
}

/**
 * Answers what the server asks for, step by step. What is wrong with a message is thrown at once,
 * before the next one is looked at: a server must not be able to welcome itself.
 */
class Proof {
  readonly #connection: Connection
  readonly #credentials: Credentials
  /** From the offer of SCRAM until the server has proved that it knows the password too. */
  #session: SaslSession | undefined
  #accepted = false

  constructor(connection: Connection, credentials: Credentials) {
    this.#connection = connection
    this.#credentials = credentials
  }

  /** Whether the server said that the user is logged in. */
  get accepted(): boolean {
    return this.#accepted
  }

  answer(body: Buffer): void {
    const rest = body.subarray(4)
    switch (body.readInt32BE(0)) {
      case method.ok:
        if (this.#session !== undefined) throw unproved()
        this.#accepted = true
        return
      case method.clearPassword:
        if (!this.#credentials.clearPassword) throw clearPasswordRefused()
        this.#connection.send([frontend.password(this.#password())])
        return
      case method.md5Password: {
        const hash = crypto.postgresMd5PasswordHash(
          this.#credentials.user,
          this.#password(),
          Buffer.from(rest.subarray(0, 4)),
        )
        this.#later(hash, (text) => frontend.password(text))
        return
      }
      case method.sasl: {
        this.#password()
        const mechanisms = rest.toString('utf8').split('\0').filter(Boolean)
        this.#session = start(mechanisms, this.#channel())
        this.#connection.send([frontend.saslInitialResponse(this.#session.mechanism, this.#session.response)])
        return
      }
      case method.saslContinue: {
        const session = this.#session
        if (session === undefined) throw unproved()
        const proof = sasl
          .continueSession(session, this.#password(), rest.toString('utf8'), this.#channel())
          .catch(() => Promise.reject(unproved()))
        this.#later(proof, () => frontend.saslResponse(session.response))
        return
      }
      case method.saslFinal:
        finish(this.#session, rest.toString('utf8'))
        this.#session = undefined
        return
      default:
        throw unsupported()
    }
  }

  #later<T>(result: Promise<T>, message: (result: T) => Buffer): void {
    result.then(
      (value) => this.#connection.send([message(value)]),
      (error: unknown) => this.#connection.destroy(error),
    )
  }

  /** The encrypted connection to which the proof is bound, so that nobody in between can pass it on. */
  #channel(): TLSSocket | false {
    return this.#connection.socket instanceof TLSSocket && this.#connection.socket
  }

  #password(): string {
    const { password } = this.#credentials
    if (password === undefined)
      throw postgresError('postgres-password-missing', 'The server asks for a password and none is set', {
        path: 'config.password',
      })
    return password
  }
}

type SaslSession = ReturnType<typeof sasl.startSession>

function start(mechanisms: readonly string[], channel: TLSSocket | false): SaslSession {
  try {
    return sasl.startSession(mechanisms, channel)
  } catch {
    throw unsupported()
  }
}

function finish(session: SaslSession | undefined, data: string): void {
  try {
    if (session === undefined) throw unproved()
    sasl.finalizeSession(session, data)
  } catch {
    throw unproved()
  }
}

function unsupported(): Error {
  return postgresError(
    'postgres-login-unsupported',
    'The server demands a way of logging in that this connector does not know',
    { path: 'config.user' },
  )
}

function unproved(): Error {
  return postgresError('postgres-login-refused', 'The server could not prove that it knows the password', {
    fix: 'Somebody may pretend to be the server: check `host`, and use `tls.mode: verify-full`',
  })
}

function clearPasswordRefused(): Error {
  return postgresError(
    'postgres-login-refused',
    'The server asks for the password in clear over a connection that is not encrypted',
    { path: 'config.tls.mode', fix: 'Use TLS, or let the user log in by SCRAM-SHA-256' },
  )
}
