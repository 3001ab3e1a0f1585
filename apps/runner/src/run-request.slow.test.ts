import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { cancelled, type ConnectionContext } from '@bulkhead/connector-sdk'
import { fault, replySchemaV1 } from '@bulkhead/contract'
import { requestDigest } from '@bulkhead/engine/plan/identity'
import { memoryRun, type MemoryRunOptions, rows } from '../../../test/support/memory-run.ts'
import { type RunAnswer, runRequest, type RunRequestOptions } from './run-request.ts'

const connectors = fileURLToPath(new URL('../../../connectors', import.meta.url))
const manifest = `
apiVersion: bulkhead.dev/v1beta1
kind: Application
metadata: { name: shop }
spec:
  owner: shop
  connections:
    ledger: { connector: postgres, config: { host: 127.0.0.1, database: x, user: x, password: { secret: db } } }
  stores:
    out: { connector: files, config: { folder: ./out, createFolder: true } }
  jobs:
    orders:
      parameters: { month: { type: string, pattern: "[0-9]{4}-[0-9]{2}" } }
      source: { connection: ledger, query: "SELECT :month AS a" }
      output: { format: csv, fileName: "orders-{month}.csv" }
    checked:
      source: { connection: ledger, query: "SELECT 1 AS a" }
      process: [ { validate: { schema: a.schema.json, onInvalid: skip } } ]
  replies:
    folder: { file: { folder: ./replies } }
`
const schema = '{ "type": "object", "properties": { "a": { "type": "string", "pattern": "^[0-9]+$" } } }'

async function folderOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-runner-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

interface Asked {
  readonly answer: RunAnswer
  readonly logged: string
}

async function ask(
  request: unknown,
  folder: string,
  options: Partial<RunRequestOptions> & { readonly builtin?: boolean; readonly out?: string } = {},
): Promise<Asked> {
  const logged: string[] = []
  const record = (message: string, details?: unknown): void => {
    logged.push(`${message} ${JSON.stringify(details)}`)
  }
  const answer = await runRequest({
    application: {
      folder: options.builtin === true ? undefined : folder,
      workingFolder: folder,
      out: options.out,
      variables: {},
    },
    connectorRoots: [connectors],
    request: () => Promise.resolve(request),
    environment: { BULKHEAD_SECRET__SHOP__DB: 'hunter2-hunter2' },
    log: { debug: record, info: record, warn: record },
    signal: new AbortController().signal,
    openLinks: (application) =>
      Promise.resolve(({ key }, { expiresInSeconds }) =>
        Promise.resolve({ url: `signed:${application}/${key}`, expiresAtMs: expiresInSeconds * 1000 }),
      ),
    ...options,
  })
  replySchemaV1.parse(answer.reply.data)
  return { answer, logged: logged.join('\n') }
}

/** A source in memory, in place of the database. */
function source(options: MemoryRunOptions): Pick<RunRequestOptions, 'openSource'> {
  const { context, plan } = memoryRun(options)
  return {
    openSource: async () => {
      const definition = await context.load(plan.source.connector)
      assert.ok(definition.source)
      return definition.source.open({ signal: context.signal } as ConnectionContext<unknown>)
    },
  }
}

const orders = { requestId: 'req-1', job: 'orders', parameters: { month: '2026-10' } }

test('answers a request of a job with a reply event, a link and the file', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const event = {
    specversion: '1.0',
    type: 'dev.bulkhead.run.requested.v1',
    source: '/shop/portal',
    id: 'req-1',
    data: { job: 'orders', parameters: { month: '2026-10' }, ouput: 1, context: { user: 'u17' } },
  }
  const before = Date.now()
  const { answer } = await ask(JSON.stringify(event), folder, source({ batches: [rows('1', '2')] }))
  const { reply } = answer
  assert.equal(answer.exitCode, 0)
  assert.equal(reply.type, 'dev.bulkhead.run.completed.v1')
  assert.equal(reply.source, '/bulkhead/applications/shop')
  assert.equal(reply.subject, 'req-1')
  assert.equal(reply.id, `${requestDigest('shop', '/shop/portal', 'req-1')}/1/completed`)
  const { data } = reply
  assert.match(data.runId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(data.job, 'orders')
  assert.equal(data.connection, 'ledger')
  assert.deepEqual(data.context, { user: 'u17' })
  assert.ok(
    data.warnings.some((warning) => warning.includes('ouput')),
    String(data.warnings),
  )
  for (const time of [reply.time, data.acceptedAt, data.startedAt, data.finishedAt])
    assert.ok(Date.parse(time ?? '') >= before && Date.parse(time ?? '') <= Date.now())
  const content = 'a\n1\n2\n'
  const path = join(folder, 'out', data.runId, 'orders-2026-10.csv')
  assert.equal(await readFile(path, 'utf8'), content)
  assert.deepEqual(data.result, {
    rows: 2,
    bytes: 6,
    files: [
      {
        name: 'orders-2026-10.csv',
        url: `signed:shop/${data.runId}/orders-2026-10.csv`,
        expiresAt: '1970-01-02T00:00:00.000Z',
        contentType: 'text/csv; charset=utf-8',
        format: 'csv',
        compression: 'none',
        rows: 2,
        bytes: 6,
        location: `file://${path}`,
        checksum: {
          algorithm: 'sha256',
          scope: 'object',
          value: createHash('sha256').update(content).digest('hex'),
        },
      },
    ],
  })
})

