/** Identical requests share a result where the job lets them: by a server as its users start it, and a source that is watched. D21. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { RunAccepted, RunView } from '@bulkhead/contract'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, temporaryFolder } from './command.ts'
import { startServer, type StartedServer } from './start-server.ts'
import { until } from './until.ts'

/** An API that answers when it is let, and counts who asks. */
async function startSource(t: TestContext) {
  const held: ServerResponse[] = []
  const source = { visits: 0, holds: false, status: 200, release }
  const server = createServer((_request, response) => {
    source.visits += 1
    if (source.holds) held.push(response)
    else answer(response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  function answer(response: ServerResponse): void {
    response.writeHead(source.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify([{ id: source.visits }]))
  }
  function release(): void {
    source.holds = false
    for (const response of held.splice(0)) answer(response)
  }
  return Object.assign(source, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` })
}

async function applicationOf(t: TestContext, baseUrl: string) {
  const folder = temporaryFolder(t)
  const report = {
    parameters: { year: { type: 'integer', default: 2026 } },
    source: {
      connection: 'api',
      query: {
        path: 'rows',
        queryParameters: { year: { $param: 'year' } },
        columns: [{ name: 'id', type: 'integer' }],
      },
    },
    output: { format: 'csv', fileName: 'report.csv' },
    retry: { attempts: 1 },
  }
  await writeApplication(join(folder, 'applications/shop'), 'shop', {
    connections: { api: { connector: 'http', config: { baseUrl }, breaker: { failures: 0 } } },
    stores: { out: { connector: 'files', config: { folder: './out', createFolder: true } } },
    jobs: { report: { ...report, reuse: { within: 'PT1H' } }, plain: report },
    replies: { kept: { file: { folder: join(folder, 'replies') } } },
  })
  return folder
}

const environment = { BULKHEAD_ALLOW_LOOPBACK: '1' }

function client({ url }: StartedServer) {
  const show = async (runId: string) => (await (await fetch(`${url}/api/v1/runs/${runId}`)).json()) as RunView
  return {
    show,
    ask: async (body: object = {}, job = 'report') => {
      const answer = await fetch(`${url}/api/v1/applications/shop/jobs/${job}/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      assert.equal(answer.status, 202, await answer.clone().text())
      return (await answer.json()) as RunAccepted
    },
    over: (runId: string) =>
      until(`the end of ${runId}`, async () => {
        const run = await show(runId)
        return run.reply === undefined ? undefined : run
      }),
    content: async (runId: string) =>
      await (await fetch(`${url}/api/v1/runs/${runId}/files/report.csv`)).text(),
    metrics: async () => await (await fetch(`${url}/metrics`)).text(),
  }
}

test('a request like one before gets its file at once, by a link of its own; others, and one that wants it fresh, run', async (t) => {
  const source = await startSource(t)
  const folder = await applicationOf(t, source.url)
  const server = await startServer(t, join(folder, 'applications'), { environment })
  const { ask, over, content, metrics } = client(server)
  const first = await over((await ask()).runId)
  assert.deepEqual([first.state, source.visits], ['completed', 1])

  const accepted = await ask({ requestId: 'again', parameters: { year: 2026 }, context: { cell: 'B7' } })
  assert.deepEqual([accepted.is, accepted.state], ['new', 'completed'])
  const { reply, ...second } = await over(accepted.runId)
  assert.equal(source.visits, 1)
  assert.deepEqual([second.reusedFrom, second.startedAt], [first.runId, undefined])
  assert.deepEqual(reply?.reusedFrom, { runId: first.runId, readAt: first.startedAt })
  assert.deepEqual([reply.requestId, reply.context], ['again', { cell: 'B7' }])
  assert.equal(await content(second.runId), 'id\n1\n')
  const event = await until('its reply', () => {
    for (const file of readdirSync(join(folder, 'replies')).filter((name) => name.endsWith('.json'))) {
      const text = readFileSync(join(folder, 'replies', file), 'utf8')
      const read = JSON.parse(text) as { data: { requestId: string; result: { files: { url: string }[] } } }
      if (read.data.requestId === 'again') return read
    }
    return undefined
  })
  assert.equal(await (await fetch(event.data.result.files[0]?.url ?? '')).text(), 'id\n1\n')

  const shown = await bulkhead(['runs', 'show', second.runId, '--server', server.url])
  assert.match(shown.stdout, new RegExp(`reused from\\s+${first.runId}, read at`), shown.stderr)
  assert.match(await metrics(), /bulkhead_requests_reused_total\{application="shop",how="at-once"\} 1/)

  for (const [body, job] of [
    [{ parameters: { year: 2025 } }, 'report'],
    [{ fresh: true }, 'report'],
    [{}, 'plain'],
    [{}, 'plain'],
  ] as const)
    assert.equal((await over((await ask(body, job)).runId)).reusedFrom, undefined)
  assert.equal(source.visits, 5)
  // what was made afresh is what is shared from now on
  assert.equal(await content((await ask()).runId), 'id\n3\n')
})

test('while one is under way those like it wait for it, and when it fails one of them runs', async (t) => {
  const source = await startSource(t)
  const folder = await applicationOf(t, source.url)
  const { ask, over, show, metrics } = client(
    await startServer(t, join(folder, 'applications'), { environment }),
  )
  source.holds = true
  const first = await ask()
  await until('the first at the source', () => (source.visits === 1 ? true : undefined))
  const others = [await ask(), await ask(), await ask()]
  assert.deepEqual(
    (await Promise.all(others.map(({ runId }) => show(runId)))).map(({ state, waitsFor, waiting }) => [
      state,
      waitsFor,
      waiting?.for,
    ]),
    others.map(() => ['queued', first.runId, 'identicalRequest']),
  )
  source.release()
  for (const { runId } of others) assert.equal((await over(runId)).reusedFrom, first.runId)
  assert.equal(source.visits, 1)
  assert.match(await metrics(), /bulkhead_requests_reused_total\{application="shop",how="waited"\} 3/)

  Object.assign(source, { holds: true, status: 404 })
  const failing = await ask({ parameters: { year: 1999 } })
  await until('it at the source', () => (source.visits === 2 ? true : undefined))
  const waiting = [await ask({ parameters: { year: 1999 } }), await ask({ parameters: { year: 1999 } })]
  source.release()
  assert.equal((await over(failing.runId)).state, 'failed')
  source.status = 200
  const ended = await Promise.all(waiting.map(({ runId }) => over(runId)))
  assert.ok(ended.every(({ state }) => state === 'completed' || state === 'failed'))
  assert.ok(source.visits <= 4, `${source.visits} visits`)
  const [own] = ended.filter(({ startedAt }) => startedAt !== undefined)
  assert.ok(own, 'nobody ran')
})

test('a server that is killed while others wait leaves none of them waiting', async (t) => {
  const source = await startSource(t)
  const folder = await applicationOf(t, source.url)
  const own = { folder, environment: { ...environment, BULKHEAD_PLATFORM__RUNNERS__LEASE: 'PT2S' } }
  const killed = await startServer(t, join(folder, 'applications'), own)
  source.holds = true
  const { ask } = client(killed)
  const all = [await ask()]
  await until('the first at the source', () => (source.visits === 1 ? true : undefined))
  for (let n = 0; n < 3; n++) all.push(await ask())
  killed.child.kill('SIGKILL')
  await killed.ended
  rmSync(join(folder, 'replies'), { recursive: true, force: true })
  source.release()
  const { over } = client(await startServer(t, join(folder, 'applications'), own))
  const [first, ...others] = await Promise.all(all.map(({ runId }) => over(runId)))
  assert.equal(first?.state, 'completed')
  for (const run of others) assert.deepEqual([run.state, run.reusedFrom], ['completed', first.runId])
  assert.equal(source.visits, 2, 'it was begun again, once')
})

test('preparing work and reuse are refused together', async (t) => {
  const folder = await applicationOf(t, 'http://api.invalid/')
  const path = join(folder, 'applications/shop/application.yaml')
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { spec: { jobs: { report: object } } }
  manifest.spec.jobs.report = { ...manifest.spec.jobs.report, prepare: { url: 'http://api.invalid/prepare' } }
  const changed = await writeApplication(temporaryFolder(t), 'shop', manifest.spec)
  const { code, stderr } = await bulkhead(['validate', changed])
  assert.equal(code, 2)
  assert.match(stderr, /`spec\.jobs\.report\.reuse` is not for a job with prepare/)
})
