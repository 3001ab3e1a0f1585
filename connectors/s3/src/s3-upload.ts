import { randomUUID } from 'node:crypto'
import type { CompletedPart } from '@aws-sdk/client-s3'
import type { NewObject, StoredObject, Upload } from '@bulkhead/connector-sdk'
import type { S3Connection } from './connection.ts'
import { s3Fault } from './errors.ts'
import { bodyChecksum, objectHeaders, ownerHeader, uploadChecksum } from './object-headers.ts'
import { isOwnObject, type ObjectAddress, removeOwnObject } from './own-object.ts'
import { PART_LIMITS } from './settings.ts'
import { s3CodeOf } from './classify-failure.ts'
import { attemptsOf, isRefusal, statusOf } from './failure.ts'
import type { Operation } from './operation.ts'
import {
  abortAgainWhileThere,
  abortLateUploadsOf,
  abortUpload,
  abortUploadsOf,
} from './unfinished-uploads.ts'

/** How long leaving nothing behind may take: a run that was cancelled waits for it. */
const ABORT_MS = 4_500
/** The store's clock counts whole seconds, and ours may be a little ahead of it. */
const CLOCK_SECOND_MS = 2_000

/**
 * One object on its way. A small one is held and sent by one PutObject at `complete`; a first part of
 * full size begins a multipart upload. Either way nothing is visible before (I5), and what is already
 * there is never overwritten (`If-None-Match: *`).
 */
export class S3Upload implements Upload {
  readonly partBytes: number
  readonly inFlight: number
  readonly #connection: S3Connection
  readonly #object: NewObject
  readonly #key: string
  readonly #address: ObjectAddress
  readonly #token = randomUUID()
  /** Ends the calls under way when the upload is aborted. */
  readonly #stop = new AbortController()
  readonly #underWay = new Set<Promise<void>>()
  readonly #parts = new Map<number, CompletedPart>()
  /** The first part when it is smaller than a part: then it is the only one. */
  #held: Uint8Array | undefined
  #begun: Promise<string> | undefined
  /** Before the call that begins the upload, by the store's clock as far as it is known. */
  #begunAfterMs = 0
  /** An answer to the beginning was lost, so there may be an upload whose id nobody knows. */
  #mayHaveTwin = false
  /** A call was given up, so that the store may still be at work for it. */
  #wasInterrupted = false
  #bytes = 0
  #state: 'open' | 'completing' | 'complete' | 'aborted' = 'open'
  #aborting: Promise<void> | undefined

  constructor(connection: S3Connection, object: NewObject, key: string) {
    this.#connection = connection
    this.#object = object
    this.#key = key
    const { bucket, partBytes } = connection.settings
    this.#address = { Bucket: bucket, Key: key, ...ownerHeader(connection.settings) }
    this.partBytes = partBytesFor(partBytes, object.maxBytes)
    this.inFlight = connection.settings.inFlight
  }

