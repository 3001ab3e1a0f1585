import { once } from 'node:events'
import { mysqlError } from '../errors.ts'
import { type Capabilities, hasExtendedMetadata } from '../wire/capabilities.ts'
import * as client from '../wire/client-packets.ts'
import { asBroken, type Connection, connectionLost, unexpected } from '../wire/connection.ts'
import { Payload } from '../wire/payload.ts'
import {
  type DescribedColumn,
  isEnd,
  mark,
  readColumn,
  readColumnCount,
  readError,
  readWarnings,
} from '../wire/server-packets.ts'

/** Receives the rows of a result. */
export interface RowReceiver {
  /**
   * One row in its binary form, in `bytes` from `start` to `end`, during the call only.
   * @returns false when there is no room: the socket pauses, and the row comes again after `Session.resume`
   */
  row(bytes: Buffer, start: number, end: number): boolean
}

/** A result of which the rows come as they are received. */
export interface Result {
  readonly columns: readonly DescribedColumn[]
  /**
   * Takes the rows, once.
   * @returns how many warnings the server has
   */
  receive(receiver: RowReceiver): Promise<number>
}

export interface SessionOptions {
  readonly capabilities: Capabilities
  /** Longest time of one command; the server should have ended it before. */
  readonly answerWithinMs: number
  /** Stops what this session does, at the server, over a connection of its own. */
  readonly kill: (signal: AbortSignal) => Promise<void>
}

/** What a payload was: one of several, the last one, or one for which there is no room. */
type Step = 'more' | 'last' | 'full'

/** One command and its answer. */
interface Exchange {
  /** Undefined: what comes is dropped, up to its end. */
  step: ((bytes: Buffer, start: number, end: number) => Step) | undefined
  readonly ended: PromiseWithResolvers<void>
  readonly late: NodeJS.Timeout
  /** Whether rows may come, of which each is a payload. */
  readonly rows: boolean
}

/** Longest wait for the server to stop a query after we asked, before the connection is cut. */
const stopWithinMs = 2000

/** Most bytes of an answer that is kept as a whole (I8), with what each row takes besides its own. */
const mostKeptBytes = 1024 * 1024
const rowOverhead = 64
/** Most bytes of the descriptions of all columns: thousands of them, with the longest names. */
const mostDescribedBytes = 16 * 1024 * 1024

/** A session with the server, from the login to its end. It takes one command at a time. */
export class Session {
  readonly #connection: Connection
  readonly #options: SessionOptions
  #exchange: Exchange | undefined

  constructor(connection: Connection, options: SessionOptions) {
    this.#connection = connection
    this.#options = options
    connection.listen({
      payload: (bytes, start, end) => this.#payload(bytes, start, end),
      failed: (error) => this.#settle(asBroken(error)),
    })
  }

  /** Whether another command can be sent. */
  get usable(): boolean {
    return this.#connection.failure === undefined && this.#exchange === undefined
  }

  /** That the server answers. */
  async ping(): Promise<void> {
    await this.#converse(client.ping(), () => 'last')
  }

