/** What runs of a server wait for, and how long: as those who look at it see it. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { RunView } from '@bulkhead/contract'
import { type ApplicationSpec, writeApplication } from '../support/application-folder.ts'
import { bulkhead, temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

async function startWorld(t: TestContext) {
  const folder = temporaryFolder(t)
  // told by a file that all may go on
  const code = `
import { existsSync } from 'node:fs'
export default async (row) => {
  while (!existsSync('${folder}/go')) await new Promise((next) => setTimeout(next, 20))
  return row
}`
  const job = (connection: string): object => ({
    source: { connection, query: { path: 'a.csv', format: { type: 'delimited' } } },
    process: [{ map: 'waits.ts' }],
  })
  const inbox = { connector: 'file-records', config: { folder: './in' } }
  for (const [name, policy] of Object.entries({ one: { limits: { concurrentRuns: 1 } }, two: {}, three: {} }))
    await writeApplication(
      join(folder, 'apps', name),
      name,
      {
        connections: { ledger: inbox, other: inbox },
        stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
        jobs: { ledger: job('ledger'), other: job('other') },
        policy,
      } as unknown as ApplicationSpec,
      { 'in/a.csv': 'id\n1\n', 'waits.ts': code },
    )
  const { url } = await startServer(t, join(folder, 'apps'), {
    folder,
    environment: {
      BULKHEAD_PLATFORM__SYSTEMS: JSON.stringify({ books: { runs: 1, connections: ['*/ledger'] } }),
      BULKHEAD_PLATFORM__RUNNERS__PROCESSES: '3',
      BULKHEAD_PLATFORM__RUNNERS__SILENCE: 'PT1M',
    },
  })
  const show = async (runId: string): Promise<RunView> =>
    (await (await fetch(`${url}/api/v1/runs/${runId}`)).json()) as RunView
  const begin = async (application: string, name: string): Promise<string> => {
    const answer = await fetch(`${url}/api/v1/applications/${application}/jobs/${name}/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    assert.equal(answer.status, 202)
    return ((await answer.json()) as RunView).runId
  }
  const running = (runId: string): Promise<true> =>
    until('the start of a run', async () => ((await show(runId)).state === 'running' ? true : undefined))
  const waiting = (
    runId: string,
    what: RunView['waiting'] extends (infer W) | undefined ? Partial<W> : never,
  ) =>
    until(`the wait for ${JSON.stringify(what)}`, async () => {
      const run = await show(runId)
      const { since: _since, ...reason } = run.waiting ?? { since: '' }
      return JSON.stringify(reason) === JSON.stringify(what) ? run : undefined
    })
  return { url, begin, show, running, waiting, go: () => writeFileSync(join(folder, 'go'), '') }
}

test('a run that waits says since when and for what, and how long it has waited when it is over', async (t) => {
  const { url, begin, show, running, waiting, go } = await startWorld(t)
  const first = await begin('one', 'ledger')
  await running(first)
  const ownLimit = await begin('one', 'other')
  const budget = await begin('two', 'ledger')
  await running(await begin('three', 'other'))
  const runner = await begin('three', 'other')

  const { waiting: since, waitedSeconds = 0 } = await waiting(ownLimit, { for: 'concurrentRuns' })
  assert.ok(Date.parse(since?.since ?? '') <= Date.now() && waitedSeconds >= 0)
  await waiting(budget, { for: 'system', system: 'books' })
  await waiting(runner, { for: 'runners' })
  const shown = await bulkhead(['runs', 'show', budget], { environment: { BULKHEAD_SERVER: url } })
  assert.match(shown.stdout, /waits for +a place at the source system books/)
  const listed = await bulkhead(['runs', 'list'], { environment: { BULKHEAD_SERVER: url } })
  assert.match(listed.stdout, /accepted +waited +took/)

  go()
  for (const runId of [first, ownLimit, budget, runner]) {
    const run = await until('the end of a run', async () => {
      const view = await show(runId)
      return view.state === 'completed' ? view : undefined
    })
    assert.equal(run.waiting, undefined)
    const { acceptedAt = '', startedAt = '' } = run.reply ?? {}
    const betweenMs = Date.parse(startedAt) - Date.parse(acceptedAt)
    const waitedMs = (run.waitedSeconds ?? Number.NaN) * 1000
    assert.ok(waitedMs <= betweenMs + 1, `${waitedMs} ms of ${betweenMs}`)
    assert.ok(runId === first || waitedMs > 0)
  }
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /^bulkhead_run_queue_seconds_count\{application="two"\} 1$/m)
  assert.doesNotMatch(metrics, /^bulkhead_run_queue_seconds_sum\{application="two"\} 0(\.0\d*)?$/m)
})
