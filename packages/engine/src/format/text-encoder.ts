import type { ByteStage } from './byte-stage.ts'
import type { Encoder } from './encoder.ts'
import type { RowFormatter } from './row-formatter.ts'

/** The encoder of CSV and JSON Lines: formats a piece, waits until the stage has taken it. */
export function createTextEncoder(formatter: RowFormatter, stage: ByteStage): Encoder {
  let size = 0
  return {
    get size() {
      return size
    },
    async begin() {
      size += formatter.header.length
      if (formatter.header.length > 0) await stage.write(formatter.header)
    },
    async write(batch, room) {
      let row = 0
      let bytesLeft = room.bytes
      while (row < Math.min(batch.rows, room.rows)) {
        const { bytes, next } = formatter.format(batch, row, { rows: room.rows - row, bytes: bytesLeft })
        if (next === row) break
        row = next
        bytesLeft -= bytes.length
        size += bytes.length
        await stage.write(bytes)
      }
      return row
    },
    async end() {},
    abort() {},
  }
}
