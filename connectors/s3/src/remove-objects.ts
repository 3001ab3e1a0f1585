import type { S3Connection } from './connection.ts'
import { listObjects } from './list-objects.ts'
import { ownerHeader } from './object-headers.ts'

/** Removals that are under way at once. */
const AT_ONCE = 8

/**
 * Removes every object whose key begins so. One call for each, because not every store with this API has the call
 * that removes many.
 */
export async function removeObjectsBelow(
  connection: S3Connection,
  beginning: string,
  signal: AbortSignal,
): Promise<void> {
  const { sdk, client, settings, call } = connection
  const remove = async (Key: string): Promise<void> => {
    await call({ doing: 'remove an object of', right: 's3:DeleteObject' }, signal, (options) =>
      client.send(
        new sdk.DeleteObjectCommand({ Bucket: settings.bucket, Key, ...ownerHeader(settings) }),
        options,
      ),
    )
  }
  const selection = { kind: 'searched', beginning, glob: undefined } as const
  let keys: string[] = []
  for await (const { key } of listObjects(connection, selection, signal)) {
    keys.push(key)
    if (keys.length < AT_ONCE) continue
    await Promise.all(keys.map(remove))
    keys = []
  }
  await Promise.all(keys.map(remove))
}
