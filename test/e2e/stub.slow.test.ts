/** A stand-in of an application for its consumers: the real contract, rows out of examples, and no system that is reached. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { startApi } from '../../examples/thirty/api.ts'
import { generate } from '../../examples/thirty/generate.ts'
import { readTable } from '../../examples/thirty/table.ts'
import { compareReply } from '../../apps/cli/src/consumer/compare-reply.ts'
import { bulkhead, checkout, json, temporaryFolder } from './command.ts'
import { startStub } from './start-stub.ts'
import { until } from './until.ts'

/** Counts who comes to the address of a source, and answers nobody. */
async function listenAsSource(t: TestContext) {
  let visitors = 0
  const server = createServer((socket) => {
    visitors += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/`, visitors: () => visitors }
}

/** Folders of some of the thirty. */
async function someOfThirty(t: TestContext, api: string, ...names: readonly string[]) {
  const table = await readTable()
  const some = Object.fromEntries(Object.entries(table).filter(([name]) => names.includes(name)))
  const made = await generate(temporaryFolder(t), some, { API: api, HOOK: 'http://127.0.0.1:9/hook' })
  return (name: string): string => made.find((one) => one.name === name)?.folder ?? ''
}

const handWritten = [
  {
    application: 'flights',
    job: 'departures',
    parameters: { airport: 'SEA' },
    reply: {
      status: 'completed',
      result: { rows: 1, files: [{ name: 'departures-SEA.csv.gz', format: 'csv', compression: 'gzip' }] },
    },
    content: /^departure,destination,airport,.*\n2001-01-01 08:15:00,PDX,/,
  },
  {
    application: 'invoices',
    job: 'monthly',
    parameters: { month: '2026-09' },
    reply: {
      status: 'completed',
      guarantee: 'exactly-once-effect',
      consistency: 'snapshot',
      result: {
        rows: 2,
        files: [{ name: 'invoices-2026-09.csv.gz', contentType: 'text/csv; charset=utf-8' }],
      },
    },
    content: /^id,customer,.*\n7,Zoë & Co\.,1204\.50,EUR,2026-10-01,/,
  },
  {
    application: 'data-desk',
    job: 'ranking',
    parameters: { by: 'distance', month: '2001-01' },
    reply: {
      status: 'completed',
      prepared: { connection: 'archive' },
      result: { rows: 2, files: [{ name: 'airports-by-distance.csv', compression: 'none' }] },
    },
    content: /^airport,minutes of delay,flights\nJFK,12\.5,2041\n/,
  },
] as const

for (const { application, job, parameters, reply: relied, content } of handWritten)
  test(`the stub of ${application} answers with a file of its examples, and keeps what its consumers rely on`, async (t) => {
    const folder = join(checkout, 'examples', application)
    const stub = await startStub(t, folder)
    assert.match(stub.notices[0] ?? '', /^A STUB of .* is up, and not /)
    const reply = await stub.reply(application, job, { parameters, context: { cell: 'B7' } })
    assert.deepEqual(compareReply({ ...relied, context: { cell: 'B7' } }, reply), [])
    assert.match(reply.warnings[0] ?? '', /^This is a stub of /)
    assert.deepEqual(reply.warnings.slice(1), [])
    const name = reply.result?.files[0]?.name ?? ''
    const bytes = await stub.file(reply.runId, name)
    assert.match((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString(), content)

    // the same contract holds for the application itself
    const contracts = temporaryFolder(t)
    const interaction = { description: 'as the stub', request: { job, parameters }, reply: relied }
    const published = { consumer: 'those who tried the stub', interactions: [interaction] }
    await writeFile(join(contracts, 'stub.yaml'), JSON.stringify(published))
    const verified = await bulkhead(['contract', 'verify', folder, '--contracts', contracts, '--json'])
    assert.equal(verified.code, 0, verified.stdout + verified.stderr)
  })

test('two of the thirty are stood in for: one asked of an API that is not there, one that leaves rows out and writes its reply into a folder', async (t) => {
  const source = await listenAsSource(t)
  const folderOf = await someOfThirty(t, source.url, 'prices', 'jobs')
  const prices = await startStub(t, folderOf('prices'), ['--rows', '5000'], {
    environment: { BULKHEAD_ALLOW_LOOPBACK: '1' },
  })
  const { result } = await prices.reply('prices', 'extract', { parameters: { symbol: 'AAPL' } })
  assert.deepEqual([result?.rows, source.visitors()], [5000, 0])

  const stub = await startStub(t, folderOf('jobs'))
  const reply = await stub.reply('jobs', 'extract', { parameters: { year: 1950 } })
  assert.deepEqual(
    [reply.status, reply.result?.rows, reply.result?.rejected],
    ['completed-with-errors', 2, 1],
  )
  const replies = /is (\S+)$/.exec(stub.notices.find((notice) => notice.includes('reply')) ?? '')?.[1] ?? ''
  const [file] = await until('the reply', () => {
    const files = readdirSync(replies).filter((name) => name.endsWith('.json'))
    return files.length === 0 ? undefined : files
  })
  const event = readFileSync(join(replies, file ?? ''), 'utf8')
  const contracts = temporaryFolder(t)
  await writeFile(join(contracts, 'recorded.json'), event)
  const verified = await bulkhead([
    'contract',
    'verify',
    folderOf('jobs'),
    '--contracts',
    contracts,
    '--json',
  ])
  assert.equal(verified.code, 0, verified.stdout)
  assert.equal(json<{ kept: number }>(verified).kept, 1)
  assert.match(event, /This is a stub of/)
})

test('what is wrong is refused as the real server does: job, parameter, size, another request under a known id', async (t) => {
  const stub = await startStub(t, join(checkout, 'examples/flights'))
  const problems: [number, string][] = []
  const large = { parameters: { airport: 'SEA' }, context: 'x'.repeat(2_000_000) }
  for (const [job, body] of [
    ['arrivals', { parameters: { airport: 'SEA' } }],
    ['departures', { parameters: { airport: 'sea' } }],
    ['departures', large],
  ] as const) {
    const answer = await stub.ask('flights', job, body)
    assert.equal(answer.headers.get('bulkhead-stub'), 'flights')
    problems.push([answer.status, ((await answer.json()) as { code: string }).code])
  }
  assert.deepEqual(problems, [
    [422, 'job-unknown'],
    [422, 'parameter-invalid'],
    [413, 'call-too-large'],
  ])
  const request = { requestId: 'r-1', parameters: { airport: 'SEA' } }
  const first = await stub.reply('flights', 'departures', request)
  assert.equal((await stub.reply('flights', 'departures', request)).runId, first.runId)
  const other = await stub.ask('flights', 'departures', { ...request, parameters: { airport: 'ORD' } })
  assert.equal(((await other.json()) as { code: string }).code, 'request-id-reused')
})

test('an outcome that a request asks for by its context comes as its application would tell it', async (t) => {
  const source = await listenAsSource(t)
  const folderOf = await someOfThirty(t, source.url, 'prices', 'jobs')
  const stub = await startStub(t, folderOf('prices'), ['--latency', 'PT0.2S'])
  const ask = (own: object) =>
    stub.reply('prices', 'extract', { parameters: { symbol: 'AAPL' }, context: { bulkheadStub: own } })
  for (const [own, status, code, rows] of [
    [{ outcome: 'empty' }, 'completed', undefined, 0],
    [{ rows: 7 }, 'completed', undefined, 7],
    [{ outcome: 'cancelled' }, 'cancelled', 'cancelled', undefined],
    [{ outcome: 'result-too-large' }, 'failed', 'result-too-large', undefined],
    [{ outcome: 'http-unavailable' }, 'failed', 'http-unavailable', undefined],
    [{ outcome: 'sourceunreachable' }, 'failed', 'request-invalid', undefined],
    [{ outcome: 'completed-with-errors' }, 'failed', 'request-invalid', undefined],
    [{ outcom: 'empty' }, 'failed', 'request-invalid', undefined],
  ] as const) {
    const { status: is, error, result } = await ask(own)
    assert.deepEqual([is, error?.code, result?.rows], [status, code, rows], JSON.stringify(own))
  }
  // as often as a real outage is tried, and no breaker stays open behind it
  for (let time = 1; time <= 3; time++) {
    const { error, tries, connection } = await ask({ outcome: 'source-unreachable' })
    assert.deepEqual(
      [error?.code, error?.kind, error?.retryable, tries, connection],
      ['http-unreachable', 'transient', true, 4, 'source'],
    )
  }
  const slow = await ask({ latency: 'PT1.5S' })
  assert.ok(Date.parse(slow.finishedAt ?? '') - Date.parse(slow.startedAt ?? '') >= 1500)
  assert.equal(source.visitors(), 0)
})

test('no connection is opened, by a run, a preview or a check; the same watch sees the real application come', async (t) => {
  const source = await listenAsSource(t)
  const folder = (await someOfThirty(t, source.url, 'prices'))('prices')
  const environment = { BULKHEAD_ALLOW_LOOPBACK: '1' }
  const stub = await startStub(t, folder, [], { environment })
  const parameters = { symbol: 'AAPL' }
  await stub.reply('prices', 'extract', { parameters })
  const call = (path: string, body: object) =>
    fetch(`${stub.url}/api/v1/applications/prices/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (answer) => [answer.status, await answer.text()] as const)
  const preview = await call('preview?rows=2', { job: 'extract', parameters })
  assert.equal(preview[0], 200, preview[1])
  assert.match(preview[1], /25\.94/)
  const check = await call('check', {})
  assert.equal(check[0], 200, check[1])
  assert.match(check[1], /nothing was reached/)
  assert.equal(source.visitors(), 0)

  // planted: without the stand-in somebody does come
  const real = await bulkhead(
    ['run', '--application', folder, '-p', 'symbol=AAPL', '--out', temporaryFolder(t)],
    {
      environment,
    },
  )
  assert.notEqual(real.code, 0)
  assert.ok(source.visitors() > 0, 'the watch sees nobody')
})

