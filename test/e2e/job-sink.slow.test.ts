/** A request to a container that is started for it: as a JobSink mounts it, killed at every instant, sent again. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import type { ReplyEvent } from '@bulkhead/contract'
import type { Moment } from '@bulkhead/engine/observe/moments'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, type Ended, filesBelow, json, startBulkhead, temporaryFolder } from './command.ts'

const agent = pathToFileURL(join(import.meta.dirname, '../chaos/kill-agent.ts'))

interface Container {
  readonly folder: string
  /** As the JobSink mounts it, which is what makes a run a job. */
  readonly environment: Readonly<Record<string, string>>
  /** The process that reaches the moment kills itself by the signal, once. */
  order(moment: Moment, signal?: NodeJS.Signals): Promise<void>
  readonly obeyed: () => boolean
  /** Replies in the folder that the application names, in the order of their ids. */
  replies(): Promise<readonly ReplyEvent[]>
  readonly results: () => readonly string[]
}

/** @param rows  of the file that is copied */
async function container(t: TestContext, rows = 1000): Promise<Container> {
  const folder = temporaryFolder(t)
  const orders = join(folder, 'orders')
  await Promise.all(['orders', 'event', 'in', 'state'].map((name) => mkdir(join(folder, name))))
  await writeFile(join(folder, 'in', 'a.csv'), `n\r\n${'0123456789\r\n'.repeat(rows)}`)
  await writeApplication(join(folder, 'application'), 'shop', {
    connections: { inbox: { connector: 'files', config: { folder: join(folder, 'in') } } },
    stores: { out: { connector: 'files', config: { folder: join(folder, 'out'), createFolder: true } } },
    jobs: {
      copy: {
        parameters: { name: { type: 'string', default: 'a.csv' } },
        source: { connection: 'inbox', query: { path: { $param: 'name' } } },
        output: { format: 'binary' },
      },
    },
    replies: { folder: { file: { folder: join(folder, 'replies') } } },
  })
  const url = new URL(agent)
  url.searchParams.set('orders', orders)
  url.searchParams.set(
    'moments',
    'before-complete,after-complete,before-finish,after-finish,before-send,after-send',
  )
  await writeEvent(folder, {})
  return {
    folder,
    environment: {
      K_EXECUTION_MODE: 'batch',
      K_EVENT_PATH: join(folder, 'event'),
      XDG_STATE_HOME: join(folder, 'state'),
      NODE_OPTIONS: `--import=${url.href}`,
    },
    order: (moment, act = 'SIGKILL') =>
      writeFile(join(orders, `${moment}.order`), JSON.stringify({ id: 1, act })),
    obeyed: () => existsSync(join(orders, 'obeyed')),
    async replies() {
      const replies = join(folder, 'replies')
      const names = existsSync(replies) ? await readdir(replies) : []
      return names
        .map((name) => JSON.parse(readFileSync(join(replies, name), 'utf8')) as ReplyEvent)
        .toSorted((a, b) => a.id.localeCompare(b.id))
    },
    results: () => filesBelow(join(folder, 'out')).filter((name) => !name.startsWith('.bulkhead/')),
  }
}

/** As Knative writes it: structured mode, with members that nobody asked for. */
async function writeEvent(folder: string, parameters: object): Promise<void> {
  const event = {
    specversion: '1.0',
    id: 'order-1',
    source: '/shop/portal',
    type: 'dev.bulkhead.run.requested.v1',
    datacontenttype: 'application/json',
    time: '2026-11-20T09:00:00Z',
    knativearrivaltime: '2026-11-20T09:00:00.1Z',
    data: { job: 'copy', parameters },
  }
  await writeFile(join(folder, 'event', 'event'), JSON.stringify(event))
}

function run({ folder, environment }: Container): Promise<Ended> {
  return bulkhead(['run', '--application', 'application'], { folder, environment })
}

const messageOf = ({ id }: ReplyEvent): string => id.slice(id.indexOf('/') + 1)

