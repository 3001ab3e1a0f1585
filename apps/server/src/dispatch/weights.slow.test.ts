import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowsApplication, startDispatch } from './dispatch.test-support.ts'

const lasting = (ms: number): string =>
  `export default async (row) => { if (row.id === '0') await new Promise((go) => setTimeout(go, ${ms})); return row }`

test('runners work for an application as its weight says, and not as its runs are long', async (t) => {
  const more = { isolation: 'run', policy: { limits: { concurrentRuns: 8 } } }
  const dispatch = await startDispatch(
    t,
    [
      rowsApplication('gold', { last: lasting(200) }, more, 2),
      rowsApplication('long', { last: lasting(1_500) }, more, 2),
    ],
    { runners: { processes: 1, lease: 'PT30S', silence: 'PT30S' }, weights: { gold: 3 } },
  )
  for (let run = 0; run < 30; run++) await dispatch.accept('gold', { job: 'last' })
  for (let run = 0; run < 6; run++) await dispatch.accept('long', { job: 'last' })
  const usedMs = { gold: 0, long: 0 }
  const turns: string[] = []
  await dispatch.until(
    async () => {
      const { items } = await dispatch.repository.events({ after: 0, most: 1_000 })
      const begun = new Map<string | undefined, number>()
      Object.assign(usedMs, { gold: 0, long: 0 })
      turns.length = 0
      for (const { type, runId, application, atMs } of items) {
        if (type === 'claimed') begun.set(runId, atMs)
        if (type !== 'finished') continue
        usedMs[application as 'gold' | 'long'] += atMs - (begun.get(runId) ?? atMs)
        turns.push(application ?? '')
      }
      // long has had its third turn, and gold what it is due for it
      return turns.lastIndexOf('gold') > turns.indexOf('long') &&
        turns.filter((one) => one === 'long').length === 3
        ? true
        : undefined
    },
    'The third run of the application with long runs',
    120_000,
  )
  const share = usedMs.gold / (usedMs.gold + usedMs.long)
  assert.ok(share > 0.58 && share < 0.9, `${share.toFixed(2)} of the time: ${turns.join(' ')}`)
})