test('code of the application reaches nothing either, and what it left out is told at the start', async (t) => {
  const source = await listenAsSource(t)
  const folder = temporaryFolder(t)
  const manifest = {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Application',
    metadata: { name: 'curious' },
    spec: {
      owner: 'test',
      connections: { api: { connector: 'http', config: { baseUrl: source.url } } },
      stores: { out: { connector: 'files', config: { folder: 'out', createFolder: true } } },
      jobs: {
        asks: { prepare: './prepare.ts', source: { connection: 'api' } },
        told: { prepare: { url: `${source.url}prepare` }, source: { connection: 'api' } },
        untested: { source: { connection: 'api', query: { path: 'b' } } },
      },
      triggers: {
        topic: { kafka: { cluster: 'main', topic: 'asks' } },
        drop: { folder: { path: '/var/spool/asks' } },
        nightly: { cron: { schedule: '* * * * *' }, job: 'asks' },
      },
      replies: { hook: { webhook: { url: `${source.url}hook` } } },
    },
  }
  await writeFile(join(folder, 'application.yaml'), JSON.stringify(manifest))
  await writeFile(
    join(folder, 'prepare.ts'),
    `export default async () => { await fetch('${source.url}'); return { query: { path: 'a' } } }\n`,
  )
  await mkdir(join(folder, 'tests'))
  const told = {
    request: { job: 'told' },
    prepared: { query: { path: 'c' }, fileName: 'told.csv' },
    source: { rows: [{ id: 1 }] },
    expect: { rows: [{ id: 1 }] },
  }
  await writeFile(join(folder, 'tests/told.yaml'), JSON.stringify(told))
  const stub = await startStub(t, folder, [], { environment: { BULKHEAD_ALLOW_LOOPBACK: '1' } })
  const said = stub.notices.join('\n')
  for (const words of [
    /job "untested" has no example/,
    /trigger "topic" is left out: .*--kafka main=HOST:PORT/,
    /folder of the trigger "drop" is \S+bulkhead-stub-/,
    /trigger "nightly" is left out/,
    /reply "hook" is left out: .*--webhook hook=URL/,
  ])
    assert.match(said, words)
  const { error } = await stub.reply('curious', 'asks')
  assert.equal(error?.code, 'prepare-failed')
  assert.equal((await stub.reply('curious', 'untested')).error?.code, 'example-missing')
  const { result, prepared } = await stub.reply('curious', 'told')
  assert.deepEqual([result?.rows, result?.files[0]?.name], [1, 'told.csv'])
  assert.ok(prepared)
  assert.equal(source.visitors(), 0)
})

test('a wrong option and a taken port are told, and nothing is left', async (t) => {
  const temporary = temporaryFolder(t)
  await using taken = await startApi()
  const port = new URL(taken.url).port
  const flights = join(checkout, 'examples/flights')
  for (const [args, words] of [
    [['--port', port], /cannot listen on/],
    [['--latency', 'soon'], /--latency/],
    [['--kafka', 'main'], /CLUSTER=HOST:PORT/],
    [['--rows', '-1'], /whole number/],
  ] as const) {
    const { code, stderr } = await bulkhead(['stub', flights, ...args], {
      environment: { TMPDIR: temporary },
    })
    assert.notEqual(code, 0)
    assert.match(stderr, words)
  }
  const left = readdirSync(temporary).filter((name) => name.startsWith('bulkhead-stub-'))
  assert.deepEqual(left, [])
})
