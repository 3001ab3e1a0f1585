import assert from 'node:assert/strict'
import { it } from 'node:test'
import { BSON, Double } from 'mongodb'
import { ByteBuffer } from './byte-buffer.ts'
import { ExtendedJson } from './extended-json.ts'
import { jsonlRow } from './jsonl-row.ts'

it('writes doubles of columns as all other text of Bulkhead has them', () => {
  const write = jsonlRow(
    {
      columns: [
        { name: 'f', type: 'float', path: ['v'] },
        { name: 'd', type: 'decimal', path: ['w'] },
      ],
      rest: undefined,
      discovered: undefined,
    },
    new ExtendedJson('relaxed'),
  )
  const cases: [number, string][] = [
    [-2.545954739847317e16, '-2.5459547398473168e+16'],
    [1e15, '1e+15'],
    [1.5e-7, '1.5e-07'],
    [0.1, '0.1'],
    [-0, '-0'],
    [Number.NaN, '"NaN"'],
    [-Infinity, '"-Infinity"'],
  ]
  for (const [value, text] of cases) {
    const out = new ByteBuffer(64)
    write(out, BSON.serialize({ v: new Double(value), w: new Double(value) }), 0)
    assert.equal(new TextDecoder().decode(out.take()), `{"f":${text},"d":${text}}`)
  }
})
