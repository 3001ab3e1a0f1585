import type { BytesBatch, ConnectionContext, Extract, ReadRequest, Source } from '@bulkhead/connector-sdk'
import type { S3Config } from './config.ts'
import { openConnection, type S3Connection } from './connection.ts'
import { s3Fault } from './errors.ts'
import { type FoundObject, listObjects } from './list-objects.ts'
import { ownerHeader } from './object-headers.ts'
import { type Selection, selectionOf } from './query.ts'
import { readObject } from './read-object.ts'
import { isFinal } from './failure.ts'

export async function openSource(context: ConnectionContext<S3Config>): Promise<Source> {
  return new S3Source(await openConnection(context))
}

class S3Source implements Source {
  readonly #connection: S3Connection

  constructor(connection: S3Connection) {
    this.#connection = connection
  }

  async check(signal: AbortSignal): Promise<string> {
    const { sdk, client, settings, call } = this.#connection
    const page = await call({ doing: 'list', right: 's3:ListBucket' }, signal, (options) =>
      client.send(
        new sdk.ListObjectsV2Command({
          Bucket: settings.bucket,
          Prefix: settings.prefix,
          MaxKeys: 1,
          ...ownerHeader(settings),
        }),
        options,
      ),
    )
    if (page.IsTruncated === undefined) this.#connection.notS3('list')
    return `Bucket "${settings.bucket}" at ${settings.address} can be listed below "${settings.prefix}"`
  }

  async prepare(read: ReadRequest, signal: AbortSignal): Promise<Extract> {
    const { prefix } = this.#connection.settings
    const selection = selectionOf(prefix, read.query, read.parameters)
    if (selection.kind === 'searched') {
      await this.#requireOne(selection, signal)
      return new S3Extract(
        this.#connection,
        (reading) => listObjects(this.#connection, selection, reading),
        read.batchBytes,
      )
    }
    const found: FoundObject[] = []
    for (const key of selection.keys) found.push(await this.#find(key, key.slice(prefix.length), signal))
    return new S3Extract(this.#connection, () => found, read.batchBytes)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]()
  }

  /** One object, by HEAD; what HEAD cannot say (which key, which bucket, which right) a GET of one byte does. */
  async #find(key: string, file: string, signal: AbortSignal): Promise<FoundObject> {
    const { sdk, client, settings, call } = this.#connection
    const address = { Bucket: settings.bucket, Key: key, ...ownerHeader(settings) }
    const operation = { doing: 'read an object of', right: 's3:GetObject', key: file }
    const head = await call({ ...operation, head: true }, signal, async (options) => {
      try {
        return await client.send(new sdk.HeadObjectCommand(address), options)
      } catch (error) {
        if (!isFinal(error)) throw error
        await call(operation, signal, async (again) => {
          const answer = await client.send(
            new sdk.GetObjectCommand({ ...address, Range: 'bytes=0-0' }),
            again,
          )
          await answer.Body?.transformToByteArray()
        })
        throw error
      }
    })
    return { key, file, etag: head.ETag ?? this.#connection.notS3('read an object of') }
  }

  /** Everything wrong with a search shows before the first byte; that nothing is found too. */
  async #requireOne(
    selection: Selection & { readonly kind: 'searched' },
    signal: AbortSignal,
  ): Promise<void> {
    for await (const _ of listObjects(this.#connection, selection, signal)) return
    const { settings } = this.#connection
    throw s3Fault(
      's3-nothing-found',
      `No object of bucket "${settings.bucket}" below ${JSON.stringify(selection.beginning)} matches`,
      { path: 'query' },
    )
  }
}

/** The objects of an extract, listed while they are read, or known before. */
type Objects = (signal: AbortSignal) => AsyncIterable<FoundObject> | Iterable<FoundObject>

class S3Extract implements Extract {
  readonly fields = []
  readonly consistency = 'none'
  readonly #connection: S3Connection
  readonly #objects: Objects
  readonly #batchBytes: number
  /** Ends what is read when the extract is disposed before its end. */
  readonly #stop = new AbortController()

  constructor(connection: S3Connection, objects: Objects, batchBytes: number) {
    this.#connection = connection
    this.#objects = objects
    this.#batchBytes = batchBytes
  }

  async *read(signal: AbortSignal): AsyncGenerator<BytesBatch> {
    const either = AbortSignal.any([signal, this.#stop.signal])
    for await (const object of this.#objects(either)) {
      let empty = true
      for await (const bytes of readObject(this.#connection, object, this.#batchBytes, either)) {
        empty = false
        yield { form: 'bytes', bytes, rows: null, file: object.file }
      }
      // an empty object is a file too
      if (empty) yield { form: 'bytes', bytes: new Uint8Array(), rows: null, file: object.file }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort(new Error('The extract was closed'))
  }
}
