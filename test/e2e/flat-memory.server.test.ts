import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exportOnce } from '../../bench/export-once.ts'
import { narrowRows } from '../../bench/generated-rows.ts'
import { flatMemoryBytes } from '../../bench/targets.ts'
import { createDatabase } from '../support/postgres.ts'
import { launcher, temporaryFolder } from './command.ts'

const rows = 5_000_000
const mebibyte = 2 ** 20
const skip = process.platform !== 'linux' && 'only Linux tells the peak of a process that has ended'

for (const format of ['csv', 'jsonl'] as const) {
  test(`5 million rows become ${format} within the memory that any number may take`, { skip }, async (t) => {
    const { url } = await createDatabase(t)
    const { cost, bytes } = await exportOnce({
      command: launcher,
      database: url,
      query: narrowRows(rows),
      rows,
      output: { format },
      folder: temporaryFolder(t),
    })
    assert.ok(bytes > flatMemoryBytes, 'a file that fits into the memory would prove nothing')
    assert.ok(cost.peakBytes > 20 * mebibyte, 'no Node is that small')
    assert.ok(cost.peakBytes <= flatMemoryBytes, `it took ${Math.round(cost.peakBytes / mebibyte)} MiB`)
  })
}
