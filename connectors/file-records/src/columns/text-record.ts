import type { RawRecord } from './raw-record.ts'

/** A record of texts, by cell; undefined: there is no value. */
export function textRecord(values: readonly (string | undefined)[], cells: number): RawRecord {
  const starts: number[] = []
  const ends: number[] = []
  const bytes = Buffer.from(values.join(''))
  let at = 0
  for (let cell = 0; cell < cells; cell++) {
    const value = values[cell]
    starts.push(value === undefined ? -1 : at)
    at += value === undefined ? 0 : Buffer.byteLength(value)
    ends.push(at)
  }
  return { bytes, starts, ends, cells }
}
