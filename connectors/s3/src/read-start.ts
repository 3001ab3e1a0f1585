import { s3CodeOf } from './classify-failure.ts'
import type { S3Connection } from './connection.ts'
import { statusOf } from './failure.ts'
import { ownerHeader } from './object-headers.ts'
import { keyBelow } from './object-name.ts'

/**
 * The first bytes of an object of the store; undefined when there is none. Who may not list the bucket is told
 * that access is denied instead, because S3 says so.
 */
export async function readStart(
  { sdk, client, settings, call }: S3Connection,
  key: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  const operation = { doing: 'read an object of', right: 's3:GetObject and s3:ListBucket', key }
  return await call(operation, signal, async (options) => {
    try {
      const { Body } = await client.send(
        new sdk.GetObjectCommand({
          Bucket: settings.bucket,
          Key: keyBelow(settings.prefix, key),
          ...ownerHeader(settings),
          Range: `bytes=0-${maxBytes - 1}`,
        }),
        options,
      )
      // a store that knows no ranges sends all
      return (await Body?.transformToByteArray())?.subarray(0, maxBytes) ?? new Uint8Array()
    } catch (error) {
      if (s3CodeOf(error) === 'NoSuchKey') return undefined
      // an empty object has no first byte
      if (statusOf(error) === 416) return new Uint8Array()
      throw error
    }
  })
}
