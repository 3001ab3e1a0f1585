import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { Client } from '../http/client.ts'
import { queryString } from '../http/query-string.ts'
import { opensearchError } from '../errors.ts'
import type { BoundQuery } from '../query/query.ts'
import { jsonBody } from './json-body.ts'

/** Longest time that deleting may take: a run that was cancelled has to end within 5 s. */
const DELETE_MS = 2_000

/** One moment of the indices, which the server keeps while it is used. */
export class PointInTime implements AsyncDisposable {
  readonly id: string
  readonly keepAliveMs: number
  readonly #client: Client
  readonly #renewal: NodeJS.Timeout
  readonly #stop = new AbortController()
  #usedAt = Date.now()

  private constructor(client: Client, id: string, keepAliveMs: number) {
    this.#client = client
    this.id = id
    this.keepAliveMs = keepAliveMs
    this.#renewal = setInterval(() => this.#renew(), keepAliveMs / 3)
    this.#renewal.unref()
  }

  /** @throws BulkheadError when an index or a shard of it is not there: part of the documents would be missing */
  static async create(
    client: Client,
    { index, routing }: Pick<BoundQuery, 'index' | 'routing'>,
    keepAliveMs: number,
    signal: AbortSignal,
  ): Promise<PointInTime> {
    const options = queryString({
      keep_alive: `${keepAliveMs}ms`,
      allow_partial_pit_creation: 'false', // the server's default is true
      expand_wildcards: 'open',
      ...(routing !== undefined && { routing }),
    })
    const answer = await client.send(
      {
        method: 'POST',
        path: `/${indexPath(index)}/_search/point_in_time?${options}`,
        explain: ({ status, types, reason }): BulkheadError | undefined => {
          const isUnknown =
            (status === 400 && /invalid index name|_search|HTTP method/.test(reason) && types.length === 1) ||
            status === 405
          return isUnknown
            ? opensearchError('opensearch-not-supported', 'The server does not know points in time', {
                path: 'config.nodes',
              })
            : undefined
        },
      },
      signal,
    )
    const { pit_id: id } = jsonBody(answer)
    if (typeof id !== 'string' || id === '')
      throw opensearchError('opensearch-unexpected-answer', 'The server made no point in time')
    return new PointInTime(client, id, keepAliveMs)
  }

  /** What a search says of it; renews it by being sent. */
  get clause(): string {
    this.#usedAt = Date.now()
    return JSON.stringify({ id: this.id, keep_alive: `${this.keepAliveMs}ms` })
  }

  /** Deletes it. Never throws: it ends by itself after its time. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#renewal)
    this.#stop.abort()
    const body = Buffer.from(JSON.stringify({ pit_id: [this.id] }))
    const path = '/_search/point_in_time'
    // its own signal: that of the run may have aborted, which is when this matters most
    const signal = AbortSignal.timeout(DELETE_MS)
    await this.#client.send({ method: 'DELETE', path, body, attempts: 2 }, signal).catch(() => undefined)
  }

  /** While the receiver of the data is slow no page is asked for, and the time would run out. */
  #renew(): void {
    if (Date.now() - this.#usedAt < this.keepAliveMs / 3) return
    const body = Buffer.from(`{"pit":${this.clause},"size":0,"track_total_hits":false,"terminate_after":1}`)
    const request = { method: 'POST', path: '/_search', body } as const
    // when it fails, the next page says why
    this.#client.send(request, this.#stop.signal).catch(() => undefined)
  }
}

/** Names are checked to be free of separators; a proxy must not read them as parts of the path either. */
export function indexPath(index: BoundQuery['index']): string {
  return [index].flat().map(encodeURIComponent).join(',')
}
