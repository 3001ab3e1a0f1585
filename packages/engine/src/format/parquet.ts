import type { ColumnsBatch, Field } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type * as Arrow from 'apache-arrow'
import type * as ParquetWasm from 'parquet-wasm'
import type { ByteStage } from './byte-stage.ts'
import type { Compression } from './compress.ts'
import type { Encoder } from './encoder.ts'
import { createIpcWriter } from './arrow-ipc.ts'
import { arrowColumn } from './parquet-columns.ts'
import { wholeParquet } from './parquet-tail.ts'
import { startPump } from './pump.ts'
import { columnBytes, rowsWithin, sliceColumns } from './slice-columns.ts'

/** Where a row group ends, whichever comes first: memory grows with it (I8). */
export interface RowGroupLimits {
  readonly rows: number
  /** Encoded bytes, before compression, as the writer estimates them. */
  readonly bytes: number
}

export const defaultRowGroup: RowGroupLimits = { rows: 131_072, bytes: 32 * 1024 * 1024 }

/**
 * Where a column of a row group goes on without a dictionary. A megabyte, as the writer has it, lets a
 * column of unique numbers build one for all its values: that took a third of the time, and the file
 * was a third larger.
 */
const dictionaryBytes = 32 * 1024

/**
 * Parquet through the Rust writer of `parquet-wasm`: batches go in as Arrow IPC, and row groups come
 * out as soon as they are complete. The libraries are loaded when the first Parquet file begins.
 *
 * @throws BulkheadError `parquet-value-out-of-range` for a value that Parquet cannot keep exactly
 */
export async function createParquetEncoder(
  fields: readonly Field[],
  compression: Compression,
  rowGroup: RowGroupLimits,
  firstRow: number,
  stage: ByteStage,
): Promise<Encoder> {
  const [arrow, wasm] = await Promise.all([import('apache-arrow'), import('parquet-wasm')])
  const toTable = tableMaker(arrow, wasm, fields)
  // Holds nothing back: a write resolves when the writer has taken the batch.
  const input = new TransformStream<ParquetWasm.RecordBatch, ParquetWasm.RecordBatch>()
  const writer = input.writable.getWriter()
  writer.closed.catch(() => {})
  let allGiven = false
  const pump = startPump(async () => {
    const properties = writerProperties(wasm, compression, rowGroup)
    return wholeParquet(await wasm.transformParquetStream(input.readable, properties), () => allGiven)
  }, stage)
  let size = 0
  let rows = 0

  async function push(batch: ColumnsBatch): Promise<void> {
    const table = toTable(batch, firstRow + rows)
    const recordBatch = table.recordBatch(0)
    table.free()
    await pump.until(writer.write(recordBatch!))
    rows += batch.rows
  }

  return {
    get size() {
      return size
    },
    async begin() {
      // The writer learns the columns from the first batch; without it an empty result would be no file.
      await push(emptyBatch(fields))
    },
    async write(batch, room) {
      const fitting = room.bytes === Number.POSITIVE_INFINITY ? batch.rows : rowsWithin(batch, room.bytes)
      const count = Math.min(fitting, batch.rows, room.rows)
      if (count === 0) return 0
      const written = sliceColumns(batch, 0, count)
      await push(written)
      size += columnBytes(written)
      return count
    },
    async end() {
      allGiven = true
      await pump.until(writer.close())
      await pump.done
    },
    abort() {
      writer.abort().catch(() => {})
    },
  }
}

function writerProperties(
  wasm: typeof ParquetWasm,
  compression: Compression,
  rowGroup: RowGroupLimits,
): ParquetWasm.WriterProperties {
  const codec = {
    none: wasm.Compression.UNCOMPRESSED,
    gzip: wasm.Compression.GZIP,
    zstd: wasm.Compression.ZSTD,
  }[compression]
  return new wasm.WriterPropertiesBuilder()
    .setCompression(codec)
    .setCreatedBy('bulkhead')
    .setMaxRowGroupSize(rowGroup.rows)
    .setMaxRowGroupBytes(rowGroup.bytes)
    .setDictionaryPageSizeLimit(dictionaryBytes)
    .setStatisticsEnabled(wasm.EnabledStatistics.Chunk)
    .build()
}

/** Batches cross into WebAssembly memory as Arrow IPC. */
function tableMaker(
  arrow: typeof Arrow,
  wasm: typeof ParquetWasm,
  fields: readonly Field[],
): (batch: ColumnsBatch, firstRow: number) => ParquetWasm.Table {
  const columns = fields.map((field) => arrowColumn(arrow, field))
  const schema = new arrow.Schema(
    fields.map(({ name, nullable }, index) => new arrow.Field(name, columns[index]!.type, nullable)),
  )
  const type = new arrow.Struct(schema.fields)
  const toIpc = createIpcWriter(arrow)
  return (batch, firstRow) => {
    const children = columns.map((column, index) => column.data(batch.columns[index]!, batch.rows, firstRow))
    const data = arrow.makeData({ type, length: batch.rows, nullCount: 0, children })
    const recordBatch = new arrow.RecordBatch(schema, data)
    return tableOf(wasm, toIpc(recordBatch), firstRow)
  }
}

function tableOf(wasm: typeof ParquetWasm, bytes: Uint8Array, firstRow: number): ParquetWasm.Table {
  try {
    return wasm.Table.fromIPCStream(bytes)
  } catch (cause) {
    if (!(cause instanceof Error) || !/utf-?8/i.test(cause.message)) throw cause
    throw fault('value-invalid', `A text at or after row ${firstRow} is not UTF-8, which Parquet needs`, {
      cause,
    })
  }
}

function emptyBatch(fields: readonly Field[]): ColumnsBatch {
  const columns = fields.map(({ type }): ColumnsBatch['columns'][number] => {
    switch (type.kind) {
      case 'decimal':
      case 'text':
      case 'json':
      case 'binary':
        return {
          layout: 'variable',
          offsets: new Int32Array(1),
          bytes: new Uint8Array(0),
          validity: undefined,
        }
      case 'boolean':
      case 'integer':
      case 'float':
      case 'date':
      case 'timestamp':
        return { layout: 'fixed', values: new Uint8Array(0), validity: undefined }
    }
    return type satisfies never
  })
  return { form: 'columns', rows: 0, columns, bytes: 0 }
}
