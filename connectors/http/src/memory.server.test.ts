import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { readRequest, testContext } from '@bulkhead/connector-sdk/testing'
import http from './index.ts'

/** One page of so many records of 1 KiB: more than the growth that is allowed, by far. */
const RECORDS = 200_000
const MIB = 2 ** 20

// In a process of its own, so that only the reader's memory is measured.
const server = fork(new URL('./testing/large-page.test-process.ts', import.meta.url), [String(RECORDS)])
after(() => server.kill())
const [port] = (await once(server, 'message')) as [number]

test('reads one page of 200 MiB within a few MiB, also when its reader is slow', async () => {
  await using context = testContext({ config: http.config.parse({ baseUrl: `http://127.0.0.1:${port}/` }) })
  await using source = await (http.source ?? assert.fail()).open(context)
  const read = readRequest({ query: { path: 'x', records: '/data' } }, 'columns', { batchBytes: MIB })
  await using extract = await source.prepare(read, context.signal)
  const before = await memoryInUse()
  let [rows, bytes, most, batches] = [0, 0, 0, 0]
  for await (const batch of extract.read(context.signal)) {
    assert.equal(batch.form, 'columns')
    if (batch.form !== 'columns') continue
    rows += batch.rows
    bytes += batch.bytes
    if (batches++ === 3) await sleep(500)
    if (batches % 60 === 4) most = Math.max(most, await memoryInUse())
  }
  assert.equal(rows, RECORDS)
  assert.ok(bytes > 195 * MIB)
  const growth = most - before
  assert.ok(growth < 48 * MIB, `memory grew by ${Math.round(growth / MIB)} MiB`)
})

/** Bytes that JavaScript holds, buffers included, after its garbage is gone. */
async function memoryInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // buffers are given back a turn after what held them
  for (let turn = 0; turn < 3; turn++) {
    collect()
    await sleep(5)
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
