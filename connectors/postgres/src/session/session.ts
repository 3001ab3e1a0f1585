import { once } from 'node:events'
import { postgresError } from '../errors.ts'
import {
  backend,
  type DescribedColumn,
  readDataRow,
  readError,
  readParameterDescription,
  readRowDescription,
  readText,
  ServerError,
} from '../wire/backend.ts'
import { type Connection, connectionLost } from '../wire/connection.ts'
import * as frontend from '../wire/frontend.ts'
import { cancelQuery } from './cancel.ts'
import type { LoggedIn } from './login.ts'
import type { Target } from './target.ts'

/** A statement of a sequence: described without being run, or run with values as text. */
export type Statement =
  | { readonly describe: string }
  | { readonly run: string; readonly values?: readonly (string | null)[] }

export interface StatementResult {
  /** Of a described statement: the types that the server inferred for `$1`, `$2` ... */
  readonly parameterOids: readonly number[]
  /** Of a described statement; undefined when it returns no rows. */
  readonly columns: readonly DescribedColumn[] | undefined
  readonly rows: readonly (readonly (string | null)[])[]
}

/** Receives the rows of a COPY. */
export interface RowReceiver {
  /**
   * One row, in `bytes` from `start` to `end`, during the call only.
   * @returns false when there is no room: the socket pauses, and the row comes again after `Session.resume`
   */
  row(bytes: Buffer, start: number, end: number): boolean
}

export interface SessionOptions {
  readonly target: Target
  /** Longest time of one sequence; the server should have ended it before. */
  readonly answerWithinMs: number
}

/** What is under way: one sequence at a time. */
interface Exchange {
  readonly statements: readonly Statement[]
  readonly results: Result[]
  /** Undefined: rows are dropped. */
  receiver: RowReceiver | undefined
  /** Statements that are done. */
  done: number
  /** Rows that the server says it copied. */
  copied: number | undefined
  error: ServerError | undefined
  readonly ended: PromiseWithResolvers<void>
}

interface Result {
  parameterOids: readonly number[]
  columns: readonly DescribedColumn[] | undefined
  readonly rows: (string | null)[][]
}

/** Longest wait for the server to stop a query after we asked, before the connection is cut. */
const stopWithinMs = 2000

/**
 * A session with the server, from the login to its end. It speaks the extended protocol only: every
 * text is exactly one statement, and values travel apart from it. Statements are sent in sequences
 * of one round trip; after an error the server skips the rest of its sequence.
 */
export class Session implements AsyncDisposable {
  readonly #connection: Connection
  readonly #loggedIn: LoggedIn
  readonly #options: SessionOptions
  #exchange: Exchange | undefined

  constructor(connection: Connection, loggedIn: LoggedIn, options: SessionOptions) {
    this.#connection = connection
    this.#loggedIn = loggedIn
    this.#options = options
    connection.listen({
      message: (type, body) => this.#message(type, body),
      copyData: (bytes, start, end) => this.#exchange?.receiver?.row(bytes, start, end) ?? true,
      failed: (error) => this.#settle(asBroken(error)),
    })
  }

  /** Whether another sequence can be sent. */
  get usable(): boolean {
    return this.#connection.failure === undefined && this.#exchange === undefined
  }

  /** What the server said of itself at the login, such as `server_version`. */
  reported(parameter: string): string {
    return this.#loggedIn.parameters.get(parameter) ?? ''
  }

