import {
  isPackedInside,
  type Batch,
  type BytesBatch,
  type ColumnsBatch,
  type CsvOptions,
  type Field,
  type OutputFormat,
} from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { countingStage, writerStage, type ByteStage, type ResultWriter } from './byte-stage.ts'
import { checkFields } from './check-fields.ts'
import { compressInto, type Compression } from './compress.ts'
import { encodeCsv, encodingName } from './csv-encoding.ts'
import { createCsvFormatter } from './csv.ts'
import type { Encoder } from './encoder.ts'
import { encryptInto } from './encrypt.ts'
import { createJsonlFormatter } from './jsonl.ts'
import { createParquetEncoder, defaultRowGroup, type RowGroupLimits } from './parquet.ts'
import { cutRows } from './row-cutter.ts'
import { unlimited, type Room } from './row-formatter.ts'
import { sliceColumns } from './slice-columns.ts'
import { createTextEncoder } from './text-encoder.ts'

export interface ResultFormat {
  readonly format: OutputFormat
  readonly csv: CsvOptions
  /** Of the whole file, or inside it: see `isPackedInside`. */
  readonly compression: Compression
  readonly compressionLevel?: number
  /** Public keys (`age1...`); none: the file is not encrypted. */
  readonly ageRecipients: readonly string[]
  readonly rowGroup?: RowGroupLimits
}

export interface ResultFileOptions<Finished> extends ResultFormat {
  /** Columns of the result; empty when a file is copied as it is. */
  readonly fields: readonly Field[]
  readonly writer: ResultWriter<Finished>
  /** Number of the first row in the whole result, for messages; default 1. */
  readonly firstRow?: number
}

/** One file while it is written: encoder, compression, encryption, object. */
export interface ResultFile<Finished> {
  /** Rows written so far; null when bytes came whose rows nobody counted. */
  readonly rows: number | null
  /** Bytes of the content so far, before compression and encryption. */
  readonly uncompressedBytes: number
  /** Size of the content as a limit of bytes counts it: see `Encoder.size`. */
  readonly size: number
  /** Writes a batch. It may be used again when this resolves. */
  write(batch: Batch): Promise<void>
  /**
   * Writes as many whole rows of a batch as there is room for.
   * @returns the rest; undefined when everything was written
   */
  fill(batch: Batch, room: Room): Promise<Batch | undefined>
  /** Completes the content and then the object. */
  finish(): Promise<Finished>
  /** Gives up, after a failure or a stop: nothing is left (I5). May be called at any time. */
  abort(): Promise<void>
}

/**
 * Begins a result file. Everything on the way is bounded in bytes and waits for what is behind it (I8).
 *
 * @throws BulkheadError `output-unsupported`, `encrypt-recipient-invalid`, `column-duplicate`, `xlsx-limit-exceeded`;
 *   the writer is then untouched
 */
export async function openResultFile<Finished>(
  options: ResultFileOptions<Finished>,
): Promise<ResultFile<Finished>> {
  const { format, fields, writer, compression } = options
  const encrypted = await encryptInto(writerStage(writer), options.ageRecipients)
  const content = countingStage(
    compressInto(encrypted, isPackedInside(format) ? 'none' : compression, options.compressionLevel),
  )
  const encoder = await createEncoder(options, content)
  const asciiBased = !/^(utf(16|32)|ucs[24])/.test(encodingName(options.csv.encoding))
  let rows: number | null = 0
  let copied = 0

  async function fillColumns(batch: ColumnsBatch, room: Room): Promise<Batch | undefined> {
    if (encoder === undefined) throw notEncodable(format, batch.form)
    const written = await encoder.write(batch, room)
    if (rows !== null) rows += written
    return written === batch.rows ? undefined : sliceColumns(batch, written, batch.rows)
  }

  async function fillBytes(batch: BytesBatch, room: Room): Promise<Batch | undefined> {
    if (isPackedInside(format)) throw notEncodable(format, batch.form)
    const cut = cutRows(batch, format, asciiBased, room)
    const whole = cut.bytes === batch.bytes.length
    await content.write(whole ? batch.bytes : batch.bytes.subarray(0, cut.bytes))
    copied += cut.bytes
    rows = rows === null || batch.rows === null ? null : rows + cut.rows
    if (whole) return undefined
    return {
      ...batch,
      bytes: batch.bytes.subarray(cut.bytes),
      rows: batch.rows === null ? null : batch.rows - cut.rows,
    }
  }

  async function fill(batch: Batch, room: Room): Promise<Batch | undefined> {
    switch (batch.form) {
      case 'bytes':
        return fillBytes(batch, room)
      case 'columns':
        return fillColumns(batch, room)
      case 'rows':
        return fillColumns(rowsToColumns(batch.rows, fields, (options.firstRow ?? 1) + (rows ?? 0)), room)
    }
    return batch satisfies never
  }

  await encoder?.begin()
  return {
    get rows() {
      return rows
    },
    get uncompressedBytes() {
      return content.bytes
    },
    get size() {
      return copied + (encoder?.size ?? 0)
    },
    async write(batch) {
      await fill(batch, unlimited)
    },
    fill,
    async finish() {
      await encoder?.end()
      await content.end()
      return writer.finish()
    },
    async abort() {
      encoder?.abort()
      content.abort()
      await writer.abort()
    },
  }
}

/** Undefined for a file that is copied as it is. What only one format needs is loaded with its first file. */
async function createEncoder(
  {
    format,
    fields,
    csv,
    compression,
    compressionLevel = 1,
    rowGroup,
    firstRow = 1,
  }: ResultFileOptions<unknown>,
  stage: ByteStage,
): Promise<Encoder | undefined> {
  checkFields(format, fields)
  switch (format) {
    case 'csv':
      return createTextEncoder(encodeCsv(createCsvFormatter(fields, csv), fields, csv, firstRow), stage)
    case 'jsonl':
      return createTextEncoder(createJsonlFormatter(fields), stage)
    case 'parquet':
      return createParquetEncoder(fields, compression, rowGroup ?? defaultRowGroup, firstRow, stage)
    case 'avro': {
      const { createAvroEncoder } = await import('./avro.ts')
      return createAvroEncoder(fields, compression, compressionLevel, firstRow, stage)
    }
    case 'xlsx': {
      const { createXlsxEncoder } = await import('./xlsx.ts')
      return createXlsxEncoder(fields, compression, compressionLevel, firstRow, stage)
    }
    case 'binary':
      return undefined
  }
  return format satisfies never
}

function notEncodable(format: OutputFormat, form: Batch['form']): Error {
  return fault('internal', `A batch of ${form} cannot become ${format}`)
}