  async writePart(number: number, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#state !== 'open') throw new Error(`Part ${number} was written after the end of the upload`)
    if (number === 1 && bytes.length < this.partBytes) {
      this.#held = new Uint8Array(bytes) // a copy: the caller uses its buffer again, and Buffer's slice is none
      this.#bytes = bytes.length
      return
    }
    if (this.#held !== undefined) throw new Error('A part other than the last is smaller than partBytes')
    if (number > PART_LIMITS.count) {
      throw s3Fault(
        's3-too-many-parts',
        `The object needs more than ${PART_LIMITS.count} parts of ${this.partBytes} bytes`,
        { path: 'config.partSize' },
      )
    }
    await this.#track(this.#send(number, bytes, AbortSignal.any([signal, this.#stop.signal])))
  }

  async complete(signal: AbortSignal): Promise<StoredObject> {
    if (this.#state !== 'open') throw new Error('The upload is at its end already')
    this.#state = 'completing'
    await this.#track(this.#completeBy(AbortSignal.any([signal, this.#stop.signal])))
    this.#stop.signal.throwIfAborted() // `abort` waits for this call, and removes what it made visible
    this.#state = 'complete'
    this.#held = undefined
    if (this.#mayHaveTwin) await this.#abortTwins(AbortSignal.timeout(ABORT_MS)).catch(() => undefined) // the object is there
    const { bucket } = this.#connection.settings
    return { key: this.#object.key, location: `s3://${bucket}/${this.#key}`, bytes: this.#bytes }
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort()
    return this.#aborting
  }

  async #abort(): Promise<void> {
    if (this.#state === 'complete') return
    const wasCompleting = this.#state === 'completing'
    // the caller may have given calls up before, by its own signal
    const wasInterrupted = this.#wasInterrupted || this.#underWay.size > 0
    this.#state = 'aborted'
    this.#held = undefined
    this.#stop.abort(new Error('The upload was aborted'))
    await Promise.allSettled(this.#underWay)
    const signal = AbortSignal.timeout(ABORT_MS)
    try {
      if (this.#begun !== undefined) await this.#abortParts(this.#begun, wasInterrupted, signal)
      if (wasCompleting) {
        await removeOwnObject(this.#connection, this.#address, this.#token, wasInterrupted, signal)
      }
    } catch (error) {
      this.#connection.log.warn('An upload could not be cleaned up; a lifecycle rule of the bucket can', {
        key: this.#key,
        reason: (error as Error).message,
      })
    }
  }

  /** Lets `abort` wait for a call. */
  async #track(call: Promise<void>): Promise<void> {
    this.#underWay.add(call)
    try {
      await call
    } catch (error) {
      this.#wasInterrupted = true
      throw error
    } finally {
      this.#underWay.delete(call)
    }
  }

  async #send(number: number, body: Uint8Array, signal: AbortSignal): Promise<void> {
    const { sdk, client, settings } = this.#connection
    this.#begun ??= this.#begin(signal)
    const UploadId = await this.#begun
    const part = await this.#connection.call(this.#operation('write to'), signal, (options) =>
      client.send(
        new sdk.UploadPartCommand({
          ...this.#address,
          ...bodyChecksum(settings, body),
          UploadId,
          PartNumber: number,
          Body: body,
          ContentLength: body.length,
        }),
        options,
      ),
    )
    this.#parts.set(number, {
      PartNumber: number,
      ETag: this.#tagOf(part.ETag),
      ...(part.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: part.ChecksumCRC32 }),
      ...(part.ChecksumCRC64NVME === undefined ? {} : { ChecksumCRC64NVME: part.ChecksumCRC64NVME }),
      ...(part.ChecksumSHA256 === undefined ? {} : { ChecksumSHA256: part.ChecksumSHA256 }),
    })
    this.#bytes += body.length
  }

  async #begin(signal: AbortSignal): Promise<string> {
    const { sdk, client, settings } = this.#connection
    this.#begunAfterMs = Date.now() + client.config.systemClockOffset
    this.#mayHaveTwin = true // until the one answer to the one try is there
    const command = new sdk.CreateMultipartUploadCommand({
      ...this.#address,
      ...objectHeaders(settings, this.#object.contentType, this.#token),
      ...uploadChecksum(settings),
    })
    const answer = await this.#connection.call(this.#operation('write to'), signal, async (options) => {
      try {
        return await client.send(command, options)
      } catch (error) {
        this.#mayHaveTwin = attemptsOf(error) > 1 || !isRefusal(error)
        throw error
      }
    })
    this.#mayHaveTwin = (answer.$metadata.attempts ?? 1) > 1
    return answer.UploadId ?? this.#connection.notS3('write to')
  }

  async #put(body: Uint8Array, signal: AbortSignal): Promise<void> {
    const { sdk, client, settings } = this.#connection
    await this.#finish(signal, async (options) => {
      const answer = await client.send(
        new sdk.PutObjectCommand({
          ...this.#address,
          ...objectHeaders(settings, this.#object.contentType, this.#token),
          ...bodyChecksum(settings, body),
          Body: body,
          ContentLength: body.length,
          IfNoneMatch: '*',
        }),
        options,
      )
      return answer.ETag
    })
  }

  async #completeBy(signal: AbortSignal): Promise<void> {
    if (this.#begun === undefined) await this.#put(this.#held ?? new Uint8Array(), signal)
    else await this.#completeParts(await this.#begun, signal)
  }

  async #completeParts(UploadId: string, signal: AbortSignal): Promise<void> {
    const { sdk, client } = this.#connection
    const Parts = [...this.#parts.values()].toSorted((a, b) => (a.PartNumber ?? 0) - (b.PartNumber ?? 0))
    await this.#finish(signal, async (options) => {
      const answer = await client.send(
        new sdk.CompleteMultipartUploadCommand({
          ...this.#address,
          UploadId,
          MultipartUpload: { Parts },
          MpuObjectSize: this.#bytes,
          IfNoneMatch: '*',
        }),
        options,
      )
      return answer.ETag
    })
  }

  /**
   * Makes the object visible. When an answer was lost and the call repeated, the store says that the
   * object exists, or that the upload does not: then the object itself tells whose it is.
   */
  async #finish(
    signal: AbortSignal,
    send: (options: { readonly abortSignal: AbortSignal }) => Promise<string | undefined>,
  ): Promise<void> {
    const tag = await this.#connection.call(this.#operation('write to'), signal, async (options) => {
      try {
        return await send(options)
      } catch (error) {
        const mayBeDone = statusOf(error) === 412 || s3CodeOf(error) === 'NoSuchUpload' || !isRefusal(error)
        if (mayBeDone && (await isOwnObject(this.#connection, this.#address, this.#token, signal)))
          return 'own'
        throw error
      }
    })
    this.#tagOf(tag)
  }

  async #abortParts(begun: Promise<string>, wasInterrupted: boolean, signal: AbortSignal): Promise<void> {
    const uploadId = await begun.catch(() => undefined)
    if (uploadId !== undefined) {
      await abortUpload(this.#connection, this.#key, uploadId, signal)
      // a part that was on its way may arrive after the abort, stay behind and cost money
      if (wasInterrupted) await abortAgainWhileThere(this.#connection, this.#key, uploadId, signal)
    }
    if (!this.#mayHaveTwin) return
    await this.#abortTwins(signal)
    if (uploadId === undefined)
      await abortLateUploadsOf(this.#connection, this.#key, this.#begunAfterMs - CLOCK_SECOND_MS, signal)
  }

  /** Ends uploads that this one began and never heard of; another attempt's upload is older. */
  async #abortTwins(signal: AbortSignal): Promise<void> {
    await abortUploadsOf(this.#connection, this.#key, this.#begunAfterMs - CLOCK_SECOND_MS, signal)
  }

  #operation(doing: string): Operation {
    return { doing, right: 's3:PutObject', key: this.#object.key }
  }

  /** A web server that says 200 to everything gives no ETag, and has stored nothing. */
  #tagOf(tag: string | undefined): string {
    return tag === undefined || tag === '' ? this.#connection.notS3('write to') : tag
  }
}

/**
 * Bytes of a part: fixed at the beginning, because several parts in flight are memory (I8). With a
 * limit it leaves a tenth of the part numbers unused.
 */
function partBytesFor(wanted: number, maxBytes: number | undefined): number {
  const MIB = 2 ** 20
  const needed = maxBytes === undefined ? 0 : Math.ceil(maxBytes / 9_000 / MIB) * MIB
  return Math.min(Math.max(wanted, needed), PART_LIMITS.largest)
}
