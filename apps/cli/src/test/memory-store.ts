import type { Store } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'

/** What a result may have in a test: it is kept in memory (I8). */
const MOST_BYTES = 64 * 1024 * 1024
const PART_BYTES = 1024 * 1024

/** A store in memory: what a test delivers is compared, and then forgotten. */
export interface MemoryStore {
  readonly open: () => Promise<Store>
  /** Complete objects, by their keys in order of completion. */
  readonly objects: ReadonlyMap<string, Uint8Array>
}

export function memoryStore(): MemoryStore {
  const objects = new Map<string, Uint8Array>()
  const store: Store = {
    check: () => Promise.resolve('memory'),
    create({ key }) {
      const parts = new Map<number, Uint8Array>()
      let bytes = 0
      return Promise.resolve({
        partBytes: PART_BYTES,
        inFlight: 1,
        writePart(number, part) {
          bytes += part.length
          if (bytes > MOST_BYTES)
            return Promise.reject(
              fault('result-too-large', 'The result of a test is larger than 64 MiB', {
                path: 'source',
                fix: 'Give the test fewer rows',
              }),
            )
          parts.set(number, part.slice())
          return Promise.resolve()
        },
        complete() {
          const inOrder = [...parts].toSorted(([a], [b]) => a - b).map(([, part]) => part)
          objects.set(key, Buffer.concat(inOrder))
          return Promise.resolve({ key, location: `memory://test/${key}`, bytes })
        },
        abort() {
          parts.clear()
          return Promise.resolve()
        },
      })
    },
    link: ({ key }) => Promise.resolve({ url: `memory://test/${key}`, expiresAtMs: 0 }),
    remove({ key }) {
      objects.delete(key)
      return Promise.resolve()
    },
    sweep(folder) {
      for (const key of objects.keys()) if (key.startsWith(`${folder}/`)) objects.delete(key)
      return Promise.resolve()
    },
    createIfAbsent: () => Promise.reject(new Error('A test is not remembered')),
    readStart: () => Promise.reject(new Error('A test is not remembered')),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return { open: () => Promise.resolve(store), objects }
}