// each waits for processes of its own
describe('a request to a container of its own', { concurrency: 3 }, () => {
  test('runs the event that a JobSink mounts, exits with 0, and answers it again with fresh links', async (t) => {
    const pod = await container(t)
    const first = await run(pod)
    assert.equal(first.code, 0, first.stderr)
    const reply = json<ReplyEvent>(first)
    assert.equal(reply.type, 'dev.bulkhead.run.completed.v1')
    assert.equal(reply.data.requestId, 'order-1')
    const again = json<ReplyEvent>(await run(pod))
    assert.equal(messageOf(again), '1/answer-2')
    assert.equal(again.data.runId, reply.data.runId)
    assert.equal(messageOf(json<ReplyEvent>(await run(pod))), '1/answer-3')
    assert.equal(pod.results().length, 1)
    assert.deepEqual((await pod.replies()).map(messageOf), ['1/answer-2', '1/answer-3', '1/completed'])
  })

  test('refuses another request under the same id, each time by the same message', async (t) => {
    const pod = await container(t)
    await run(pod)
    await writeEvent(pod.folder, { name: '*.csv' })
    const [one, two] = [json<ReplyEvent>(await run(pod)), json<ReplyEvent>(await run(pod))]
    assert.equal(one.data.error?.code, 'request-id-reused')
    assert.match(messageOf(one), /^1\/reused-[0-9a-f]+$/)
    assert.equal(two.id, one.id)
  })

  test('says that a result is gone, and does not make it again', async (t) => {
    const pod = await container(t)
    const { data } = json<ReplyEvent>(await run(pod))
    await rm(join(pod.folder, 'out', data.runId), { recursive: true })
    const again = json<ReplyEvent>(await run(pod))
    assert.equal(again.data.error?.code, 'result-expired')
    assert.deepEqual(pod.results(), [])
  })

  test('begins a new attempt after a failure that may pass, and repeats one that stays', async (t) => {
    const pod = await container(t)
    await rm(join(pod.folder, 'in', 'a.csv'))
    const failed = json<ReplyEvent>(await run(pod))
    assert.equal(failed.data.status, 'failed')
    const repeated = json<ReplyEvent>(await run(pod))
    assert.equal(repeated.id, failed.id)
    assert.equal(repeated.data.runId, failed.data.runId, 'it was run again')

    const stopped = await container(t)
    await stopped.order('before-complete', 'SIGTERM')
    const ended = await run(stopped)
    assert.equal(ended.code, 0, ended.stderr)
    assert.equal(messageOf(json<ReplyEvent>(ended)), '1/cancelled')
    assert.deepEqual(stopped.results(), [])
    assert.equal(messageOf(json<ReplyEvent>(await run(stopped))), '2/completed')
  })

  /** What is known when it dies decides: with a result that is remembered, the answer is that result. */
  const deaths = {
    'before-complete': { message: '1/failed', results: 0 },
    'after-complete': { message: '1/failed', results: 0 },
    'before-finish': { message: '1/failed', results: 0 },
    'after-finish': { message: '1/completed', results: 1 },
    'before-send': { message: '1/completed', results: 1 },
    'after-send': { message: '1/completed', results: 1 },
  } as const

  for (const [moment, { message, results }] of Object.entries(deaths))
    test(`answers for a run that is killed ${moment}, everywhere, and leaves nothing of it`, async (t) => {
      const pod = await container(t)
      await pod.order(moment as Moment)
      const ended = await run(pod)
      assert.ok(pod.obeyed(), 'nobody was killed')
      assert.equal(ended.code, 0, ended.stderr)
      const reply = json<ReplyEvent>(ended)
      assert.equal(messageOf(reply), message)
      assert.equal(reply.data.error?.code, results === 0 ? 'runner-died' : undefined)
      assert.equal(pod.results().length, results)
      assert.deepEqual((await pod.replies()).map(messageOf), [message])
      // the next attempt, or the same answer
      const again = json<ReplyEvent>(await run(pod))
      assert.equal(messageOf(again), results === 0 ? '2/completed' : '1/answer-2')
      assert.equal(pod.results().length, 1)
    })

  test('tells by its exit code that the run died, when it is asked to tell outcomes', async (t) => {
    const pod = await container(t)
    await pod.order('before-complete')
    const { folder, environment } = pod
    const ended = await bulkhead(['run', '--application', 'application', '--exit', 'outcome'], {
      folder,
      environment,
    })
    assert.equal(ended.code, 1, ended.stderr)
    assert.equal(json<ReplyEvent>(ended).data.error?.code, 'runner-died')
  })

  test('passes the eviction of a pod on to the run, which is cancelled and answered within its grace', async (t) => {
    const pod = await container(t)
    // it hangs where it is: a source or store that does not come back
    await pod.order('before-complete', 'SIGSTOP')
    const { folder, environment } = pod
    const { child, ended } = startBulkhead(['run', '--application', 'application'], { folder, environment })
    while (!pod.obeyed()) await sleep(20)
    const asked = performance.now()
    child.kill('SIGTERM')
    const answered = await ended
    const took = performance.now() - asked
    assert.ok(took < 28_000, `${Math.round(took)} ms are more than Kubernetes gives`)
    assert.equal(answered.code, 0, answered.stderr)
    assert.equal(messageOf(json<ReplyEvent>(answered)), '1/cancelled')
    assert.deepEqual((await pod.replies()).map(messageOf), ['1/cancelled'])
    assert.deepEqual(pod.results(), [])
  })

  test('of the same request at once in two containers one runs first, and both answer with its result, twenty times', async (t) => {
    const pod = await container(t, 10)
    const outcomes: string[] = []
    for (let round = 1; round <= 20; round++) {
      await rm(join(pod.folder, 'out'), { recursive: true, force: true })
      await rm(join(pod.folder, 'replies'), { recursive: true, force: true })
      // without a supervisor, which is for those that die, they start closer to each other
      const both = await Promise.all(
        [1, 2].map(() =>
          bulkhead(['run', '--application', 'application', '--no-supervise'], {
            folder: pod.folder,
            environment: pod.environment,
          }),
        ),
      )
      const replies = both.map((ended) => json<ReplyEvent>(ended))
      assert.deepEqual(new Set(replies.map(({ data }) => data.status)), new Set(['completed']))
      assert.equal(new Set(replies.map(({ data }) => data.runId)).size, 1, `round ${round}: two outcomes`)
      assert.equal(pod.results().length, 1, `round ${round}: ${pod.results().join()}`)
      outcomes.push(replies.map(messageOf).toSorted().join(' '))
    }
    t.diagnostic(outcomes.join(', '))
  })

  test('takes a request from a variable, and from standard input when it is supervised', async (t) => {
    const { folder, environment } = await container(t)
    const text = JSON.stringify({ requestId: 'plain-1', job: 'copy' })
    const { K_EXECUTION_MODE: _mode, ...without } = environment
    const args = ['run', '--application', 'application']
    const given = await bulkhead(args, { folder, environment: { ...without, BULKHEAD_REQUEST: text } })
    assert.equal(json<ReplyEvent>(given).data.requestId, 'plain-1', given.stderr)
    const piped = await bulkhead([...args, '--supervise', '--request', '-'], {
      folder,
      environment: without,
      input: text,
    })
    assert.equal(json<ReplyEvent>(piped).data.requestId, 'plain-1')
    assert.equal(messageOf(json<ReplyEvent>(piped)), '1/completed', 'it was remembered')
  })
})
