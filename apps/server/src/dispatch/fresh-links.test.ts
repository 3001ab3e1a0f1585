import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Delivery } from '@bulkhead/contract'
import { createFreshLinks } from './fresh-links.ts'

const delivery = (folder: string): Delivery => ({
  store: 'exports',
  urlExpiresInSeconds: 3600,
  files: [
    {
      name: 'a.csv',
      objectContentType: 'text/csv',
      stored: { key: `${folder}/a.csv`, location: `file:///${folder}/a.csv`, bytes: 1 },
    },
  ],
})
const links = [{ url: 'http://127.0.0.1/a', expiresAtMs: 1 }]

test('links are those of one application, run and epoch, and forgotten after a moment', () => {
  let nowMs = 0
  const fresh = createFreshLinks(() => nowMs)
  fresh.keep('shop', delivery('run'), links)
  assert.deepEqual(fresh.of('shop', delivery('run')), links)
  assert.equal(fresh.of('other', delivery('run')), undefined)
  assert.equal(fresh.of('shop', delivery('run.2')), undefined)
  assert.equal(fresh.of('shop', { ...delivery('run'), urlExpiresInSeconds: 60 }), undefined)
  nowMs = 10_000
  assert.equal(fresh.of('shop', delivery('run')), undefined)
})

test('no more are kept than some thousands, the newest of them', () => {
  const fresh = createFreshLinks(() => 0)
  for (let run = 0; run < 5_000; run++) fresh.keep('shop', delivery(String(run)), links)
  assert.equal(fresh.of('shop', delivery('1')), undefined)
  assert.deepEqual(fresh.of('shop', delivery('4999')), links)
})
