import { randomUUID } from 'node:crypto'
import {
  type ConnectionContext,
  isBulkheadError,
  type Link,
  type LinkRequest,
  type NewObject,
  type SmallObject,
  type Store,
  type StoredObject,
  type Upload,
} from '@bulkhead/connector-sdk'
import type { S3Config } from './config.ts'
import { openConnection, type S3Connection } from './connection.ts'
import { bodyChecksum, objectHeaders, ownerHeader, uploadChecksum } from './object-headers.ts'
import { keyBelow } from './object-name.ts'
import { readStart } from './read-start.ts'
import { removeObjectsBelow } from './remove-objects.ts'
import { S3Upload } from './s3-upload.ts'
import { signLink } from './signed-link.ts'
import { abandonedUploads, abortUpload, abortUploadsBelow } from './unfinished-uploads.ts'

const DAY_MS = 24 * 3600 * 1000

export async function openStore(context: ConnectionContext<S3Config>): Promise<Store> {
  return new S3Store(await openConnection(context))
}

class S3Store implements Store {
  readonly #connection: S3Connection

  constructor(connection: S3Connection) {
    this.#connection = connection
  }

  /**
   * Begins an upload, writes a part with the headers of a real one, and aborts it: so it proves the
   * right to write and to clean up, and the key for encryption, and is never visible.
   */
  async check(signal: AbortSignal): Promise<string> {
    const { sdk, client, settings, call } = this.#connection
    const Key = keyBelow(settings.prefix, `.bulkhead-check-${randomUUID()}`)
    const address = { Bucket: settings.bucket, Key, ...ownerHeader(settings) }
    const operation = { doing: 'write to', right: 's3:PutObject' }
    const begun = await call(operation, signal, (options) =>
      client.send(
        new sdk.CreateMultipartUploadCommand({
          ...address,
          ...objectHeaders(settings, 'application/octet-stream', 'check'),
          ...uploadChecksum(settings),
        }),
        options,
      ),
    )
    const UploadId = begun.UploadId ?? this.#connection.notS3('write to')
    const body = new TextEncoder().encode('check')
    try {
      await call(operation, signal, (options) =>
        client.send(
          new sdk.UploadPartCommand({
            ...address,
            ...bodyChecksum(settings, body),
            UploadId,
            PartNumber: 1,
            Body: body,
          }),
          options,
        ),
      )
    } finally {
      await abortUpload(this.#connection, Key, UploadId, signal)
    }
    return `Bucket "${settings.bucket}" at ${settings.address} takes objects below "${settings.prefix}"${await this.#abandoned(signal)}`
  }

  async create(object: NewObject, signal: AbortSignal): Promise<Upload> {
    signal.throwIfAborted()
    return new S3Upload(this.#connection, object, keyBelow(this.#connection.settings.prefix, object.key))
  }

  async link(object: StoredObject, request: LinkRequest): Promise<Link> {
    return signLink(this.#connection, object, request, Date.now())
  }

  async remove(object: StoredObject, signal: AbortSignal): Promise<void> {
    const { sdk, client, settings } = this.#connection
    const Key = keyBelow(settings.prefix, object.key)
    await this.#connection.call(
      { doing: 'remove an object of', right: 's3:DeleteObject', key: object.key },
      signal,
      (options) =>
        client.send(
          new sdk.DeleteObjectCommand({ Bucket: settings.bucket, Key, ...ownerHeader(settings) }),
          options,
        ),
    )
  }

  /** First what is under way, so that nothing can complete behind the removal of what is complete. */
  async sweep(folder: string, signal: AbortSignal): Promise<void> {
    const beginning = `${keyBelow(this.#connection.settings.prefix, folder)}/`
    await abortUploadsBelow(this.#connection, beginning, signal)
    await removeObjectsBelow(this.#connection, beginning, signal)
  }

  /** By `If-None-Match: *`, as every object is written; after an answer that got lost, the object tells whose it is. */
  async createIfAbsent({ bytes, ...object }: SmallObject, signal: AbortSignal): Promise<boolean> {
    const upload = await this.create({ ...object, maxBytes: bytes.length }, signal)
    try {
      await upload.writePart(1, bytes, signal)
      await upload.complete(signal)
      return true
    } catch (error) {
      await upload.abort()
      if (isBulkheadError(error) && error.code === 's3-object-exists') return false
      throw error
    }
  }

  async readStart(key: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return readStart(this.#connection, key, maxBytes, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  /** Uploads that a killed run left; keys without the right to list are no fault. */
  async #abandoned(signal: AbortSignal): Promise<string> {
    try {
      const { length } = await abandonedUploads(this.#connection, Date.now() - DAY_MS, signal)
      return length === 0 ? '' : `; ${length} unfinished uploads are older than a day`
    } catch {
      signal.throwIfAborted()
      return ''
    }
  }
}
