import { setTimeout as sleep } from 'node:timers/promises'
import type { S3Connection } from './connection.ts'
import { carriesToken } from './object-headers.ts'

/** An object in the bucket, as every call names it. */
export interface ObjectAddress {
  readonly Bucket: string
  readonly Key: string
  readonly ExpectedBucketOwner?: string
}

/** Whether the object at the address came from the upload with this token; false too when nobody may look. */
export async function isOwnObject(
  { sdk, client }: S3Connection,
  address: ObjectAddress,
  token: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const head = await client.send(new sdk.HeadObjectCommand(address), { abortSignal: signal })
    return carriesToken(head.Metadata, token)
  } catch {
    signal.throwIfAborted()
    return false
  }
}

/** A call that was given up may still arrive at the store: so long, in all, the object is looked for. */
const LATE_OBJECT_MS = [0, 100, 300]

/**
 * Removes what a completion without answer may have made visible, and nothing that others wrote.
 * @param mayBeLate  the completion was given up before its answer came
 */
export async function removeOwnObject(
  connection: S3Connection,
  address: ObjectAddress,
  token: string,
  mayBeLate: boolean,
  signal: AbortSignal,
): Promise<void> {
  for (const pause of mayBeLate ? LATE_OBJECT_MS : [0]) {
    await sleep(pause, undefined, { signal })
    if (!(await isOwnObject(connection, address, token, signal))) continue
    const { sdk, client } = connection
    await client.send(new sdk.DeleteObjectCommand(address), { abortSignal: signal })
    return
  }
}
