import assert from 'node:assert/strict'
import { isValid, type Batch, type Column, type ColumnsBatch, type Form } from '../batch.ts'
import { INFINITE_DATE, INFINITE_TIMESTAMP, MINUS_INFINITE_DATE, MINUS_INFINITE_TIMESTAMP } from '../batch.ts'
import { defaultCsv } from '../format.ts'
import type { Extract, ReadRequest } from '../source.ts'
import type { Field, LogicalType, Row, Value } from '../types.ts'
import type { Query } from './subject.ts'

/** A request as the engine would make it. */
export function readRequest(query: Query, form: Form, more: Partial<ReadRequest> = {}): ReadRequest {
  return {
    query: query.query,
    parameters: query.parameters ?? {},
    form,
    output: { format: form === 'bytes' ? 'csv' : 'jsonl', csv: defaultCsv },
    maxRows: undefined,
    batchRows: 10_000,
    batchBytes: 4 * 1024 * 1024,
    ...more,
  }
}

/** Reads to the end in form `columns` or `rows`. Only for results that fit in memory. */
export async function readRows(extract: Extract, signal: AbortSignal): Promise<Row[]> {
  const rows: Row[] = []
  for await (const batch of extract.read(signal)) rows.push(...rowsOf(extract.fields, batch))
  return rows
}

/** Reads to the end in form `bytes`. @returns contents by file name, `''` when the batches name none */
export async function readFiles(extract: Extract, signal: AbortSignal): Promise<Map<string, Buffer>> {
  const parts = new Map<string, Buffer[]>()
  for await (const batch of extract.read(signal)) {
    assert.equal(batch.form, 'bytes', 'a batch has another form than was asked for')
    const name = batch.file ?? ''
    const part = Buffer.from(batch.bytes) // A copy: the connector may use its buffer again.
    const known = parts.get(name)
    if (known === undefined) parts.set(name, [part])
    else known.push(part)
  }
  return new Map([...parts].map(([name, buffers]) => [name, Buffer.concat(buffers)]))
}

/** A batch as the rows that the application's code would see. */
export function rowsOf(fields: readonly Field[], batch: Batch): Row[] {
  assert.notEqual(batch.form, 'bytes', 'a batch has another form than was asked for')
  if (batch.form === 'rows') return [...batch.rows]
  if (batch.form !== 'columns') return []
  return Array.from({ length: batch.rows }, (_, row) => rowAt(fields, batch, row))
}

function rowAt(fields: readonly Field[], batch: ColumnsBatch, row: number): Row {
  return Object.fromEntries(
    fields.map((field, index) => {
      const column = batch.columns[index]
      assert.ok(column, `the batch lacks the column ${field.name}`)
      return [field.name, valueAt(field.type, column, row)]
    }),
  )
}

function valueAt(type: LogicalType, column: Column, row: number): Value {
  if (!isValid(column, row)) return null
  if (column.layout === 'variable') {
    const bytes = Uint8Array.from(column.bytes.subarray(column.offsets[row], column.offsets[row + 1]))
    return type.kind === 'binary'
      ? bytes
      : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  }
  const value = column.values[row]
  assert.ok(value !== undefined, 'a column is shorter than its batch')
  if (type.kind === 'boolean') return value !== 0
  if (type.kind === 'date') return dateText(Number(value))
  if (type.kind === 'timestamp') return timestampText(BigInt(value), type.zoned)
  return value
}

function dateText(days: number): string {
  if (days === INFINITE_DATE) return 'infinity'
  if (days === MINUS_INFINITE_DATE) return '-infinity'
  // Years are counted by hand: Date ends at 275760, and 146,097 days are 400 years of the calendar.
  const eras = Math.floor(days / 146_097)
  const date = new Date((days - eras * 146_097) * 86_400_000)
  const year = date.getUTCFullYear() + eras * 400
  const rest = date.toISOString().slice(4, 10)
  return year > 0
    ? `${String(year).padStart(4, '0')}${rest}`
    : `${String(1 - year).padStart(4, '0')}${rest} BC`
}

function timestampText(micros: bigint, zoned: boolean): string {
  if (micros === INFINITE_TIMESTAMP) return 'infinity'
  if (micros === MINUS_INFINITE_TIMESTAMP) return '-infinity'
  const perDay = 86_400_000_000n
  const days = micros >= 0n ? micros / perDay : -((-micros + perDay - 1n) / perDay)
  const inDay = Number(micros - days * perDay)
  const time = new Date(Math.floor(inDay / 1000)).toISOString().slice(11, 19)
  const fraction = (inDay % 1_000_000).toString().padStart(6, '0').replace(/0+$/, '')
  const date = dateText(Number(days))
  const [day, era] = date.endsWith(' BC') ? [date.slice(0, -3), ' BC'] : [date, '']
  return `${day} ${time}${fraction === '' ? '' : `.${fraction}`}${zoned ? '+00' : ''}${era}`
}

/** That the columns have the layout of their fields, the length of the batch, and offsets that rise. */
export function assertLayout(fields: readonly Field[], batch: ColumnsBatch): void {
  assert.equal(
    batch.columns.length,
    fields.length,
    'a batch has not as many columns as the extract has fields',
  )
  for (const [index, field] of fields.entries()) {
    const column = batch.columns[index]
    assert.ok(column)
    const variable = ['decimal', 'text', 'json', 'binary'].includes(field.type.kind)
    assert.equal(column.layout, variable ? 'variable' : 'fixed', `${field.name} has the wrong layout`)
    if (column.validity !== undefined) {
      assert.ok(column.validity.length >= Math.ceil(batch.rows / 8), `${field.name} lacks bits of validity`)
    }
    if (column.layout === 'fixed') {
      assert.equal(column.values.constructor.name, arrayFor(field.type), `${field.name} has the wrong array`)
      assert.equal(
        column.values.length,
        batch.rows,
        `${field.name} has not as many values as the batch has rows`,
      )
      continue
    }
    assert.equal(column.offsets.length, batch.rows + 1, `${field.name} has not one offset more than rows`)
    for (let row = 0; row < batch.rows; row++) {
      assert.ok(
        (column.offsets[row + 1] ?? -1) >= (column.offsets[row] ?? 0),
        `${field.name} has falling offsets`,
      )
    }
    assert.ok((column.offsets[batch.rows] ?? 0) <= column.bytes.length, `${field.name} ends behind its bytes`)
  }
}

function arrayFor(type: LogicalType): string {
  switch (type.kind) {
    case 'boolean':
      return 'Uint8Array'
    case 'integer':
      if (type.bits === 64) return type.unsigned === true ? 'BigUint64Array' : 'BigInt64Array'
      return type.unsigned === true ? 'Uint32Array' : 'Int32Array'
    case 'float':
      return type.bits === 32 ? 'Float32Array' : 'Float64Array'
    case 'date':
      return 'Int32Array'
    case 'timestamp':
      return 'BigInt64Array'
    case 'decimal':
    case 'text':
    case 'binary':
    case 'json':
      return 'none'
    default:
      return type satisfies never
  }
}
