import { setTimeout as sleep } from 'node:timers/promises'
import {
  durationMs,
  type BulkheadError,
  type ConnectionLimits,
  isBulkheadError,
} from '@bulkhead/connector-sdk'
import type { Config } from '../config.ts'
import { opensearchError } from '../errors.ts'
import { isPassing, type Refusal, refusalError, refusalOf } from './answer-error.ts'
import { connectionError, isWorthAnother } from './connection-error.ts'
import { type Answer, type Exchange, Line } from './exchange.ts'
import { AnswerTooLarge } from './failures.ts'
import { ByteBuffer } from '../byte-buffer.ts'
import { signingOf } from './signing.ts'
import { authorizationOf, type Node, nodesOf, secureContextOf } from './settings.ts'

/** Most bytes of an answer that is no page: mappings of large indices have megabytes. */
const SMALL_ANSWER = 64 * 1024 * 1024
/** First pause before a request is tried again, ms; it doubles each time. */
const FIRST_PAUSE = 200
/** Longest pause in which the connector waits by itself; a longer one is left to the run. */
const LONGEST_PAUSE = 15_000

export interface Request extends Pick<Exchange, 'method' | 'path'> {
  readonly body?: Buffer
  /** Default: memory of its own, for a small answer. */
  readonly into?: ByteBuffer
  readonly mostBytes?: number
  readonly timeoutMs?: number
  /** Default: as many as the settings say. */
  readonly attempts?: number
  /** What a refusal means here, where the general meaning is not enough. */
  readonly explain?: (refusal: Refusal) => BulkheadError | undefined
}

/**
 * Requests to the cluster. All of them may be repeated without harm, and are: at another node when one
 * cannot be reached, after a pause when the server is busy.
 */
export class Client {
  readonly requestTimeoutMs: number
  readonly #nodes: readonly Node[]
  readonly #line: Line
  readonly #hasLogin: boolean
  readonly #attempts: number
  /** The node that answered last. */
  #current = 0

  /** @throws BulkheadError `opensearch-settings-invalid`, `opensearch-tls-settings` ...; nothing is sent */
  constructor(config: Config, limits: ConnectionLimits) {
    this.#nodes = nodesOf(config)
    const authorization = authorizationOf(config)
    const sign = signingOf(config, process.env)
    this.#line = new Line({
      secureContext: this.#nodes.some(({ secure }) => secure) ? secureContextOf(config) : undefined,
      serverName: config.tls.serverName,
      authorization,
      sign,
      gzip: config.compression === 'gzip',
      timeoutMs: limits.connectTimeoutMs,
      connections: Math.max(1, limits.connections),
    })
    this.#hasLogin = authorization !== undefined || sign !== undefined || config.tls.cert !== undefined
    this.#attempts = Math.max(config.attempts, this.#nodes.length)
    this.requestTimeoutMs = durationMs(config.requestTimeout)
  }

  /**
   * @returns the answer of a request that succeeded; its bytes are those of `into`
   * @throws BulkheadError; AnswerTooLarge when the answer does not fit; the reason of the signal
   */
  async send(request: Request, signal: AbortSignal): Promise<Buffer> {
    const attempts = request.attempts ?? this.#attempts
    for (let attempt = 1; ; attempt++) {
      const turn = this.#current
      const node = this.#nodes[turn]!
      const result = await this.#once(node, request, signal)
      if (Buffer.isBuffer(result)) return result
      const { error, pauseMs } = result
      if (pauseMs === undefined || attempt >= attempts) throw error
      // several requests may fail at once: only the first of them moves on
      if (this.#current === turn) this.#current = (turn + 1) % this.#nodes.length
      const wasLastNode = attempt % this.#nodes.length === 0
      const grown = wasLastNode ? FIRST_PAUSE * 2 ** (attempt - 1) : 0
      const pause = Math.max(pauseMs, grown)
      if (pause > LONGEST_PAUSE) throw error
      if (pause > 0) await pauseFor(pause, signal)
    }
  }

  close(): void {
    this.#line.close()
  }

  async #once(node: Node, request: Request, signal: AbortSignal): Promise<Buffer | Failed> {
    let answer: Answer
    try {
      answer = await this.#line.exchange(
        node,
        {
          ...request,
          into: request.into ?? new ByteBuffer(16 * 1024),
          mostBytes: request.mostBytes ?? SMALL_ANSWER,
          timeoutMs: request.timeoutMs ?? this.requestTimeoutMs,
        },
        signal,
      )
    } catch (error) {
      if (signal.aborted || error instanceof AnswerTooLarge || isBulkheadError(error)) throw error
      const known = connectionError(error, node)
      return { error: known, pauseMs: isWorthAnother(known) ? 0 : undefined }
    }
    const { status, body, retryAfter } = answer
    if (status >= 200 && status < 300) return body
    const refusal = refusalOf(status, body, retryAfter)
    const error = request.explain?.(refusal) ?? this.#refused(refusal, node)
    return { error, pauseMs: isPassing(refusal) ? (refusal.retryAfterMs ?? 0) : undefined }
  }

  #refused(refusal: Refusal, node: Node): BulkheadError {
    if (refusal.types.length === 0 && ![401, 403, 429, 502, 503, 504].includes(refusal.status)) {
      return opensearchError(
        'opensearch-not-a-server',
        `What answers at ${node.name} is not OpenSearch (status ${refusal.status})`,
        { path: 'config.nodes' },
      )
    }
    return refusalError(refusal, this.#hasLogin)
  }
}

interface Failed {
  readonly error: BulkheadError
  /** Shortest wait before the next try; undefined: another try is of no use. */
  readonly pauseMs: number | undefined
}

/** With jitter, so that many readers do not come back at once. */
async function pauseFor(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms * (1 + Math.random() / 2), undefined, { signal })
  } catch {
    throw signal.reason
  }
}
