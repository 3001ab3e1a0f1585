import type { Pointer } from './json-pointer.ts'

/** A place of interest, and those below it. */
export interface Place {
  readonly below: Map<string, Place>
  /** -1: the records; else which capture; undefined: only on the way. */
  target: number | undefined
}

/** Target of the list of records. */
export const RECORDS = -1
/** The tree of places, from the document itself. */
export function placesOf(records: Pointer | undefined, captures: readonly Pointer[]): Place {
  const root: Place = { below: new Map(), target: undefined }
  const add = (pointer: Pointer, target: number): void => {
    let place = root
    for (const part of pointer) {
      const next = place.below.get(part) ?? { below: new Map<string, Place>(), target: undefined }
      place.below.set(part, next)
      place = next
    }
    place.target = target
  }
  if (records !== undefined) add(records, RECORDS)
  for (const [index, capture] of captures.entries()) add(capture, index)
  return root
}
