import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryRun } from '../../../../test/support/memory-run.ts'
import { linkFiles } from './link-files.ts'

const file = {
  name: 'a.csv',
  objectContentType: 'text/csv',
  stored: { key: 'a', location: 'memory://a', bytes: 1 },
}

async function validity(delivery: {
  readonly urlExpiresInSeconds: number
  readonly keptForSeconds?: number
}) {
  const nowMs = 1_800_000_000_000
  const clock = { now: () => nowMs, sleep: () => Promise.resolve() }
  const { plan, context } = memoryRun({ context: { clock } })
  const { urlExpiresInSeconds, keptForSeconds } = delivery
  const [link] = await linkFiles(
    plan.store,
    {
      store: 'memory',
      urlExpiresInSeconds,
      files: [file],
      ...(keptForSeconds !== undefined && { keptUntilMs: nowMs + keptForSeconds * 1000 }),
    },
    context,
  )
  return (link?.expiresAtMs ?? 0) / 1000 // the store in memory has no clock
}

test('a link is valid for as long as it was asked for, and no longer than its result is there', async () => {
  assert.equal(await validity({ urlExpiresInSeconds: 86_400 }), 86_400)
  assert.equal(await validity({ urlExpiresInSeconds: 86_400, keptForSeconds: 90_000 }), 86_400)
  assert.equal(await validity({ urlExpiresInSeconds: 86_400, keptForSeconds: 3600 }), 3600)
})

test('a link of the last moment can be used: the result waits for it', async () => {
  assert.equal(await validity({ urlExpiresInSeconds: 86_400, keptForSeconds: 1 }), 900)
  assert.equal(await validity({ urlExpiresInSeconds: 60, keptForSeconds: -10 }), 60)
})
