import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { LogicalType } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import type { ColumnPlan, Encoding } from '../query/column-plan.ts'
import { ColumnsBatch } from './columns-batch.ts'

const types: Readonly<Record<Encoding, LogicalType>> = {
  int8: { kind: 'integer', bits: 8 },
  uint8: { kind: 'integer', bits: 8, unsigned: true },
  int16: { kind: 'integer', bits: 16 },
  uint16: { kind: 'integer', bits: 16, unsigned: true },
  int32: { kind: 'integer', bits: 32 },
  uint32: { kind: 'integer', bits: 32, unsigned: true },
  int64: { kind: 'integer', bits: 64 },
  float32: { kind: 'float', bits: 32 },
  float64: { kind: 'float', bits: 64 },
  boolean: { kind: 'boolean' },
  bit: { kind: 'integer', bits: 64, unsigned: true },
  bit1: { kind: 'boolean' },
  date: { kind: 'date' },
  timestamp: { kind: 'timestamp', zoned: false },
  dateText: { kind: 'text' },
  timestampText: { kind: 'text' },
  timeText: { kind: 'text' },
  decimal: { kind: 'decimal' },
  bytes: { kind: 'text' },
  geometry: { kind: 'binary' },
}
const plan = (encoding: Encoding): ColumnPlan => ({
  field: { name: 'a', type: types[encoding], nullable: true },
  encoding,
  digits: 6,
  zeroIsNull: true,
})

describe('a batch of columns', () => {
  it('takes no more than its bounds, but for a single row', () => {
    const row = (text: string): Buffer => Buffer.concat([Buffer.of(0, 0, text.length), Buffer.from(text)])
    const add = (batch: ColumnsBatch, text: string): boolean => batch.add(row(text), 0, row(text).length)
    const byRows = new ColumnsBatch([plan('bytes')], 2, 1000)
    assert.deepEqual(
      [add(byRows, 'a'), add(byRows, 'b'), add(byRows, 'c'), byRows.rows],
      [true, true, false, 2],
    )
    const byBytes = new ColumnsBatch([plan('bytes')], 100, 50)
    assert.deepEqual([add(byBytes, 'x'.repeat(200)), add(byBytes, 'a')], [true, false])
    byBytes.reset()
    assert.ok(add(byBytes, 'a'))
    const { columns, rows } = byBytes.build()
    assert.equal(rows, 1)
    const [column] = columns
    assert.ok(column?.layout === 'variable')
    assert.equal(Buffer.from(column.bytes).toString(), 'a')
  })
  it('takes a row of any bytes, or refuses it, and takes no memory for what is not there', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...(Object.keys(types) as Encoding[])), { minLength: 1, maxLength: 5 }),
        fc.uint8Array({ maxLength: 60 }),
        (encodings, bytes) => {
          const batch = new ColumnsBatch(encodings.map(plan), 10, 1000)
          // The row lies within a chunk: what is around it is another row's.
          const chunk = Buffer.concat([Buffer.alloc(4), bytes, Buffer.alloc(8, 0xff)])
          try {
            batch.add(chunk, 4, 4 + bytes.length)
            batch.build()
          } catch (error) {
            const { code } = error as { code: string }
            assert.ok(
              [
                'mysql-protocol',
                'mysql-not-a-boolean',
                'ERR_OUT_OF_RANGE',
                'ERR_BUFFER_OUT_OF_BOUNDS',
              ].includes(code),
              String(error),
            )
          }
        },
      ),
      { numRuns: 5000 },
    )
    assert.ok(process.memoryUsage().arrayBuffers < 64 * 1024 * 1024)
  })
})
