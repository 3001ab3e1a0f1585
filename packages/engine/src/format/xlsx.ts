import { PassThrough } from 'node:stream'
import type { Field } from '@bulkhead/connector-sdk'
import { ZipFile } from 'yazl'
import type { ByteStage } from './byte-stage.ts'
import { tooManySheetRows } from './check-fields.ts'
import type { Compression } from './compress.ts'
import type { Encoder } from './encoder.ts'
import { mostSheetRows } from './file-format.ts'
import { startPump } from './pump.ts'
import { createRowFormatter } from './row-formatter.ts'
import { createTextEncoder } from './text-encoder.ts'
import { sheetHead, sheetPart, sheetTail, smallParts } from './xlsx-parts.ts'
import { sheetRowWriter } from './xlsx-rows.ts'

/**
 * An Excel workbook with one sheet: a ZIP archive whose sheet is written row by row, so that memory does
 * not grow with it (I8). Texts stand in their cells, because a list of shared ones would have to be kept.
 *
 * @param compression  `none`, or `gzip`, which stands for the deflate of ZIP
 * @throws BulkheadError while writing `xlsx-limit-exceeded`, `value-invalid`
 * @see ISO/IEC 29500-1
 */
export function createXlsxEncoder(
  fields: readonly Field[],
  compression: Compression,
  level: number,
  firstRow: number,
  stage: ByteStage,
): Encoder {
  // Level 0 stores the parts as they are.
  const options = { ...sameHeader, compressionLevel: compression === 'none' ? 0 : level }
  const zip = new ZipFile()
  const archive = zip.outputStream as PassThrough
  zip.on('error', (error: Error) => archive.destroy(error))
  for (const [name, text] of Object.entries(smallParts)) zip.addBuffer(Buffer.from(text), name, options)
  const sheet = new PassThrough()
  zip.addReadStream(sheet, sheetPart, options)
  zip.end()
  const pump = startPump(async () => archive as AsyncIterable<Uint8Array>, stage)

  /** Resolves when the archive has taken the bytes, which is as fast as the stage takes them. */
  async function push(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    // Copied, because the archive may still hold them when the next piece is made.
    sheet.write(Buffer.from(bytes), (error) => (error ? reject(error) : resolve()))
    await pump.until(promise)
  }

  let rows = 0
  const rowOf = { sheet: (row: number) => rows + row + 2, result: (row: number) => firstRow + rows + row }
  const formatter = createRowFormatter(sheetHead(fields), (batch) => sheetRowWriter(fields, batch, rowOf))
  const text = createTextEncoder(formatter, { write: push, end: async () => {}, abort() {} })
  return {
    get size() {
      return text.size
    },
    begin: () => text.begin(),
    async write(batch, room) {
      if (rows + Math.min(batch.rows, room.rows) > mostSheetRows) throw tooManySheetRows()
      // A source may use one object for all its batches: each is a new one here, with texts to look at.
      const written = await text.write({ ...batch }, room)
      rows += written
      return written
    },
    async end() {
      await push(sheetTail)
      sheet.end()
      await pump.done
    },
    abort() {
      sheet.destroy()
      archive.destroy()
    },
  }
}

/** The same result is the same file: no entry says when it was written. */
const sameHeader = { mtime: new Date(1980, 0, 1), forceDosTimestamp: true, mode: 0o100644 }
