/**
 * Thirty applications under load, and a thirty-first that nobody of them notices; then one that is changed and rolled back.
 * The server is a process as its users start it. I7, D5.
 */
import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { startApi } from '../../examples/thirty/api.ts'
import { generate, type Generated } from '../../examples/thirty/generate.ts'
import { readTable } from '../../examples/thirty/table.ts'
import { bulkhead, temporaryFolder } from './command.ts'
import { startServer } from './start-server.ts'
import { until } from './until.ts'

interface View {
  readonly name: string
  readonly revision: string
}

interface Run {
  readonly runId: string
  readonly state: string
  readonly reply?: {
    readonly result?: {
      readonly rows: number
      readonly files: readonly { readonly checksum: { readonly value: string } }[]
    }
  }
}

/** Those that are asked all the while: each gives the same bytes for the same question. */
const busy = ['airports', 'delays', 'departures', 'ledger', 'movies']

async function startWorld(t: TestContext, folder: string) {
  const { url, child } = await startServer(t, join(folder, 'applications'), {
    folder,
    environment: { BULKHEAD_ALLOW_LOOPBACK: '1' },
  })
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${url}${path}`)).json()) as T
  return {
    isAlive: () => child.exitCode === null,
    isReady: async () => (await fetch(`${url}/health/ready`)).status === 200,
    views: async () =>
      new Map(
        (await get<{ items: readonly View[] }>('/api/v1/applications')).items.map(({ name, revision }) => [
          name,
          revision,
        ]),
      ),
    /** @returns undefined when there is no such application */
    async answer({ name, request }: Pick<Generated, 'name' | 'request'>): Promise<string | undefined> {
      const { job, ...body } = request
      const response = await fetch(`${url}/api/v1/applications/${name}/jobs/${String(job)}/runs`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      if (response.status === 404) return undefined
      assert.equal(response.status, 202, await response.clone().text())
      const { runId } = (await response.json()) as Run
      const run = await until(`the end of ${runId}`, async () => {
        const now = await get<Run>(`/api/v1/runs/${runId}`)
        return ['queued', 'running'].includes(now.state) ? undefined : now
      })
      assert.equal(run.state, 'completed', JSON.stringify(run))
      return String(run.reply?.result?.files[0]?.checksum.value)
    },
  }
}

test('a thirty-first application, and a change that is taken back, are noticed by no other', async (t) => {
  const folder = temporaryFolder(t)
  await using api = await startApi()
  const places = { API: api.url, HOOK: new URL('hook', api.url).href }
  const table = await readTable()
  const thirty = await generate(folder, table, places)
  assert.equal(thirty.length, 30)
  const apps = join(folder, 'applications')
  const digests = join(folder, 'digests.json')
  const kept = await bulkhead(['plan', '--apps', apps, '--out', digests])
  assert.equal(kept.code, 0, kept.stderr)

  const server = await startWorld(t, folder)
  const before = await server.views()
  assert.equal(before.size, 30)
  const asked = thirty.filter(({ name }) => busy.includes(name))
  assert.equal(asked.length, busy.length)
  const quiet = new Map<string, string | undefined>()
  for (const one of asked) quiet.set(one.name, await server.answer(one))

  const answers: [string, string | undefined][] = []
  const unready: string[] = []
  let isOver = false
  const load = Promise.all([
    ...asked.map(async (one) => {
      while (!isOver) {
        answers.push([one.name, await server.answer(one)])
        await sleep(50)
      }
    }),
    (async () => {
      for (; !isOver; await sleep(100)) if (!(await server.isReady())) unready.push(new Date().toISOString())
    })(),
  ])

  const begun = performance.now()
  const model = table['airports']
  assert.ok(model)
  const [added] = await generate(folder, { 'thirty-first': model }, places)
  assert.ok(added)
  const first = await until('the first answer of the new one', () => server.answer(added))
  t.diagnostic(`first answer ${Math.round(performance.now() - begun)} ms after its folder was begun`)
  assert.equal(first, quiet.get('airports'))
  const { 'thirty-first': revision, ...others } = Object.fromEntries(await server.views())
  assert.ok(revision)
  assert.deepEqual(others, Object.fromEntries(before))
  const planned = await bulkhead(['plan', '--apps', apps, '--against', digests, '--check', 'thirty-first'])
  assert.equal(planned.code, 0, planned.stdout + planned.stderr)

  const changed = join(apps, 'cars', 'application.yaml')
  const text = await readFile(changed, 'utf8')
  await writeFile(changed, text.replace('ORDER BY ALL', 'ORDER BY ALL DESC'))
  const changing = await until('the change', async () => {
    const now = (await server.views()).get('cars')
    return now === before.get('cars') ? undefined : now
  })
  assert.ok(changing)
  const moved = await bulkhead(['plan', '--apps', apps, '--against', digests, '--check', 'thirty-first'])
  assert.notEqual(moved.code, 0, 'a change of another application was not seen')
  await writeFile(changed, text)
  await until('the change to be taken back', async () =>
    (await server.views()).get('cars') === before.get('cars') ? true : undefined,
  )

  isOver = true
  await load
  assert.deepEqual(unready, [])
  assert.ok(server.isAlive())
  for (const name of busy) {
    const own = answers.filter(([asker]) => asker === name).map(([, checksum]) => checksum)
    assert.ok(own.length >= 2, `${name} was asked ${own.length} times`)
    assert.deepEqual(new Set(own), new Set([quiet.get(name)]), name)
  }
  t.diagnostic(`${answers.length} answers of the others, all as before`)
})
