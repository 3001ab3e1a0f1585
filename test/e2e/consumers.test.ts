/** What an application tells those who ask it, and what it may not take away from them. No system is there to be reached. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { writeApplication } from '../support/application-folder.ts'
import { bulkhead, json, temporaryFolder } from './command.ts'

interface Verified {
  readonly kept: number
  readonly broken: number
  readonly verified: readonly { readonly what: string; readonly differences: readonly string[] }[]
}

const monthly = {
  request: { job: 'monthly', parameters: { month: '2026-10' } },
  source: { rows: [{ id: 1, total: '9.50' }] },
}

/** @param change  of the job that consumers know */
async function ledger(t: TestContext, change: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const folder = temporaryFolder(t)
  const monthlyJob = {
    description: 'Invoices of a month',
    parameters: { month: { type: 'string', pattern: '\\d{4}-\\d\\d', description: 'Year and month' } },
    source: { connection: 'books', query: 'SELECT id, total FROM invoices WHERE month = :month' },
    output: { format: 'csv', fileName: 'invoices-{month}.csv' },
    ...change,
  }
  await writeApplication(
    folder,
    'ledger',
    {
      connections: {
        books: {
          connector: 'postgres',
          config: { host: 'books.invalid', database: 'books', user: 'reader', password: { secret: 'books' } },
        },
      },
      stores: { out: { connector: 'files', config: { folder: 'out', createFolder: true } } },
      jobs: { monthly: monthlyJob },
      replies: { folder: { file: { folder: join(folder, 'replies') } } },
    },
    {
      'tests/monthly.yaml': JSON.stringify({ ...monthly, expect: { file: 'tests/monthly.csv' } }),
      'tests/monthly.csv': 'id,total\n1,9.50\n',
      'tests/refused.yaml': JSON.stringify({
        request: { job: 'monthly', parameters: {} },
        expect: { error: 'parameter-missing' },
      }),
    },
  )
  await mkdir(join(folder, 'replies'))
  return folder
}

async function publish(folder: string, name: string, content: unknown): Promise<void> {
  await mkdir(join(folder, 'contracts'), { recursive: true })
  await writeFile(join(folder, 'contracts', name), JSON.stringify(content))
}

const relied = {
  consumer: 'controlling',
  interactions: [
    {
      description: 'the invoices of a month',
      request: { ...monthly.request, context: { cell: 'B7' } },
      reply: {
        status: 'completed',
        context: { cell: 'B7' },
        result: { rows: 1, files: [{ name: 'invoices-2026-10.csv', format: 'csv', url: 'https://x/y' }] },
      },
    },
    {
      description: 'a month that is none',
      request: { job: 'monthly', parameters: { month: 'May' } },
      reply: { status: 'failed', error: { code: 'parameter-invalid', retryable: false } },
    },
  ],
}

test('tests of an application answer nobody', async (t) => {
  const folder = await ledger(t)
  const ended = await bulkhead(['test', folder])
  assert.equal(ended.code, 0, ended.stderr + ended.stdout)
  assert.match(ended.stdout, /2 passed/)
  assert.deepEqual(readdirSync(join(folder, 'replies')), [])
  assert.equal(existsSync(join(folder, 'out')), false)
})

test('an application that keeps what a consumer relies on passes its contract, and answers nobody', async (t) => {
  const folder = await ledger(t)
  await publish(folder, 'controlling.yaml', relied)
  const ended = await bulkhead(['contract', 'verify', folder, '--json'])
  assert.equal(ended.code, 0, ended.stderr + ended.stdout)
  assert.deepEqual(
    json<Verified>(ended).verified.map(({ differences }) => differences),
    [[], []],
  )
  assert.deepEqual(readdirSync(join(folder, 'replies')), [])
})

test('an application that takes something away breaks the contract, which says what', async (t) => {
  const changes: readonly [change: Readonly<Record<string, unknown>>, ...said: RegExp[]][] = [
    [
      { output: { format: 'jsonl', fileName: 'invoices-{month}.jsonl' } },
      /files\[0\]\.name: expected \\"in/,
      /csv/,
    ],
    [
      { parameters: { month: { type: 'string' }, region: { type: 'string' } } },
      /parameter-missing at parameters\.region/,
    ],
  ]
  for (const [change, ...said] of changes) {
    const folder = await ledger(t, change)
    await publish(folder, 'controlling.yaml', relied)
    const ended = await bulkhead(['contract', 'verify', folder, '--json'])
    assert.equal(ended.code, 4, ended.stderr + ended.stdout)
    for (const words of said) assert.match(ended.stdout, words)
  }
})

/** A job whose query is written by code, or by an endpoint that nobody may call here. */
async function prepared(t: TestContext, prepare: unknown, code: string): Promise<string> {
  const folder = await ledger(t, { prepare, source: { connection: 'books' }, output: { format: 'csv' } })
  await writeFile(join(folder, 'prepare.ts'), code)
  const test = {
    ...monthly,
    ...(prepare !== './prepare.ts' && {
      prepared: { query: 'SELECT of an endpoint', fileName: 'invoices-2026-10' },
    }),
    expect: { file: 'tests/monthly.csv' },
  }
  await writeFile(join(folder, 'tests/monthly.yaml'), JSON.stringify(test))
  await writeFile(
    join(folder, 'tests/refused.yaml'),
    JSON.stringify({ ...test, expect: { rows: monthly.source.rows } }),
  )
  return folder
}

