import { createHash } from 'node:crypto'
import type { NewObject, Store, StoredObject, Upload } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { reach } from '../observe/moments.ts'
import { type PartBuffer, PartBuffers } from './part-buffers.ts'

/** An object that the store has whole. */
export interface DeliveredObject {
  readonly stored: StoredObject
  readonly bytes: number
  /** Over the bytes of the object, lower-case hexadecimal. */
  readonly sha256: string
}

/**
 * Writes one stream of bytes to one object of a store. Disposing of it before `finish` resolved
 * leaves nothing behind (I5).
 */
export interface ObjectWriter extends AsyncDisposable {
  /** Bytes taken so far. */
  readonly bytes: number
  /**
   * Takes the next bytes and copies them; the caller may use its buffer again at once. Resolves when
   * there is room for more: waiting for it is the back-pressure. Calls must follow one another.
   * @throws BulkheadError `result-too-large` when the object would exceed `maxBytes`; what the store
   *   threw for an earlier part; the signal's reason
   */
  write(bytes: Uint8Array): Promise<void>
  /** Writes what is left and makes the object visible, whole and at once. */
  finish(): Promise<DeliveredObject>
  /** Ends the upload without a trace. Never throws; may be called at any time, also twice. */
  abort(): Promise<void>
}

/**
 * Opens an object for writing. Its memory is bounded by (inFlight + 1) x partBytes of the store (I8),
 * and small objects take less.
 *
 * @param signal  ends every write under way; the writer must still be aborted or disposed of
 */
export async function openObjectWriter(
  store: Store,
  object: NewObject,
  signal: AbortSignal,
): Promise<ObjectWriter> {
  signal.throwIfAborted()
  return new UploadWriter(store, await store.create(object, signal), object.maxBytes, signal)
}

/** How long removing an object may take that became visible when it was given up already. */
const REMOVE_MS = 4_500

class UploadWriter implements ObjectWriter {
  readonly #store: Store
  readonly #upload: Upload
  readonly #maxBytes: number | undefined
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  readonly #hash = createHash('sha256')
  readonly #buffers: PartBuffers
  readonly #underWay = new Set<Promise<void>>()
  #filling: PartBuffer
  #parts = 0
  #bytes = 0
  /** What the store threw first, in a list, because anything can be thrown. */
  readonly #failures: unknown[] = []
  #isBusy = false
  #state: 'open' | 'finished' | 'aborted' = 'open'
  #aborting: Promise<void> | undefined
  #completing: Promise<StoredObject> | undefined

  constructor(store: Store, upload: Upload, maxBytes: number | undefined, signal: AbortSignal) {
    this.#store = store
    this.#upload = upload
    this.#maxBytes = maxBytes
    this.#signal = AbortSignal.any([signal, this.#stop.signal])
    this.#buffers = new PartBuffers(upload.partBytes, upload.inFlight + 1)
    this.#filling = this.#buffers.take()
  }

  get bytes(): number {
    return this.#bytes
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#alone(async () => {
      if (this.#maxBytes !== undefined && this.#bytes + bytes.length > this.#maxBytes) {
        throw fault('result-too-large', `The result has more than ${this.#maxBytes} bytes`)
      }
      this.#hash.update(bytes)
      this.#bytes += bytes.length
      for (let from = 0; from < bytes.length;) {
        from += this.#buffers.fill(this.#filling, bytes, from)
        if (this.#buffers.isFull(this.#filling)) await this.#send()
      }
    })
  }

  async finish(): Promise<DeliveredObject> {
    return this.#alone(async () => {
      if (this.#filling.length > 0) {
        await this.#settled(this.#upload.inFlight - 1)
        this.#start(this.#filling)
      }
      await this.#settled(0)
      reach('before-complete')
      this.#completing = this.#upload.complete(this.#signal)
      const stored = await this.#completing
      reach('after-complete')
      this.#signal.throwIfAborted() // `abort` came meanwhile, and decides
      if (stored.bytes !== this.#bytes) {
        throw new Error(`The store has ${stored.bytes} bytes of an object of ${this.#bytes}`)
      }
      this.#state = 'finished'
      return { stored, bytes: this.#bytes, sha256: this.#hash.digest('hex') }
    })
  }

  abort(): Promise<void> {
    this.#aborting ??= this.#abort()
    return this.#aborting
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abort()
  }

  async #abort(): Promise<void> {
    if (this.#state === 'finished') return
    this.#state = 'aborted'
    this.#stop.abort(new Error('The object was given up'))
    await Promise.allSettled(this.#underWay)
    await this.#upload.abort()
    await this.#removeCompleted().catch(() => undefined)
  }

  /** An object that was completed before anyone could stop it is the store's to remove (I5). */
  async #removeCompleted(): Promise<void> {
    const stored = await this.#completing?.catch(() => undefined)
    if (stored !== undefined) await this.#store.remove(stored, AbortSignal.timeout(REMOVE_MS))
  }

  /** One call at a time: parts in another order would be another object. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    if (this.#state !== 'open') throw new Error(`The object is ${this.#state} already`)
    if (this.#isBusy) throw new Error('An object was written to by two at once')
    this.#throwIfFailed()
    this.#isBusy = true
    try {
      return await work()
    } finally {
      this.#isBusy = false
    }
  }

  /** Sends the full part as soon as the store takes one more; the next is filled meanwhile. */
  async #send(): Promise<void> {
    await this.#settled(this.#upload.inFlight - 1)
    this.#start(this.#filling)
    this.#filling = this.#buffers.take()
  }

  #start(part: PartBuffer): void {
    const write = this.#upload
      .writePart(++this.#parts, part.bytes.subarray(0, part.length), this.#signal)
      .then(() => this.#buffers.giveBack(part))
      .catch((error: unknown) => {
        this.#failures.push(error)
        this.#stop.abort(error) // the others are of no use any more
      })
      .finally(() => this.#underWay.delete(write))
    this.#underWay.add(write)
  }

  /** Waits until at most `most` parts are under way. */
  async #settled(most: number): Promise<void> {
    while (this.#underWay.size > most) await Promise.race(this.#underWay)
    this.#throwIfFailed()
  }

  #throwIfFailed(): void {
    if (this.#failures.length > 0) throw this.#failures[0]
    this.#signal.throwIfAborted()
  }
}
