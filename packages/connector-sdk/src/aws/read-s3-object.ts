import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { BulkheadError } from '../errors.ts'

/** What the client answers to GetObject, as far as it matters here. */
export interface S3Answer {
  readonly ContentLength?: number | undefined
  readonly ETag?: string | undefined
  /** Of Node.js a `Readable`. */
  readonly Body?: unknown
}

/** An object of S3, and how its reader deals with what goes wrong. */
export interface S3ObjectToRead {
  /**
   * Asks for the object from an offset on; it must be the one of this ETag when one is given.
   * @throws what ends the reading
   */
  readonly get: (from: { readonly offset: number; readonly etag: string | undefined }) => Promise<S3Answer>
  /** Where it is known before the first byte. */
  readonly etag?: string | undefined
  /** Longest silence of the store while somebody waits for it, ms. */
  readonly silenceMs: number
  /** How often in a row it is tried. */
  readonly attempts: number
  /** Before it is tried again, ms; twice as long each time. Default 200. */
  readonly pauseMs?: number
  /** What an error means that broke the stream of an answer. */
  readonly translate: (error: unknown) => BulkheadError
  /** Whether such an error leaves anything to go on with; default: when it may be tried again. */
  readonly canResume?: (fault: BulkheadError) => boolean
  /** Told before it goes on where the connection broke. */
  readonly onResume: (details: { readonly offset: number; readonly reason: string }) => void
}

/**
 * Yields the bytes of an object as they come from the network; waiting between two pieces stops the store from
 * sending. A connection that breaks in the middle is taken up again where it broke, as long as the object is the
 * same (its ETag).
 *
 * @throws what `translate` makes of an error that does not pass; what `get` throws; the signal's reason
 */
export async function* readS3Object(object: S3ObjectToRead, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { silenceMs, attempts, pauseMs = 200, canResume = (fault) => fault.retryable } = object
  let etag = object.etag
  let offset = 0
  let total: number | undefined
  let failures = 0
  do {
    const answer = await object.get({ offset, etag })
    total ??= offset + (answer.ContentLength ?? 0)
    etag ??= answer.ETag
    try {
      for await (const chunk of watched(answer.Body as Readable, silenceMs, signal)) {
        offset += chunk.length
        failures = 0
        yield chunk
      }
      if (offset < total) throw new Error('The connection ended before the object did')
    } catch (error) {
      signal.throwIfAborted()
      failures++
      const fault = object.translate(error)
      if (!canResume(fault) || failures >= attempts) throw fault
      object.onResume({ offset, reason: fault.code })
      await sleep(pauseMs * 2 ** (failures - 1), undefined, { signal })
    }
  } while (offset < total)
}

/** Ends the stream when the store falls silent: only while somebody waits for it. */
async function* watched(body: Readable, silenceMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const abort = (): void => void body.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  const silent = (): void =>
    void body.destroy(Object.assign(new Error('The store fell silent'), { name: 'TimeoutError' }))
  let timer = setTimeout(silent, silenceMs)
  try {
    for await (const chunk of body as AsyncIterable<Uint8Array>) {
      clearTimeout(timer)
      yield chunk
      timer = setTimeout(silent, silenceMs)
    }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
    body.destroy()
  }
}
