import duckdb from '@duckdb/node-bindings'
import { dataOf, isSet, numbersOf, type VectorHandle } from './raw-vector.ts'

/** A text or blob of DuckDB: 4 bytes of length, then up to 12 bytes of text, or 4 of prefix and an 8-byte pointer. */
const ENTRY_BYTES = 16
const INLINED_BYTES = 12
/**
 * Texts that follow each other in memory with a gap below a page are fetched by one call: both sides of the gap are
 * mapped, so that all of it is. A call for each text costs three times as much.
 */
const PAGE_BYTES = 4096

/** The texts of one vector, without copying them. */
export interface Strings {
  /** Length of each, 0 for null. */
  readonly lengths: Uint32Array
  /** Memory in which the text of `row` lies, from `starts[row]` on. */
  segment(row: number): Uint8Array
  readonly starts: Uint32Array
}

/** Finds the texts of a vector. The result is valid as long as its chunk. */
export function stringsOf(vector: VectorHandle, validity: Uint8Array | undefined, rows: number): Strings {
  const entries = dataOf(vector, rows * ENTRY_BYTES)
  const words = numbersOf(Uint32Array, vector, rows * 4)
  const lengths = new Uint32Array(rows)
  const starts = new Uint32Array(rows)
  const segments: Uint8Array[] = [entries]
  const segmentOf = new Uint32Array(rows)
  // Texts of a dictionary lie in any order, and the same one many times: where each run begins is remembered.
  const known = new Map<number, number>()

  let first = -1
  let begin = 0
  let end = 0
  const closeRun = () => {
    if (first < 0) return
    const pointer = entries.byteOffset + first * ENTRY_BYTES + 8
    known.set(begin, segments.length)
    segments.push(duckdb.get_data_from_pointer(entries.buffer, pointer, end - begin))
    first = -1
  }
  for (let row = 0; row < rows; row++) {
    if (!isSet(validity, row)) continue
    const length = words[row * 4] ?? 0
    lengths[row] = length
    if (length <= INLINED_BYTES) {
      starts[row] = row * ENTRY_BYTES + 4
      continue
    }
    // User space addresses have 47 bits: exact as a number.
    const address = (words[row * 4 + 2] ?? 0) + (words[row * 4 + 3] ?? 0) * 0x1_0000_0000
    if (first < 0 || address < begin || address > end + PAGE_BYTES - 1 || address - begin > 0x7fff_ffff) {
      closeRun()
      const segment = known.get(address)
      if (segment !== undefined && (segments[segment]?.length ?? 0) >= length) {
        segmentOf[row] = segment
        continue
      }
      first = row
      begin = address
      end = address
    }
    starts[row] = address - begin
    segmentOf[row] = segments.length
    end = Math.max(end, address + length)
  }
  closeRun()
  return { lengths, starts, segment: (row) => segments[segmentOf[row] ?? 0] ?? entries }
}

// A byte order mark is a character of the text like any other.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** One text as JavaScript's. */
export function textAt(strings: Strings, row: number): string {
  return decoder.decode(bytesAt(strings, row))
}

export function bytesAt(strings: Strings, row: number): Uint8Array {
  const start = strings.starts[row] ?? 0
  return strings.segment(row).subarray(start, start + (strings.lengths[row] ?? 0))
}
