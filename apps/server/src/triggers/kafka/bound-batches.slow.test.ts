import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { boundBatches } from './bound-batches.ts'

boundBatches()
const mib = 1024 * 1024
/** As Java packs with Snappy: pieces behind a header. */
function inPieces(packed: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32BE(packed.length)
  const header = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1])
  return Buffer.concat([header, size, packed, size, packed])
}

for (const name of ['gzip', 'zstd', 'lz4', 'snappy'] as const)
  test(`a batch packed with ${name} is unpacked up to a bound`, () => {
    const { compressSync, decompressSync } = compressionsAlgorithms[name]
    for (const content of [Buffer.alloc(0), randomBytes(mib), Buffer.alloc(20 * mib, 'x')])
      assert.ok(decompressSync(compressSync(content)).equals(content))
    assert.throws(() => decompressSync(compressSync(Buffer.alloc(65 * mib))), {
      code: 'batch-too-large',
      message: 'A batch of records is larger than 64 MiB when it is unpacked',
    })
  })

test('pieces of a batch packed with snappy count together', () => {
  const { compressSync, decompressSync } = compressionsAlgorithms.snappy
  const small = Buffer.alloc(mib, 'x')
  assert.ok(decompressSync(inPieces(compressSync(small))).equals(Buffer.concat([small, small])))
  assert.throws(() => decompressSync(inPieces(compressSync(Buffer.alloc(33 * mib)))), {
    code: 'batch-too-large',
  })
})
