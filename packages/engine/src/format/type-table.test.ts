import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parquetMetadata } from 'hyparquet'
import {
  defaultCsv,
  isBulkheadError,
  logicalTypeName,
  logicalTypeNames,
  type LogicalType,
  type Value,
} from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { openResultFile } from './result-file.ts'
import { field } from './testing/all-types.ts'
import { memoryWriter } from './testing/memory-writer.ts'
import { readAvro } from './testing/read-avro.ts'
import { keptTypes, specialValues, type TableFormat } from './type-table.ts'

/** A file of one column and one row. */
async function fileOf(format: TableFormat, type: LogicalType, value: Value): Promise<Buffer> {
  const fields = [field('v', type)]
  // Rows of the application's code cannot hold every decimal; those of a source can.
  const loose = type.kind === 'decimal' ? [field('v', { kind: 'text' })] : fields
  const options = { csv: defaultCsv, compression: 'none', ageRecipients: [], fields } as const
  const file = await openResultFile({ ...options, format, writer: memoryWriter() })
  await file.write(rowsToColumns([{ v: value }], loose, 1))
  return file.finish()
}

/** What stands in a text file for the value. */
async function textOf(format: 'csv' | 'jsonl', type: LogicalType, value: Value): Promise<string> {
  const text = (await fileOf(format, type, value)).toString()
  return format === 'csv' ? text.slice('v\n'.length, -1) : text.slice('{"v":'.length, -'}\n'.length)
}

async function parquetType(type: LogicalType, value: Value): Promise<string> {
  const bytes = await fileOf('parquet', type, value)
  const [, column] = parquetMetadata(new Uint8Array(bytes).buffer).schema
  const { type: physical = '', logical_type: logical } = column ?? {}
  if (logical?.type === 'DECIMAL') return `DECIMAL(${logical.precision},${logical.scale})`
  if (logical?.type === 'INTEGER')
    return `${physical}, ${logical.bitWidth} bits${logical.isSigned ? '' : ' unsigned'}`
  if (logical?.type !== 'TIMESTAMP') return logical?.type ?? physical
  assert.equal(logical.unit, 'MICROS')
  return `TIMESTAMP in microseconds${logical.isAdjustedToUTC ? ', UTC' : ''}`
}

async function avroType(type: LogicalType, value: Value): Promise<string> {
  const { schema } = await readAvro(await fileOf('avro', type, value))
  const [, found] = schema.fields[0]!.type as [null, string | Record<string, string | number>]
  if (typeof found === 'string') return found
  const { logicalType, precision, scale } = found
  return `${found['type']}, ${logicalType}${logicalType === 'decimal' ? `(${precision},${scale})` : ''}`
}

async function sheetCell(type: LogicalType, value: Value): Promise<string> {
  const text = (await fileOf('xlsx', type, value)).toString()
  const [, attributes] = /<row r="2"><c r="A2"([^>]*)>/.exec(text) ?? []
  if (attributes === undefined) return 'no cell'
  if (attributes.includes('inlineStr')) return 'text'
  if (attributes.includes('t="b"')) return 'boolean'
  const style = /s="(\d+)"/.exec(attributes)?.[1] ?? '0'
  return { 4: 'date', 5: 'date and time', 6: 'date and time, Z' }[style] ?? 'number'
}

for (const name of logicalTypeNames)
  test(`the table says what ${name} becomes in every format`, async () => {
    const { type, value, ...expected } = keptTypes[name]
    assert.equal(logicalTypeName(type), name)
    assert.deepEqual(
      {
        csv: await textOf('csv', type, value),
        jsonl: await textOf('jsonl', type, value),
        parquet: await parquetType(type, value),
        avro: await avroType(type, value),
        xlsx: await sheetCell(type, value),
      },
      expected,
    )
  })

/** What `look` finds, or the code of the error. */
async function orCode(look: () => Promise<string>): Promise<string> {
  try {
    return await look()
  } catch (error) {
    assert.ok(isBulkheadError(error))
    assert.match(error.message, /"v".* row 1[, ]/)
    return error.code
  }
}

for (const { title, type, value, ...expected } of specialValues)
  test(`the table says what becomes of ${title}`, async () => {
    assert.deepEqual(
      {
        csv: await textOf('csv', type, value),
        jsonl: await textOf('jsonl', type, value),
        parquet: await orCode(async () => (await fileOf('parquet', type, value)) && 'kept'),
        avro: await orCode(async () => (await fileOf('avro', type, value)) && 'kept'),
        xlsx: await orCode(() => sheetCell(type, value)),
      },
      expected,
    )
  })
