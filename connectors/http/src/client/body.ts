import type { IncomingMessage } from 'node:http'
import { pipeline, type Readable, type Transform } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { httpFault } from '../errors.ts'
import { codeOf } from './connection-fault.ts'

interface BodyLimits {
  readonly requestTimeoutMs: number
  readonly maxBytes: number
}

/**
 * The bytes of an answer, unpacked, as they are asked for: who does not ask makes the server wait. Their
 * number is bounded after unpacking, so that a small answer cannot become an endless one (I8).
 * @throws BulkheadError `http-connection-lost`, `http-timeout`, `http-page-too-large`; the reason of the signal
 */
export async function* readBody(
  message: IncomingMessage,
  url: URL,
  { requestTimeoutMs, maxBytes }: BodyLimits,
  signal: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  let failure: unknown
  const stop = (reason: unknown): void => {
    failure ??= reason
    message.destroy(reason as Error)
  }
  const onAbort = (): void => stop(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  const unpack = decoder(message, url)
  const note = (error: unknown): void => void (failure ??= error)
  const bytes: Readable = unpack === undefined ? message : pipeline(message, unpack, note)
  const chunks = bytes[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let total = 0
  try {
    for (;;) {
      signal.throwIfAborted()
      const timer = setTimeout(
        () =>
          stop(
            httpFault('http-timeout', `${url.host} stopped sending for ${requestTimeoutMs} ms`, {
              path: 'config.requestTimeout',
            }),
          ),
        requestTimeoutMs,
      )
      const next = await chunks.next().finally(() => clearTimeout(timer))
      if (next.done === true) break
      total += next.value.length
      if (total > maxBytes)
        throw httpFault('http-page-too-large', `A page of ${url.host} is larger than ${maxBytes} bytes`, {
          path: 'config.maxPageSize',
        })
      yield next.value
    }
    // A server that closes too early ends some streams as if all were well.
    if (!message.complete)
      throw httpFault('http-connection-lost', `${url.host} closed the connection within an answer`)
  } catch (error) {
    signal.throwIfAborted()
    if (isBulkheadError(failure)) throw failure
    if (isBulkheadError(error)) throw error
    const code = codeOf(error)
    if (/^(Z_|ERR__ERROR_|ERR_BROTLI|ERR_ZLIB)/.test(code) && code !== 'Z_BUF_ERROR')
      throw httpFault('http-answer-invalid', `An answer of ${url.host} is packed wrongly (${code})`, {
        cause: error,
      })
    throw httpFault('http-connection-lost', `${url.host} broke the connection within an answer (${code})`, {
      cause: error,
    })
  } finally {
    signal.removeEventListener('abort', onAbort)
    // What was not read to its end closes the connection; there is no other way to tell the server.
    if (!bytes.destroyed) bytes.destroy()
    if (!message.complete) message.destroy()
  }
}

/** @returns undefined when the bytes are not packed */
function decoder(message: IncomingMessage, url: URL): Transform | undefined {
  // These have no content, whatever they say of its form.
  if (message.statusCode === 204 || message.statusCode === 205) return undefined
  const encoding = (message.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  switch (encoding) {
    case 'identity':
    case '':
      return undefined
    case 'gzip':
    case 'x-gzip':
      return createGunzip()
    case 'deflate':
      return createInflate()
    case 'br':
      return createBrotliDecompress()
    default:
      message.destroy()
      throw httpFault(
        'http-answer-invalid',
        `An answer of ${url.host} is packed in a way that was not asked for`,
      )
  }
}