const writes = (query: string, fileName: string): string =>
  `export default ({ parameters }) => parameters.month === '2026-13'
  ? { refuse: 'There is no such month' }
  : { query: ${JSON.stringify(query)}, fileName: ${JSON.stringify(fileName)} + parameters.month }\n`

const reliedOnPrepared = {
  consumer: 'controlling',
  interactions: [
    relied.interactions[0],
    // with rows of its own it needs no test of the application
    {
      ...relied.interactions[0],
      description: 'rows of its own',
      source: { rows: [{ id: 7, total: '1.00' }] },
    },
    {
      description: 'a month that the code refuses',
      request: { job: 'monthly', parameters: { month: '2026-13' } },
      reply: { status: 'failed', error: { code: 'prepare-refused', retryable: false } },
    },
  ],
}

const verifiedOf = async (folder: string): Promise<readonly (readonly string[])[]> => {
  const ended = await bulkhead(['contract', 'verify', folder, '--json'])
  assert.ok(ended.code === 0 || ended.code === 4, ended.stderr + ended.stdout)
  return json<Verified>(ended).verified.map(({ differences }) => differences)
}

test('a job that is prepared by code keeps its contract whatever query the code writes, and breaks it with another file', async (t) => {
  const folder = await prepared(t, './prepare.ts', writes('SELECT 1', 'invoices-'))
  await publish(folder, 'controlling.yaml', reliedOnPrepared)
  assert.deepEqual(await verifiedOf(folder), [[], [], []])
  await writeFile(join(folder, 'prepare.ts'), writes('SELECT 2', 'bills-'))
  const [named = [], own = [], refused] = await verifiedOf(folder)
  for (const differences of [named, own])
    assert.match(differences.join(), /files\[0\]\.name: expected "invoices/)
  assert.deepEqual(refused, [])
})

test('a job that an endpoint prepares is held against its contract by what its tests or the contract say, and no endpoint is called', async (t) => {
  const folder = await prepared(t, { url: 'http://127.0.0.1:1/prepare' }, '')
  const [first] = reliedOnPrepared.interactions
  const other = { request: { job: 'monthly', parameters: { month: '2026-11' } }, source: monthly.source }
  await publish(folder, 'controlling.yaml', {
    consumer: 'controlling',
    interactions: [
      first,
      {
        ...other,
        description: 'what the endpoint would answer stands beside it',
        prepared: { query: 'SELECT 3', fileName: 'invoices-2026-11' },
        reply: { status: 'completed', result: { files: [{ name: 'invoices-2026-11.csv' }] } },
      },
      {
        ...other,
        description: 'what it would refuse',
        prepared: { refuse: 'There is no such month' },
        reply: { status: 'failed', error: { code: 'prepare-refused' } },
      },
      { ...other, description: 'nobody says what it would answer', reply: { status: 'completed' } },
    ],
  })
  const [kept, beside, refused, unsaid = []] = await verifiedOf(folder)
  assert.deepEqual([kept, beside, refused], [[], [], []])
  assert.match(unsaid.join(), /example-missing/)
})

test('recorded messages are held against the application and the schemas of this version', async (t) => {
  const folder = await ledger(t)
  const asked = { requestId: 'r1', ...monthly.request }
  const replied = json<{ data: Readonly<Record<string, unknown>> }>(
    await bulkhead(['run', '--request', '-'], { input: JSON.stringify({ requestId: 'r2', job: 'none' }) }),
  )
  const { status, ...without } = replied.data
  assert.equal(status, 'failed')
  await publish(folder, 'controlling.json', [
    asked,
    { ...asked, priority: 'high' },
    { ...asked, job: 'weekly' },
    replied,
    { ...replied, data: without },
  ])
  const ended = await bulkhead(['contract', 'verify', folder, '--json'])
  assert.equal(ended.code, 4, ended.stderr)
  const { kept, broken, verified } = json<Verified>(ended)
  assert.deepEqual([kept, broken], [2, 3])
  assert.deepEqual(
    verified.map(({ differences }) => differences.length > 0),
    [false, true, true, false, true],
  )
  assert.match(String(verified[1]?.differences), /priority/)
  assert.match(String(verified[2]?.differences), /weekly/)
  assert.match(String(verified[4]?.differences), /status/)
})

test('a folder without contracts, and a contract that is none, are refused with what to do', async (t) => {
  const folder = await ledger(t)
  const none = await bulkhead(['contract', 'verify', folder])
  assert.equal(none.code, 2, none.stderr)
  assert.match(none.stderr, /There are no contracts in .*contracts[\s\S]*fix:/)
  await publish(folder, 'controlling.yaml', { ...relied, interactions: [{ reply: {} }] })
  const wrong = await bulkhead(['contract', 'verify', folder])
  assert.equal(wrong.code, 2, wrong.stderr)
  assert.match(wrong.stderr, /interactions\[0\]\.request/)
})

test('prints what an application offers, for people and for programs, and nothing of its connections', async (t) => {
  const folder = await ledger(t)
  const page = await bulkhead(['docs', folder])
  assert.equal(page.code, 0, page.stderr)
  for (const words of [/monthly/, /Invoices of a month/, /Year and month/]) assert.match(page.stdout, words)
  const document = await bulkhead(['docs', folder, '--asyncapi'])
  assert.equal(document.code, 0, document.stderr)
  assert.equal((JSON.parse(document.stdout) as { asyncapi: string }).asyncapi, '3.0.0')
  for (const { stdout } of [page, document]) assert.doesNotMatch(stdout, /books|SELECT|reader/)
})