test('delivers the reply to a file of its own, whole, which the same message replaces', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const first = await ask(orders, folder, source({ batches: [rows('1')] }))
  await ask(orders, folder, source({ batches: [rows('1')] }))
  const files = await readdir(join(folder, 'replies'))
  assert.deepEqual(files, [`${first.answer.reply.id.replaceAll('/', '-')}.json`])
  const written = JSON.parse(
    await readFile(join(folder, 'replies', files[0] ?? ''), 'utf8'),
  ) as RunAnswer['reply']
  assert.equal(written.id, first.answer.reply.id)
})

test('copies files by an ad hoc request of the built-in application, below --out', async (t) => {
  const folder = await folderOf(t, { 'in/a.csv': 'x\n1\n', 'in/b.csv': 'x\n2\n' })
  const request = {
    requestId: 'copy-1',
    source: { connector: 'files', config: { folder: 'in' }, query: { path: '*.csv' } },
  }
  const { answer } = await ask(request, folder, { builtin: true })
  assert.equal(answer.exitCode, 0)
  const { runId, result } = answer.reply.data
  assert.deepEqual(
    result?.files.map(({ name, rows: count }) => [name, count]),
    [
      ['a.csv', null],
      ['b.csv', null],
    ],
  )
  assert.equal(result.rows, null)
  assert.equal(await readFile(join(folder, 'bulkhead-out', runId, 'b.csv'), 'utf8'), 'x\n2\n')
  const elsewhere = await ask(request, folder, { builtin: true, out: 'else/where' })
  const [file] = elsewhere.answer.reply.data.result?.files ?? []
  assert.equal(
    file?.location,
    `file://${join(folder, 'else/where', elsewhere.answer.reply.data.runId, 'a.csv')}`,
  )
})

test('writes below --out whatever store the application names', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const { answer } = await ask(orders, folder, { ...source({ batches: [rows('1')] }), out: 'mine' })
  assert.match(answer.reply.data.result?.files[0]?.location ?? '', /\/mine\/[^/]+\/orders-2026-10\.csv$/)
})

test('ends with errors when rows were left out', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const { answer } = await ask(
    { requestId: 'r', job: 'checked' },
    folder,
    source({ batches: [rows('1', 'x', '3')] }),
  )
  assert.equal(answer.exitCode, 4)
  assert.equal(answer.reply.type, 'dev.bulkhead.run.completed-with-errors.v1')
  assert.equal(answer.reply.data.result?.rejected, 1)
  assert.ok(answer.reply.data.warnings.some((warning) => warning.startsWith('Row 2 was left out')))
})

test('answers also when the request cannot be read, as well as it can', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const cases: readonly [request: unknown, id: string, code: string][] = [
    ['{', '', 'request-unreadable'],
    ['[]', '', 'request-unreadable'],
    [Buffer.from([0xff, 0xfe]), '', 'request-unreadable'],
    ['{"job":"orders"}', '', 'request-id-invalid'],
    ['{"requestId":"a\\u0000b","job":"orders"}', '', 'request-id-invalid'],
    ['{"requestId":"known","parameters":7,"context":{"c":1}}', 'known', 'request-invalid'],
    ['{"requestId":"known","job":"nothing"}', 'known', 'job-unknown'],
    ['{"requestId":"known","job":"orders"}', 'known', 'parameter-missing'],
  ]
  for (const [request, id, code] of cases) {
    const { answer } = await ask(request, folder)
    assert.equal(answer.reply.type, 'dev.bulkhead.run.failed.v1')
    assert.equal(answer.reply.data.requestId, id)
    assert.equal(answer.reply.subject, id === '' ? 'unknown' : id)
    assert.equal(answer.exitCode, 2)
    const { error } = answer.reply.data
    assert.equal(error?.code, code, String(request))
    assert.equal(error.documentation, `docs/reference/errors.md#${code}`)
    assert.equal(error.retryable, false)
    assert.ok(error.fix)
    assert.equal(answer.error?.code, code)
  }
})

