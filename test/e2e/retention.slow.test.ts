/** What is older than it is kept, as those who asked for it see it. */
import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { lateLinkSeconds, type RunView } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { filesBelow, temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

async function startWorld(t: TestContext) {
  const folder = temporaryFolder(t)
  const results = (store: string): string => join(folder, 'results', store)
  await writeApplication(
    join(folder, 'apps/shop'),
    'shop',
    {
      connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
      stores: {
        short: {
          connector: 'files',
          config: { folder: results('short'), createFolder: true },
          retention: 'PT1S',
        },
        long: { connector: 'files', config: { folder: results('long'), createFolder: true } },
      },
      jobs: Object.fromEntries(
        ['short', 'long'].map((store) => [
          store,
          {
            source: { connection: 'inbox', query: { path: 'a.csv', format: { type: 'delimited' } } },
            deliver: { store, urlExpiresIn: 'PT1S' },
          },
        ]),
      ),
    },
    { 'in/a.csv': 'id\n1\n' },
  )
  const up = () => startServer(t, join(folder, 'apps'), { folder })
  const stored = (store: string) => filesBelow(results(store)).length
  return { up, stored, application: join(folder, 'apps/shop') }
}

async function run(url: string, job: string): Promise<RunView> {
  const started = await ask(url, job)
  const { runId } = (await started.json()) as { readonly runId: string }
  return await until('the end of the run', async () => {
    const view = (await (await fetch(`${url}/api/v1/runs/${runId}`)).json()) as RunView
    return view.state === 'completed' ? view : undefined
  })
}

const ask = (url: string, job: string): Promise<Response> =>
  fetch(`${url}/api/v1/applications/shop/jobs/${job}/runs`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': `the-${job}-one` },
    body: '{}',
  })

/** Also that of a link that was made in the last moment. */
async function timeIsOver({ reply }: RunView): Promise<void> {
  const { keptUntil } = reply?.result ?? {}
  assert.ok(keptUntil)
  const endMs = Date.parse(keptUntil) + 1000 * lateLinkSeconds({ urlExpiresInSeconds: 1 })
  await until('the end of its time', () => Date.now() > endMs || undefined)
}

const link = (url: string, { runId }: RunView): Promise<Response> =>
  fetch(`${url}/api/v1/runs/${runId}/links`, { method: 'POST' })

test('a result is removed when its time is over, and asking for it is told so; one that has no end stays', async (t) => {
  const { up, stored } = await startWorld(t)
  const first = await up()
  const [short, long] = [await run(first.url, 'short'), await run(first.url, 'long')]
  assert.ok(short.reply?.result?.keptUntil, 'the reply says until when it is kept')
  assert.equal(long.reply?.result?.keptUntil, undefined)
  const keptMs = Date.parse(short.reply.result.keptUntil) - Date.parse(short.reply.finishedAt ?? '')
  assert.equal(keptMs, 1000)
  await until('the end of its time', async () => (await link(first.url, short)).status === 410 || undefined)
  await first.stop()
  await timeIsOver(short)
  // a server looks when it starts, and then again and again
  const { url } = await up()
  await until('the removal', () => stored('short') === 0 || undefined)
  assert.equal(stored('long'), 1)
  const gone = await link(url, short)
  assert.deepEqual([gone.status, ((await gone.json()) as { code?: string }).code], [410, 'result-expired'])
  assert.equal((await link(url, long)).status, 200)
  const events = await until('the history', async () => {
    const answer = await fetch(`${url}/api/v1/runs/${short.runId}/events`)
    const { items } = (await answer.json()) as { readonly items: readonly { readonly type: string }[] }
    const types = items.map(({ type }) => type)
    return types.includes('result-removed') ? types : undefined
  })
  assert.deepEqual(events.slice(-2), ['result-expired', 'result-removed'])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  assert.match(metrics, /bulkhead_results_removed_total\{application="shop",outcome="removed"\} 1/)
})

test('results of an application that was removed are removed too when their time is over', async (t) => {
  const { up, stored, application } = await startWorld(t)
  const first = await up()
  const short = await run(first.url, 'short')
  assert.equal(stored('short'), 1)
  await first.stop()
  await timeIsOver(short)
  await rm(application, { recursive: true })
  const { url } = await up()
  await until('the removal', () => stored('short') === 0 || undefined)
  assert.equal((await link(url, short)).status, 410)
})