  /**
   * Runs statements in one round trip.
   * @throws ServerError of the first statement that failed; BulkheadError when the connection broke
   */
  async run(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    return (await this.#converse(statements, undefined)).results
  }

  /**
   * Runs a COPY to the client, then the statements behind it, and passes each row to the receiver.
   * @returns how many rows the server says it sent
   */
  async copy(sql: string, receiver: RowReceiver, then: readonly Statement[]): Promise<number> {
    const { copied } = await this.#converse([{ run: sql }, ...then], receiver)
    if (copied === undefined) throw postgresError('postgres-protocol', 'The server did not copy')
    return copied
  }

  /** Goes on after the receiver had no room. */
  resume(): void {
    this.#connection.resume()
  }

  /** Ends the session, and what is under way in it, at the server too. Never throws; takes at most 2 s. */
  async end(): Promise<void> {
    const exchange = this.#exchange
    if (exchange !== undefined) {
      // A server that cannot send does not look for cancel requests: take what comes, and drop it.
      exchange.receiver = undefined
      this.#connection.resume()
      const patience = AbortSignal.timeout(stopWithinMs)
      const givenUp = once(patience, 'abort')
      await cancelQuery(this.#options.target, this.#loggedIn.cancelKey, patience).catch(() => undefined)
      await Promise.race([exchange.ended.promise, givenUp]).catch(() => undefined)
    }
    this.#connection.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  async #converse(statements: readonly Statement[], receiver: RowReceiver | undefined): Promise<Exchange> {
    const { failure } = this.#connection
    if (failure !== undefined) throw asBroken(failure)
    if (this.#exchange !== undefined) throw new TypeError('A session takes one sequence at a time')
    const exchange: Exchange = {
      statements,
      results: statements.map(() => ({ parameterOids: [], columns: undefined, rows: [] })),
      receiver,
      done: 0,
      copied: undefined,
      error: undefined,
      ended: Promise.withResolvers(),
    }
    this.#exchange = exchange
    const late = setTimeout(() => this.#connection.destroy(noAnswer()), this.#options.answerWithinMs)
    try {
      this.#connection.send([...statements.flatMap(messagesOf), frontend.sync()])
      await exchange.ended.promise
      return exchange
    } finally {
      clearTimeout(late)
    }
  }

  /** Ends what is under way: an error that the server gave is the reason, the broken connection only its consequence. */
  #settle(failure: unknown): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    const error = exchange.error ?? failure
    if (error === undefined) exchange.ended.resolve()
    else exchange.ended.reject(error)
  }

  #message(type: number, body: Buffer): void {
    const exchange = this.#exchange
    if (type === backend.readyForQuery) this.#settle(undefined)
    else if (type !== backend.errorResponse) {
      if (exchange !== undefined) record(exchange, type, body)
    } else {
      const error = new ServerError(readError(body), exchange?.done ?? 0)
      // Outside a sequence the server only says why it ends the session.
      if (exchange === undefined)
        this.#connection.destroy(connectionLost(`SQLSTATE ${error.fields.sqlState}`))
      else exchange.error ??= error
    }
  }
}

function record(exchange: Exchange, type: number, body: Buffer): void {
  const result = exchange.results[exchange.done]
  if (result === undefined) return
  switch (type) {
    case backend.dataRow:
      result.rows.push(readDataRow(body))
      return
    case backend.parameterDescription:
      result.parameterOids = readParameterDescription(body)
      return
    case backend.rowDescription:
      result.columns = readRowDescription(body)
      exchange.done += 1
      return
    case backend.commandComplete: {
      const copied = /^COPY (\d+)$/.exec(readText(body))?.[1]
      if (copied !== undefined) exchange.copied = Number(copied)
      exchange.done += 1
      return
    }
    case backend.noData:
    case backend.emptyQuery:
      exchange.done += 1
      return
    default:
  }
}

/** What the network says is one error here; a fault of ours stays what it is. */
function asBroken(failure: unknown): unknown {
  const { syscall, code } = failure as NodeJS.ErrnoException
  return syscall === undefined && code?.startsWith('ERR_SSL') !== true ? failure : connectionLost(code)
}

function messagesOf(statement: Statement): Buffer[] {
  return 'describe' in statement
    ? [frontend.parse(statement.describe), frontend.describe()]
    : [frontend.parse(statement.run), frontend.bind(statement.values ?? []), frontend.execute()]
}

function noAnswer(): Error {
  return postgresError('postgres-query-timeout', 'The server neither answered nor ended the query in time')
}
