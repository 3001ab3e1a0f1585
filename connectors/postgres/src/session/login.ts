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
        if (type === backend.authentication)
          proof.answer(body).catch((error: unknown) => connection.destroy(error))
        else if (type === backend.errorResponse) connection.destroy(new ServerError(readError(body), 0))
        else if (type === backend.backendKeyData) cancelKey = Buffer.from(body)
        else if (type === backend.parameterStatus) parameters.set(...readParameterStatus(body))
        else if (type === backend.readyForQuery) resolve({ cancelKey, parameters })
        else if (type !== backend.noticeResponse)
          connection.destroy(
            postgresError('postgres-not-a-server', 'The server does not speak the protocol of PostgreSQL'),
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

/** Answers what the server asks for, step by step. */
class Proof {
  readonly #connection: Connection
  readonly #credentials: Credentials
  #session: ReturnType<typeof sasl.startSession> | undefined

  constructor(connection: Connection, credentials: Credentials) {
    this.#connection = connection
    this.#credentials = credentials
  }

  async answer(body: Buffer): Promise<void> {
    const rest = body.subarray(4)
    switch (body.readInt32BE(0)) {
      case method.ok:
        // Without its last message the server has not proved that it knows the password too.
        if (this.#session !== undefined) throw unproved()
        return
      case method.clearPassword: {
        if (!this.#credentials.clearPassword) throw clearPasswordRefused()
        return this.#connection.send([frontend.password(this.#password())])
      }
      case method.md5Password: {
        const salt = Buffer.from(rest.subarray(0, 4))
        const hash = await crypto.postgresMd5PasswordHash(this.#credentials.user, this.#password(), salt)
        return this.#connection.send([frontend.password(hash)])
      }
      case method.sasl: {
        this.#password()
        this.#session = unsupportedWhenItFails(() =>
          sasl.startSession(rest.toString('utf8').split('\0').filter(Boolean), this.#channel()),
        )
        const { mechanism, response } = this.#session
        return this.#connection.send([frontend.saslInitialResponse(mechanism, response)])
      }
      case method.saslContinue: {
        const session = this.#session
        if (session === undefined) throw unproved()
        const data = rest.toString('utf8')
        await sasl.continueSession(session, this.#password(), data, this.#channel()).catch(() => {
          throw unproved()
        })
        return this.#connection.send([frontend.saslResponse(session.response)])
      }
      case method.saslFinal:
        try {
          if (this.#session === undefined) throw unproved()
          sasl.finalizeSession(this.#session, rest.toString('utf8'))
        } catch {
          throw unproved()
        }
        this.#session = undefined
        return
      default:
        throw unsupported()
    }
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

function unsupportedWhenItFails<T>(action: () => T): T {
  try {
    return action()
  } catch {
    throw unsupported()
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