  /**
   * Runs a statement.
   * @returns its rows as text; none when it has no result. Only for what is known to be small
   */
  async run(sql: string): Promise<readonly (readonly (string | null)[])[]> {
    const rows: (string | null)[][] = []
    let columns: number | undefined
    let ends = 0
    let kept = 0
    await this.#converse(client.query(sql), (bytes, start, end) => {
      kept += end - start + rowOverhead
      if (kept > mostKeptBytes) throw unexpected()
      if (columns === undefined) {
        if (bytes[start] === mark.ok) return 'last'
        columns = readColumnCount(bytes, start, end)
      } else if (isEnd(bytes, start, end)) {
        ends += 1
        return ends === 2 ? 'last' : 'more'
      } else if (ends === 1) {
        const payload = new Payload(bytes, start, end)
        rows.push(Array.from({ length: columns }, () => payload.text()))
      }
      return 'more'
    })
    return rows
  }

  /** Prepares a statement. @returns its number, and how many columns and parameters it has */
  async prepare(sql: string): Promise<{ statement: number; columns: number; parameters: number }> {
    let prepared: { statement: number; columns: number; parameters: number } | undefined
    let ends = 0
    await this.#converse(client.prepare(sql), (bytes, start, end) => {
      if (prepared === undefined) {
        if (bytes[start] !== mark.ok) throw unexpected()
        const payload = new Payload(bytes, start + 1, end)
        prepared = { statement: payload.number(4), columns: payload.number(2), parameters: payload.number(2) }
        ends = (prepared.columns > 0 ? 1 : 0) + (prepared.parameters > 0 ? 1 : 0)
      } else if (isEnd(bytes, start, end)) ends -= 1
      return ends === 0 ? 'last' : 'more'
    })
    if (prepared === undefined) throw unexpected()
    return prepared
  }

  /** Frees a prepared statement; the server does not answer. */
  closeStatement(statement: number): void {
    this.#connection.send(client.closeStatement(statement))
  }

  /**
   * Runs a prepared statement up to its first row. The rows wait at the server until they are received.
   * @throws ServerError; BulkheadError when the connection broke, or the statement has no result
   */
  async execute(statement: number, values: readonly client.BoundValue[]): Promise<Result> {
    const extended = hasExtendedMetadata(this.#options.capabilities)
    const begun = Promise.withResolvers<void>()
    const columns: DescribedColumn[] = []
    let count: number | undefined
    let described = 0
    let receiver: RowReceiver | undefined
    let inRows = false
    let warnings = 0
    const answer: Exchange['step'] = (bytes, start, end) => {
      if (inRows) {
        if (bytes[start] === mark.ok) return receiver?.row(bytes, start, end) === true ? 'more' : 'full'
        if (!isEnd(bytes, start, end)) throw unexpected()
        warnings = readWarnings(bytes, start, end)
        return 'last'
      }
      described += end - start
      if (described > mostDescribedBytes) throw unexpected()
      if (count === undefined) count = readColumnCount(bytes, start, end)
      else if (columns.length < count) columns.push(readColumn(bytes, start, end, extended))
      else {
        if (!isEnd(bytes, start, end)) throw unexpected()
        inRows = true
        begun.resolve()
      }
      return 'more'
    }
    const ended = this.#converse(client.execute(statement, values), answer, true)
    ended.then(begun.resolve, begun.reject)
    await begun.promise
    return {
      columns,
      receive: async (rows) => {
        receiver = rows
        this.resume()
        await ended
        return warnings
      },
    }
  }

  /** Goes on after the receiver had no room. */
  resume(): void {
    this.#connection.resume()
  }

  /** Ends the session, and what is under way in it, at the server too. Never throws; takes at most 2 s. */
  async end(): Promise<void> {
    const exchange = this.#exchange
    if (exchange !== undefined) {
      // A server that cannot send may not notice that it is asked to stop: take what comes, and drop it.
      exchange.step = undefined
      this.#connection.resume()
      const patience = AbortSignal.timeout(stopWithinMs)
      const givenUp = once(patience, 'abort')
      const killed = this.#options.kill(patience).catch(() => undefined)
      await Promise.race([killed.then(() => exchange.ended.promise), givenUp]).catch(() => undefined)
    }
    this.#connection.close()
  }

  /** Cuts the connection. What runs at the server runs on until it notices. */
  abandon(): void {
    this.#connection.destroy(connectionLost())
  }

  #converse(command: Buffer, step: NonNullable<Exchange['step']>, rows = false): Promise<void> {
    const { failure } = this.#connection
    if (failure !== undefined) return Promise.reject(asBroken(failure) as Error)
    if (this.#exchange !== undefined) throw new TypeError('A session takes one command at a time')
    const late = setTimeout(() => {
      void this.end()
      this.#settle(noAnswer())
    }, this.#options.answerWithinMs)
    const exchange: Exchange = { step, ended: Promise.withResolvers(), late, rows }
    this.#exchange = exchange
    this.#connection.send(command)
    return exchange.ended.promise
  }

  #settle(failure: unknown): void {
    const exchange = this.#exchange
    if (exchange === undefined) return
    this.#exchange = undefined
    clearTimeout(exchange.late)
    if (failure === undefined) exchange.ended.resolve()
    else exchange.ended.reject(failure)
  }

  #payload(bytes: Buffer, start: number, end: number): boolean {
    const exchange = this.#exchange
    const failed = bytes[start] === mark.error
    if (exchange === undefined) {
      // Outside a command the server only says why it ends the session.
      const why = failed ? `error ${readError(bytes, start, end).number}` : undefined
      this.#connection.destroy(connectionLost(why))
    } else if (failed) this.#settle(readError(bytes, start, end))
    else {
      const { rows } = exchange
      const dropped = (): Step => (rows && !isEnd(bytes, start, end) ? 'more' : 'last')
      const step = exchange.step === undefined ? dropped() : exchange.step(bytes, start, end)
      if (step === 'last') this.#settle(undefined)
      return step !== 'full'
    }
    return true
  }
}

function noAnswer(): Error {
  return mysqlError('mysql-query-timeout', 'The server neither answered nor ended the query in time')
}
