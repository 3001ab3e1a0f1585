import type { BytesBatch, OutputFormat } from '@bulkhead/connector-sdk'
import type { Room } from './row-formatter.ts'

/** Where encoded bytes can be cut. */
export interface Cut {
  readonly bytes: number
  readonly rows: number
}

/**
 * How much of bytes that begin and end with a row has room, cut after a row: in JSON Lines after each
 * line break, in CSV after one that is not in quotes. The same rows as when the values came in columns.
 *
 * In encodings that are not a superset of ASCII no byte can be trusted; then all or nothing has room.
 */
export function cutRows(batch: BytesBatch, format: OutputFormat, asciiBased: boolean, room: Room): Cut {
  const { bytes, rows } = batch
  if (bytes.length <= room.bytes && (rows ?? Number.POSITIVE_INFINITY) <= room.rows) {
    return { bytes: bytes.length, rows: rows ?? 0 }
  }
  if (bytes.length <= room.bytes && room.rows === Number.POSITIVE_INFINITY) {
    return { bytes: bytes.length, rows: 0 }
  }
  if ((format !== 'csv' && format !== 'jsonl') || !asciiBased) return { bytes: 0, rows: 0 }
  const quotes = format === 'csv'
  let cut: Cut = { bytes: 0, rows: 0 }
  let quoted = false
  const end = Math.min(bytes.length, room.bytes)
  for (let at = 0; at < end && cut.rows < room.rows; at++) {
    const byte = bytes[at]!
    if (byte === 0x22 && quotes) quoted = !quoted
    else if (byte === 0x0a && !quoted) cut = { bytes: at + 1, rows: cut.rows + 1 }
  }
  return cut
}
