import {
  BulkheadError,
  type ErrorDetails,
  isBulkheadError,
  type Source,
  type Store,
  type Upload,
} from '@bulkhead/connector-sdk'
import { detailsOf } from '@bulkhead/contract'
import { withReadErrors } from './read-errors.ts'

/**
 * A connector says where a fault lies as it sees it: `config.host`, `limits.queryTimeout`, `query.path`. Whoever reads the error
 * looks for it in a manifest or request: here the one becomes the other.
 */
export interface Roots {
  /** Where its settings stand: `spec.connections.ledger.config`. */
  readonly path: string
  /** Where its query stands, when it is known: `spec.jobs.monthly.source.query`. */
  readonly queryPath?: string
}

/** The same error with its paths rooted; anything else as it is. */
export function rooted(error: unknown, roots: Roots): unknown {
  if (!isBulkheadError(error)) return error
  const [first, ...others] = detailsOf(error)
  if (first === undefined || ![first, ...others].some(({ path }) => rootOf(path, roots) !== undefined))
    return error
  const { retryAfterMs, ofConnection, cause } = error
  return new BulkheadError({
    ...withRoot(first, roots),
    others: others.map((other) => withRoot(other, roots)),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ofConnection,
    cause,
  })
}

function withRoot(details: ErrorDetails, roots: Roots): ErrorDetails {
  const path = rootOf(details.path, roots)
  return path === undefined ? details : { ...details, path }
}

function rootOf(path: string | undefined, { path: config, queryPath }: Roots): string | undefined {
  const [, head, rest = ''] = /^(config|limits|query)((?:[.[].*)?)$/su.exec(path ?? '') ?? []
  if (head === 'config') return config + rest
  // Beside the settings; a connection that a request brought with it has none of its own.
  if (head === 'limits')
    return config.startsWith('spec.') ? `${config.replace(/\.config$/, '')}.limits${rest}` : undefined
  return head === 'query' && queryPath !== undefined ? queryPath + rest : undefined
}

/** @throws what `work` throws, rooted */
export async function withRoots<T>(roots: Roots, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw rooted(error, roots)
  }
}

/** The source, with the paths of all its errors rooted. */
export function rootedSource(source: Source, roots: Roots): Source {
  return {
    check: (signal) => withRoots(roots, () => source.check(signal)),
    async prepare(read, caller) {
      const extract = await withRoots(roots, () => source.prepare(read, caller))
      return withReadErrors(extract, (error) => rooted(error, roots))
    },
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  }
}

/** The store, with the paths of all its errors rooted. */
export function rootedStore(store: Store, roots: Roots): Store {
  return {
    check: (signal) => withRoots(roots, () => store.check(signal)),
    create: async (object, signal) =>
      rootedUpload(await withRoots(roots, () => store.create(object, signal)), roots),
    link: (object, request) => withRoots(roots, () => store.link(object, request)),
    remove: (object, signal) => withRoots(roots, () => store.remove(object, signal)),
    sweep: (folder, signal) => withRoots(roots, () => store.sweep(folder, signal)),
    createIfAbsent: (object, signal) => withRoots(roots, () => store.createIfAbsent(object, signal)),
    readStart: (key, maxBytes, signal) => withRoots(roots, () => store.readStart(key, maxBytes, signal)),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

function rootedUpload(upload: Upload, roots: Roots): Upload {
  return {
    partBytes: upload.partBytes,
    inFlight: upload.inFlight,
    writePart: (number, bytes, signal) => withRoots(roots, () => upload.writePart(number, bytes, signal)),
    complete: (signal) => withRoots(roots, () => upload.complete(signal)),
    abort: () => upload.abort(),
  }
}
