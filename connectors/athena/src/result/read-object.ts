import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { callError, type Operation, statusOf } from '../call-error.ts'
import { call, type Connection } from '../connection.ts'
import { athenaError } from '../errors.ts'

const reading: Operation = { doing: 'read the result in S3', s3: true }

/**
 * Yields the bytes of an object as they come from the network; waiting between two pieces stops S3 from sending.
 * A connection that breaks is taken up where it broke, as long as the object is the same (its ETag), as often in a
 * row as `attempts` says.
 *
 * @param location  `s3://bucket/key`
 * @throws BulkheadError `athena-result-unreadable`, before the first byte, when the keys may not read it
 */
export async function* readObject(
  connection: Connection,
  location: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { config, times, log } = connection
  let etag: string | undefined
  let offset = 0
  let total: number | undefined
  let failures = 0
  do {
    const answer = await get(connection, location, etag, offset, signal)
    total ??= offset + (answer.ContentLength ?? 0)
    etag ??= answer.ETag
    try {
      for await (const chunk of watched(answer.Body as Readable, times.requestTimeoutMs, signal)) {
        offset += chunk.length
        failures = 0
        yield chunk
      }
      if (offset < total) throw new Error('The connection ended before the object did')
    } catch (error) {
      signal.throwIfAborted()
      failures++
      const fault = callError(error, reading)
      if (!fault.retryable || failures >= config.attempts) throw fault
      log.warn('The connection broke while the result was read; it goes on where it broke', {
        offset,
        reason: fault.code,
      })
      await sleep(100 * 2 ** failures, undefined, { signal })
    }
  } while (offset < total)
}

async function get(
  { s3, config }: Connection,
  location: string,
  etag: string | undefined,
  offset: number,
  signal: AbortSignal,
) {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(location) ?? []
  if (bucket === undefined || key === undefined)
    throw athenaError('athena-protocol', 'Athena names a place of the result that is no s3:// address')
  const { sdk, client } = await s3()
  return call(reading, signal, async (options) => {
    try {
      return await client.send(
        new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(config.expectedBucketOwner === undefined
            ? {}
            : { ExpectedBucketOwner: config.expectedBucketOwner }),
          ...(etag === undefined ? {} : { IfMatch: etag }),
          ...(offset === 0 ? {} : { Range: `bytes=${offset}-` }),
        }),
        options,
      )
    } catch (error) {
      const status = statusOf(error)
      if (offset === 0 && (status === 403 || status === 404))
        throw athenaError('athena-result-unreadable', `Cannot read the result in S3 (HTTP ${status})`, {
          path: 'config.results',
        })
      throw error
    }
  })
}

/** Ends the stream when S3 falls silent: only while somebody waits for it. */
async function* watched(body: Readable, silenceMs: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const abort = (): void => void body.destroy(signal.reason as Error)
  signal.addEventListener('abort', abort, { once: true })
  const silent = (): void =>
    void body.destroy(Object.assign(new Error('S3 fell silent'), { name: 'TimeoutError' }))
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
