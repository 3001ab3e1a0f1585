import type { Change } from './repository.ts'

export interface Listeners {
  add(listener: (change: Change) => void): () => void
  tell(changes: Iterable<Change>): void
}

/** @param onError  a listener that throws must not make the call fail whose change it was told of */
export function createListeners(onError: (error: unknown) => void): Listeners {
  const all = new Set<(change: Change) => void>()
  return {
    add(listener) {
      // each call is a subscription of its own, also with the same function
      const entry = (change: Change): void => listener(change)
      all.add(entry)
      return () => void all.delete(entry)
    },
    tell(changes) {
      for (const change of changes)
        for (const listener of all)
          try {
            listener(change)
          } catch (error) {
            onError(error)
          }
    },
  }
}
