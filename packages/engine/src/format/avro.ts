import { randomBytes } from 'node:crypto'
import type { Field } from '@bulkhead/connector-sdk'
import { longWidth, writeInt, writeLengthAnd } from './avro-binary.ts'
import { avroCodecs, createAvroBlocks, syncBytes } from './avro-blocks.ts'
import { avroRowWriter } from './avro-rows.ts'
import { avroSchema } from './avro-schema.ts'
import type { ByteStage } from './byte-stage.ts'
import type { Compression } from './compress.ts'
import type { Encoder } from './encoder.ts'
import { createRowFormatter } from './row-formatter.ts'

/**
 * An Avro object container file: a header with the schema, then blocks of rows. Written by our own
 * encoder, because rows of objects, which the libraries want, cost ten times the rest.
 *
 * @throws BulkheadError `column-duplicate`; while writing `avro-value-out-of-range`, `value-invalid`
 * @see https://avro.apache.org/docs/1.12.0/specification/#object-container-files
 */
export function createAvroEncoder(
  fields: readonly Field[],
  compression: Compression,
  level: number,
  firstRow: number,
  stage: ByteStage,
): Encoder {
  const sync = randomBytes(syncBytes)
  const header = fileHeader(avroSchema(fields), avroCodecs[compression], sync)
  const blocks = createAvroBlocks(stage, compression, level, sync)
  let rows = 0
  let size = 0
  const rowNumber = (row: number): number => firstRow + rows + row
  const formatter = createRowFormatter(header, (batch) => avroRowWriter(fields, batch, rowNumber))
  return {
    get size() {
      return size
    },
    async begin() {
      // Without the name of the codec: where a file ends must not depend on its compression.
      size += header.length - avroCodecs[compression].length
      await stage.write(header)
    },
    async write(batch, room) {
      // A source may use one object for all its batches: each is a new one here, with texts to look at.
      const fresh = { ...batch }
      let row = 0
      let bytesLeft = room.bytes
      while (row < Math.min(batch.rows, room.rows)) {
        const { bytes, next } = formatter.format(fresh, row, { rows: room.rows - row, bytes: bytesLeft })
        if (next === row) break
        bytesLeft -= bytes.length
        size += bytes.length
        await blocks.add(bytes, next - row)
        row = next
      }
      rows += row
      return row
    },
    end: () => blocks.end(),
    abort() {},
  }
}

const encoder = new TextEncoder()

/** Four bytes, a map of schema and codec, and the mark that ends every block. */
function fileHeader(schema: string, codec: string, sync: Uint8Array): Uint8Array {
  const texts = ['avro.schema', schema, 'avro.codec', codec].map((text) => encoder.encode(text))
  const room = texts.reduce((sum, text) => sum + text.length + longWidth, 2 * longWidth + 4 + syncBytes)
  const out = new Uint8Array(room)
  out.set([0x4f, 0x62, 0x6a, 0x01])
  let end = writeInt(out, 4, texts.length / 2)
  for (const text of texts) end = writeLengthAnd(out, end, text, 0, text.length)
  end = writeInt(out, end, 0)
  out.set(sync, end)
  return out.subarray(0, end + syncBytes)
}
