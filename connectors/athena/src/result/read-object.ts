import { readS3Object } from '@bulkhead/connector-sdk/aws'
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
  yield* readS3Object(
    {
      get: ({ offset, etag }) => get(connection, location, etag, offset, signal),
      silenceMs: times.requestTimeoutMs,
      attempts: config.attempts,
      translate: (error) => callError(error, reading),
      onResume: (details) =>
        log.warn('The connection broke while the result was read; it goes on where it broke', details),
    },
    signal,
  )
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
