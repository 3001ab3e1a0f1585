import type { GetObjectCommandOutput } from '@aws-sdk/client-s3'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { readS3Object } from '@bulkhead/connector-sdk/aws'
import type { S3Connection } from './connection.ts'
import { s3Fault } from './errors.ts'
import type { FoundObject } from './list-objects.ts'
import { ownerHeader } from './object-headers.ts'
import { statusOf } from './failure.ts'
import type { Operation } from './operation.ts'
import { translateError } from './translate-error.ts'

/**
 * Yields the bytes of an object as they come from the network, in pieces of at most `pieceBytes`.
 *
 * Waiting between two pieces stops the store from sending. A connection that breaks in the middle is
 * taken up again where it broke, as long as the object is the same (its ETag): as often in a row as
 * `attempts` says. Read without a break, the object is checked against the checksum that the store
 * keeps; after a break only its length and ETag hold it.
 */
export async function* readObject(
  connection: S3Connection,
  object: FoundObject,
  pieceBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { settings, log } = connection
  const bytes = readS3Object(
    {
      get: ({ offset, etag }) => get(connection, object, etag, offset, signal),
      etag: object.etag,
      silenceMs: settings.requestTimeoutMs,
      attempts: settings.attempts,
      translate: (error) => translateError(error, operationOn(object), settings),
      canResume: (fault) => fault.retryable && fault.code !== 's3-checksum-mismatch',
      onResume: (details) =>
        log.warn('The connection broke while an object was read; it goes on where it broke', {
          file: object.file,
          ...details,
        }),
    },
    signal,
  )
  for await (const chunk of bytes) {
    for (let start = 0; start < chunk.length; start += pieceBytes)
      yield chunk.subarray(start, start + pieceBytes)
  }
}

async function get(
  connection: S3Connection,
  object: FoundObject,
  etag: string | undefined,
  offset: number,
  signal: AbortSignal,
): Promise<GetObjectCommandOutput> {
  const { sdk, client, settings } = connection
  try {
    return await connection.call(operationOn(object), signal, async (options) => {
      try {
        return await client.send(
          new sdk.GetObjectCommand({
            Bucket: settings.bucket,
            Key: object.key,
            ...ownerHeader(settings),
            ...(etag === undefined ? {} : { IfMatch: etag }),
            // the checksum is that of the whole object
            ...(offset === 0 ? { ChecksumMode: 'ENABLED' } : { Range: `bytes=${offset}-` }),
          }),
          options,
        )
      } catch (error) {
        throw statusOf(error) === 412 ? changed(connection, object) : error
      }
    })
  } catch (error) {
    // it was there when it was found
    if (isBulkheadError(error) && error.code === 's3-object-not-found') throw changed(connection, object)
    throw error
  }
}

function changed(connection: S3Connection, object: FoundObject): Error {
  return s3Fault(
    's3-object-changed',
    `The object ${JSON.stringify(object.file)} of bucket "${connection.settings.bucket}" was changed or removed while it was read`,
    { path: 'query' },
  )
}

function operationOn(object: FoundObject): Operation {
  return { doing: 'read an object of', right: 's3:GetObject', key: object.file }
}