test('answers also when the application cannot be read, and says whose request it was', async (t) => {
  const folder = await folderOf(t, { 'broken/application.yaml': 'kind: [' })
  for (const [application, code] of [
    [join(folder, 'nowhere'), 'application-not-found'],
    [join(folder, 'broken'), 'manifest-unreadable'],
  ] as const) {
    const { answer } = await ask(JSON.stringify(orders), application)
    assert.equal(answer.reply.data.error?.code, code)
    assert.equal(answer.reply.data.requestId, 'req-1')
    assert.equal(answer.reply.data.application, 'unknown')
    assert.equal(answer.exitCode, 2)
  }
})

test('answers also when whoever started it did not know what to ask', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const { answer } = await ask(undefined, folder, {
    request: (application) => Promise.reject(fault('usage', `Which of ${application?.name}?`)),
  })
  assert.equal(answer.reply.data.error?.message, 'Which of shop?')
})

test('tells every fault that it found', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const { answer } = await ask({ ...orders, parameters: { year: '1' } }, folder)
  assert.match(answer.reply.data.error?.message ?? '', /month.*; also: .*year|year.*; also: .*month/)
  assert.equal(answer.error?.others.length, 1)
})

test('says nothing of the inside: no cause and no stack', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const { answer, logged } = await ask(
    orders,
    folder,
    source({
      at: (step) => {
        if (step === 'source.prepare') throw new TypeError('row 7 is wrong')
      },
    }),
  )
  assert.equal(answer.exitCode, 1)
  assert.equal(answer.reply.data.error?.code, 'internal')
  const everything = JSON.stringify(answer.reply) + JSON.stringify(answer.error)
  assert.ok(!/row 7|node_modules|\.ts/.test(everything), everything)
  assert.equal(answer.error?.cause, undefined)
  assert.match(logged, /The run failed.*row 7 is wrong/) // the evidence, for who runs it
})

test('is cancelled with a reply that says so', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const stop = new AbortController()
  const { answer } = await ask(orders, folder, {
    signal: stop.signal,
    ...source({
      batches: async function* (signal) {
        yield rows('1')
        stop.abort(cancelled('Stopped by SIGTERM'))
        signal.throwIfAborted()
      },
    }),
  })
  assert.equal(answer.reply.type, 'dev.bulkhead.run.cancelled.v1')
  assert.equal(answer.reply.data.error?.message, 'Stopped by SIGTERM')
  assert.equal(answer.exitCode, 5)
  assert.deepEqual(await readdir(join(folder, 'out')), [])
  assert.equal((await readdir(join(folder, 'replies'))).length, 1)
})

test('leaves no result behind when no link to it can be made', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  const { answer } = await ask(orders, folder, {
    ...source({ batches: [rows('1')] }),
    openLinks: () => Promise.resolve(() => Promise.reject(fault('state-folder-unusable', 'The key is gone'))),
  })
  assert.equal(answer.reply.data.error?.code, 'state-folder-unusable')
  assert.equal(answer.exitCode, 3)
  const left = await readdir(join(folder, 'out'), { recursive: true, withFileTypes: true })
  assert.deepEqual(
    left.filter((entry) => entry.isFile()),
    [],
  )
})

test('says when the reply could not be delivered everywhere, and delivers it to the others', async (t) => {
  const replies = 'gone: { webhook: { url: "http://127.0.0.1:45999/hook" } }\n    folder:'
  const folder = await folderOf(t, {
    'application.yaml': manifest.replace('folder: { file', `${replies} { file`),
    'a.schema.json': schema,
  })
  const { answer } = await ask(orders, folder, source({ batches: [rows('1')] }))
  assert.equal(answer.reply.data.status, 'completed')
  assert.equal(answer.undelivered?.code, 'reply-failed')
  // this machine is closed to applications
  assert.match(answer.undelivered.message, /"gone": .*network-refused/)
  assert.equal(answer.exitCode, 3)
  assert.equal((await readdir(join(folder, 'replies'))).length, 1)
})

test('loads no connector of a plan that is refused', async (t) => {
  const folder = await folderOf(t, { 'application.yaml': manifest, 'a.schema.json': schema })
  let opened = false
  await ask({ requestId: 'r', job: 'orders' }, folder, {
    openSource: () => {
      opened = true
      return Promise.reject(new Error('no'))
    },
  })
  assert.equal(opened, false)
})
