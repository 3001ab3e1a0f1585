import { setImmediate } from 'node:timers/promises'
import type { S3Connection } from './connection.ts'
import { ownerHeader } from './object-headers.ts'
import type { Selection } from './query.ts'

/** An object as it was when it was found. */
export interface FoundObject {
  readonly key: string
  /** Name of the file in the result: the key below the connection's prefix. */
  readonly file: string
  readonly etag: string | undefined
}

/**
 * Objects that a search finds, in the order of the store, which for S3 is that of the bytes of their keys.
 * One page is held at a time (I8). Markers of folders, empty and with `/` at their
 * end, are left out.
 */
export async function* listObjects(
  connection: S3Connection,
  selection: Extract<Selection, { readonly kind: 'searched' }>,
  signal: AbortSignal,
  pageSize = 1000,
): AsyncGenerator<FoundObject> {
  const { sdk, client, settings } = connection
  let token: string | undefined
  do {
    const from: object = token === undefined ? {} : { ContinuationToken: token }
    const page = await connection.call({ doing: 'list', right: 's3:ListBucket' }, signal, (options) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket: settings.bucket,
          Prefix: selection.beginning,
          MaxKeys: pageSize,
          ...ownerHeader(settings),
          ...from,
        }),
        options,
      ),
    )
    if (page.IsTruncated === undefined) connection.notS3('list')
    // Matching a page takes its time, and nobody waits in between when no key matches.
    await setImmediate()
    signal.throwIfAborted()
    for (const { Key, Size, ETag } of page.Contents ?? []) {
      if (Key === undefined || !Key.startsWith(selection.beginning)) continue
      if (Key.endsWith('/') && (Size ?? 0) === 0) continue
      const file = Key.slice(settings.prefix.length)
      if (selection.glob !== undefined && !selection.glob.matches(file)) continue
      yield { key: Key, file, etag: ETag }
    }
    token = page.IsTruncated === true ? page.NextContinuationToken : undefined
  } while (token !== undefined)
}
