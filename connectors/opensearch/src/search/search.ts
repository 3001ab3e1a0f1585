import type { BulkheadError, ParameterValue } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'
import { refusalError, type Refusal } from '../http/answer-error.ts'
import type { Client } from '../http/client.ts'
import { queryString } from '../http/query-string.ts'
import type { ByteBuffer } from '../byte-buffer.ts'
import type { BoundQuery } from '../query/query.ts'
import { toJson } from '../query/to-json.ts'
import type { PointInTime } from './point-in-time.ts'

/** A part of the documents: `id` of `max`. */
export interface Slice {
  readonly id: number
  readonly max: number
}

export interface PageRequest {
  readonly size: number
  readonly sort: string
  readonly slice: Slice | undefined
  /** Sort values of the last document before it, as JSON. */
  readonly after: Buffer | undefined
  readonly countAll: boolean
  /** Whether the answer holds the documents themselves. */
  readonly documents: boolean
  readonly into: ByteBuffer
  readonly mostBytes: number
}

/** Searches in one point in time, with one query. */
export class Search {
  readonly #client: Client
  readonly #pointInTime: PointInTime
  readonly #head: string
  readonly #parameters: readonly string[]
  readonly #path: string

  constructor(
    client: Client,
    pointInTime: PointInTime,
    { query, metadata, columns }: BoundQuery,
    parameters: Readonly<Record<string, ParameterValue>>,
  ) {
    this.#client = client
    this.#pointInTime = pointInTime
    const paths = (columns ?? []).map((column) => (typeof column === 'string' ? column : column.path))
    const wanted = new Set([...(metadata ?? []), ...paths])
    this.#head =
      (query === undefined ? '' : `"query":${toJson(query)},`) +
      (wanted.has('_version') ? '"version":true,' : '') +
      (wanted.has('_seq_no') || wanted.has('_primary_term') ? '"seq_no_primary_term":true,' : '') +
      (wanted.has('_score') ? '"track_scores":true,' : '')
    this.#parameters = Object.values(parameters)
      .flat()
      .map(String)
      .filter((text) => text !== '')
    const options = queryString({
      allow_partial_search_results: 'false',
      // should the connection break unseen, the server stops by itself
      cancel_after_time_interval: `${client.requestTimeoutMs}ms`,
    })
    this.#path = `/_search?${options}`
  }

  /** @returns the bytes of the answer, in `into` */
  async send(page: PageRequest, signal: AbortSignal): Promise<Buffer> {
    const { size, sort, slice, after, countAll, documents, into, mostBytes } = page
    const head =
      `{"pit":${this.#pointInTime.clause},${this.#head}"size":${size},"sort":${sort},` +
      `"track_total_hits":${countAll}${documents ? '' : ',"_source":false'}${slice === undefined ? '' : `,"slice":${JSON.stringify(slice)}`}` +
      // numbers that come as points of a field in a wider format would lose digits on their way back
      (after === undefined ? '}' : ',"search_after":')
    const body =
      after === undefined ? Buffer.from(head) : Buffer.concat([Buffer.from(head), after, Buffer.from('}')])
    const explain = (refusal: Refusal): BulkheadError | undefined => this.#explain(refusal)
    return this.#client.send({ method: 'POST', path: this.#path, body, into, mostBytes, explain }, signal)
  }

  /** What the server says of a query that it does not accept, without the values of parameters. */
  #explain(refusal: Refusal): BulkheadError | undefined {
    if (refusal.status !== 400) return undefined
    const general = refusalError(refusal, true)
    if (general.code !== 'opensearch-request-refused') return general
    let reason = refusal.reason.replaceAll(/\s+/g, ' ')
    for (const value of this.#parameters) reason = reason.replaceAll(value, '…')
    const words = reason.slice(0, 300).replace(/[.\s]+$/, '')
    const isWindow = /Result window is too large/.test(reason)
    return opensearchError('opensearch-query-invalid', `The server does not accept the query: ${words}`, {
      path: isWindow ? 'query.pageSize' : 'query',
      ...(isWindow && { fix: 'Lower `pageSize` to max_result_window of the index' }),
    })
  }
}
