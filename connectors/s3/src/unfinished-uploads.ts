import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Connection } from './connection.ts'
import { ownerHeader } from './object-headers.ts'
import { s3CodeOf } from './classify-failure.ts'
import { statusOf } from './failure.ts'

export interface UnfinishedUpload {
  /** In the bucket, prefix included. */
  readonly key: string
  readonly uploadId: string
  /** Epoch milliseconds, by the store's clock. */
  readonly initiatedMs: number
}

/** Multipart uploads whose keys begin so, and that were neither completed nor aborted; page by page. */
async function* uploadsOf(
  connection: S3Connection,
  beginning: string,
  signal: AbortSignal,
): AsyncGenerator<UnfinishedUpload> {
  const { sdk, client, settings } = connection
  let marker: { readonly KeyMarker?: string; readonly UploadIdMarker?: string } | undefined = {}
  while (marker !== undefined) {
    const from: object = marker
    const page = await connection.call(
      { doing: 'list the uploads of', right: 's3:ListBucketMultipartUploads' },
      signal,
      (options) =>
        client.send(
          new sdk.ListMultipartUploadsCommand({
            Bucket: settings.bucket,
            ...ownerHeader(settings),
            Prefix: beginning,
            ...from,
          }),
          options,
        ),
    )
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || !Key.startsWith(beginning)) continue
      yield { key: Key, uploadId: UploadId, initiatedMs: Initiated?.getTime() ?? 0 }
    }
    marker =
      page.IsTruncated === true && page.NextKeyMarker !== undefined
        ? {
            KeyMarker: page.NextKeyMarker,
            ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
          }
        : undefined
  }
}

/**
 * Uploads below the prefix that nobody works on any more: begun before `olderThanMs`, by a run that
 * died without a chance to clean up. They are invisible, and cost space.
 *
 * @param olderThanMs  epoch milliseconds; a day ago, when no run takes that long
 */
export async function abandonedUploads(
  connection: S3Connection,
  olderThanMs: number,
  signal: AbortSignal,
): Promise<readonly UnfinishedUpload[]> {
  const found: UnfinishedUpload[] = []
  for await (const upload of uploadsOf(connection, connection.settings.prefix, signal)) {
    if (upload.initiatedMs < olderThanMs) found.push(upload)
    if (found.length === MOST_REPORTED) break
  }
  return found
}

/** A report, not an inventory (I8). */
const MOST_REPORTED = 1000

/** Ends all uploads to a key that were begun since a time, epoch milliseconds by the store's clock. */
export async function abortUploadsOf(
  connection: S3Connection,
  key: string,
  sinceMs: number,
  signal: AbortSignal,
): Promise<void> {
  for await (const upload of uploadsOf(connection, key, signal)) {
    if (upload.key !== key || upload.initiatedMs < sinceMs) continue
    await abortUpload(connection, key, upload.uploadId, signal)
  }
}

/**
 * Ends all uploads below a folder, whoever began them, until the store shows none: with parts under way an abort
 * may have to be repeated.
 *
 * @param beginning  of keys in the bucket, with `/` at its end
 */
export async function abortUploadsBelow(
  connection: S3Connection,
  beginning: string,
  signal: AbortSignal,
): Promise<void> {
  for (const pause of [0, ...LATE_MS]) {
    if (pause > 0) await sleep(pause, undefined, { signal })
    let found = 0
    for await (const { key, uploadId } of uploadsOf(connection, beginning, signal)) {
      found++
      await abortUpload(connection, key, uploadId, signal)
    }
    if (found === 0) return
  }
}

/** Rounds in which what was on its way may still turn up: 0.75 s in all. */
const LATE_MS = [50, 100, 200, 400]

/** The same, again and again: an upload whose beginning was given up may be made after that. */
export async function abortLateUploadsOf(
  connection: S3Connection,
  key: string,
  sinceMs: number,
  signal: AbortSignal,
): Promise<void> {
  for (const pause of LATE_MS) {
    await sleep(pause, undefined, { signal })
    await abortUploadsOf(connection, key, sinceMs, signal)
  }
}

/**
 * Aborts an upload again as long as the store shows it: with parts under way an abort may have to be
 * repeated.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
 */
export async function abortAgainWhileThere(
  connection: S3Connection,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> {
  let gone = 0
  for (const pause of LATE_MS) {
    await sleep(pause, undefined, { signal })
    if (await isThere(connection, key, uploadId, signal)) {
      gone = 0
      await abortUpload(connection, key, uploadId, signal)
    } else if (++gone === 2) return
  }
}

async function isThere(
  connection: S3Connection,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { sdk, client, settings } = connection
  try {
    await client.send(
      new sdk.ListPartsCommand({
        Bucket: settings.bucket,
        Key: key,
        UploadId: uploadId,
        MaxParts: 1,
        ...ownerHeader(settings),
      }),
      { abortSignal: signal },
    )
    return true
  } catch (error) {
    signal.throwIfAborted()
    // without the right to look (s3:ListMultipartUploadParts) it is aborted blindly
    return statusOf(error) === 403
  }
}

/** Ends an upload; one that is not there any more is no error. */
export async function abortUpload(
  connection: S3Connection,
  key: string,
  uploadId: string,
  signal: AbortSignal,
): Promise<void> {
  const { sdk, client, settings } = connection
  await connection.call(
    { doing: 'abort an upload to', right: 's3:AbortMultipartUpload' },
    signal,
    async (options) => {
      try {
        await client.send(
          new sdk.AbortMultipartUploadCommand({
            Bucket: settings.bucket,
            Key: key,
            UploadId: uploadId,
            ...ownerHeader(settings),
          }),
          options,
        )
      } catch (error) {
        if (s3CodeOf(error) !== 'NoSuchUpload' && statusOf(error) !== 404) throw error
      }
    },
  )
}
