import type { Page } from '../repository.ts'

/** @param items  one more than asked for, when there is one */
export function pageOf<T>(items: readonly T[], most: number, placeOf: (item: T) => string): Page<T> {
  const shown = items.slice(0, most)
  const last = shown.at(-1)
  return { items: shown, next: items.length > most && last !== undefined ? placeOf(last) : undefined }
}
