import { type BulkheadError } from '@bulkhead/connector-sdk'
import { ByteBuffer } from '../byte-buffer.ts'
import { opensearchError } from '../errors.ts'
import { refusalError, type Refusal } from '../http/answer-error.ts'
import type { Client } from '../http/client.ts'
import { AnswerTooLarge } from '../http/failures.ts'
import type { BoundSql } from './bind-sql.ts'
import { SqlAnswer } from './sql-answer.ts'

const PATH = '/_plugins/_sql'
/** Rows of one answer, tried in turn until they fit. */
const FETCH_SIZES = [1000, 50, 1] as const
/** Longest time that closing may take: a run that was cancelled has to end within 5 s. */
const CLOSE_MS = 2_000
/** Where the server ends results that it cannot page through, by its defaults: of the older engine, of groups, of all. */
const SILENT_LIMITS: ReadonlySet<number> = new Set([200, 1000, 10_000])

/** The pages of one statement, one after the other. */
export class SqlCursor implements AsyncDisposable {
  readonly answer = new SqlAnswer()
  readonly #client: Client
  readonly #mostBytes: number
  readonly #buffer: ByteBuffer
  #columns = 0
  #next: string | undefined

  /** @param mostBytes  of one answer */
  constructor(client: Client, mostBytes: number) {
    this.#client = client
    this.#mostBytes = mostBytes
    this.#buffer = new ByteBuffer(Math.min(mostBytes, 1024 * 1024))
  }

  /** Sends the statement; `answer` is its first page then. */
  async begin(sql: BoundSql, maxRows: number | undefined, signal: AbortSignal): Promise<void> {
    const parameters = sql.parameters.map(({ type, value }) => `{"type":"${type}","value":${value}}`)
    const explain = (refusal: Refusal): BulkheadError | undefined => explainRefusal(refusal, sql)
    for (const size of FETCH_SIZES) {
      const fetchSize = Math.max(1, Math.min(size, maxRows ?? size))
      const body =
        `{"query":${JSON.stringify(sql.text)},"fetch_size":${fetchSize}` +
        (parameters.length === 0 ? '}' : `,"parameters":[${parameters.join(',')}]}`)
      try {
        await this.#send({ body, explain }, signal)
        break
      } catch (error) {
        if (!(error instanceof AnswerTooLarge)) throw error
        if (size === 1) throw tooLarge(this.#mostBytes)
      }
    }
    const { schema, rows, cursor } = this.answer
    this.#columns = schema?.length ?? 0
    if (cursor === undefined && SILENT_LIMITS.has(rows) && !sql.limits.has(rows) && rows !== maxRows) {
      throw opensearchError(
        'opensearch-sql-cut',
        `The server gave ${rows} rows at once, which is where it ends results without saying so`,
        { path: 'query' },
      )
    }
  }

  /** Fetches the next page into `answer`. @returns false when there is none */
  async advance(signal: AbortSignal): Promise<boolean> {
    if (this.#next === undefined) return false
    const body = `{"cursor":${JSON.stringify(this.#next)}}`
    try {
      // sent once: the server may have gone on behind a page that was lost on its way
      await this.#send({ body, attempts: 1 }, signal)
    } catch (error) {
      if (error instanceof AnswerTooLarge) throw tooLarge(this.#mostBytes)
      throw error
    }
    return true
  }

  /** Closes what the server keeps for it. Never throws: it ends by itself after its time. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#next === undefined) return
    const body = Buffer.from(`{"cursor":${JSON.stringify(this.#next)}}`)
    this.#next = undefined
    // its own signal: that of the run may have aborted, which is when this matters most
    const signal = AbortSignal.timeout(CLOSE_MS)
    await this.#client
      .send({ method: 'POST', path: `${PATH}/close`, body, attempts: 2 }, signal)
      .catch(() => undefined)
  }

  async #send(
    {
      body,
      ...more
    }: {
      readonly body: string
      readonly attempts?: number
      readonly explain?: (refusal: Refusal) => BulkheadError | undefined
    },
    signal: AbortSignal,
  ): Promise<void> {
    const bytes = await this.#client.send(
      {
        method: 'POST',
        path: `${PATH}?format=jdbc`,
        body: Buffer.from(body),
        into: this.#buffer,
        mostBytes: this.#mostBytes,
        ...more,
      },
      signal,
    )
    this.answer.scan(bytes, this.#columns === 0 ? undefined : this.#columns)
    this.#next = this.answer.cursor
  }
}

function tooLarge(mostBytes: number): Error {
  return opensearchError('opensearch-sql-answer-too-large', `An answer has more than ${mostBytes} bytes`, {
    path: 'query',
  })
}

/** What the server says of a statement; nothing of its words where values of parameters are part of its text. */
function explainRefusal(refusal: Refusal, { parameters }: BoundSql): BulkheadError | undefined {
  const { status, types, reason } = refusal
  if (
    status === 404 ||
    status === 405 ||
    /no handler found|invalid index name/.test(reason) ||
    types.includes('SQLFeatureDisabledException')
  )
    return opensearchError('opensearch-sql-missing', 'The server has no SQL', { path: 'query' })
  if (types.includes('IndexNotFoundException'))
    return opensearchError('opensearch-index-unknown', 'There is no such index', { path: 'query' })
  if (status !== 400) return undefined
  const general = refusalError(refusal, true)
  if (general.code !== 'opensearch-request-refused') return general
  const words = reason
    .replaceAll(/\s+/g, ' ')
    .slice(0, 300)
    .replace(/[.\s]+$/, '')
  const told = parameters.length > 0 || words === '' ? (types.at(-1) ?? `status ${status}`) : words
  return opensearchError('opensearch-query-invalid', `The server does not accept the query: ${told}`, {
    path: 'query',
  })
}
