import type { ConnectionContext } from './context.ts'

/**
 * The store role of a connector: holds result files.
 *
 * An object is invisible until `complete` resolves, and after `abort` nothing of it is left (I5).
 */
export interface StoreRole<Config> {
  open(context: ConnectionContext<Config>): Promise<Store>
}

export interface Store extends AsyncDisposable {
  /** Proves that an object can be written, and leaves nothing behind. @returns one line about what answered */
  check(signal: AbortSignal): Promise<string>
  /** Begins an object. Cheap: nothing need be sent before the first part. */
  create(object: NewObject, signal: AbortSignal): Promise<Upload>
  /**
   * A link with which anyone can download the object until it expires.
   * @throws BulkheadError `<connector>-object-missing` for an object that is not there any more, where the store looks
   */
  link(object: StoredObject, request: LinkRequest): Promise<Link>
  /** Removes an object; one that is not there is no error. */
  remove(object: StoredObject, signal: AbortSignal): Promise<void>
  /**
   * Removes whatever lies below `<folder>/`: uploads under way are aborted, of whoever they are, so that they can
   * no longer complete, and complete objects are removed. Made for what dead runs left; nothing there is no error.
   *
   * @param folder  first part of keys, without `/`
   */
  sweep(folder: string, signal: AbortSignal): Promise<void>
  /**
   * Writes a small object at once and whole, unless one with this key is there: of all who try, exactly one succeeds,
   * whenever and wherever they do. Durable when it resolves. What the platform remembers without a server is kept so.
   *
   * @returns whether it was written. After an error nobody knows: read what is there
   */
  createIfAbsent(object: SmallObject, signal: AbortSignal): Promise<boolean>
  /** The first bytes of an object, at most `maxBytes`; undefined when there is none. */
  readStart(key: string, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | undefined>
}

/** An object that is held in memory. */
export interface SmallObject {
  /** As that of `NewObject`. */
  readonly key: string
  readonly contentType: string
  readonly bytes: Uint8Array
}

export interface NewObject {
  /** Below the store's own prefix: `<runId>/<fileName>`, parts separated by `/`, already checked. */
  readonly key: string
  readonly contentType: string
  /** Most bytes that the object may get, when there is a limit: fixes the part size where parts are numbered. */
  readonly maxBytes: number | undefined
}

export interface Upload {
  /** Every part but the last has exactly so many bytes. */
  readonly partBytes: number
  /** So many calls of `writePart` may be under way at once; each holds its bytes (I8). */
  readonly inFlight: number
  /**
   * Writes part `number` (1, 2, 3 ...) and resolves when the store has it. The bytes may be used
   * again by the caller after that. The store retries what is transient by itself.
   */
  writePart(number: number, bytes: Uint8Array, signal: AbortSignal): Promise<void>
  /** Makes the object visible, at once and whole. Called after every part resolved, perhaps with none written. */
  complete(signal: AbortSignal): Promise<StoredObject>
  /** Leaves nothing behind. May be called at any time, also twice, also when `complete` failed. Never throws. */
  abort(): Promise<void>
}

export interface StoredObject {
  readonly key: string
  /** `s3://bucket/key` or `file:///…`. */
  readonly location: string
  readonly bytes: number
}

export interface LinkRequest {
  readonly expiresInSeconds: number
  /** Name under which a browser saves the file. */
  readonly fileName: string
  readonly contentType: string
}

export interface Link {
  readonly url: string
  /** Epoch milliseconds when the link truly ends, which may be before the time asked for. */
  readonly expiresAtMs: number
  /** Something that the receiver should know: an early end, a link that nobody serves. */
  readonly warning?: string
}
