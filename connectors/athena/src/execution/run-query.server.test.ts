/** Starting, waiting and stopping, against a made-up Athena that can be slow, busy, broken and silent. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { type TestContext, test } from 'node:test'
import {
  type BulkheadError,
  isBulkheadError,
  type ParameterValue,
  type Row,
  type Source,
} from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext } from '@bulkhead/connector-sdk/testing'
import { createBucket } from '../../../../test/support/s3.ts'
import connector from '../index.ts'
import { type FakeAthena, settingsFor, startFakeAthena } from '../testing/fake-athena.ts'
import type { FakeQuery } from '../testing/fake-results.ts'

const few: FakeQuery = { columns: [{ name: 'id', type: 'integer' }], rows: [['1'], ['2']] }

interface Opened {
  readonly fake: FakeAthena
  readonly source: Source
  readonly logged: readonly { readonly message: string }[]
  readonly read: (
    signal?: AbortSignal,
    parameters?: Record<string, ParameterValue>,
    query?: string,
  ) => Promise<Row[]>
  /** How often a call was made. */
  readonly count: (action: string) => number
}

async function open(
  t: TestContext,
  settings: Readonly<Record<string, unknown>> = {},
  queryTimeoutMs = 30_000,
): Promise<Opened> {
  const bucket = await createBucket(t)
  const fake = await startFakeAthena(t, bucket)
  const config = connector.config.parse({
    ...settingsFor(fake, bucket),
    pollFirst: 'PT0.05S',
    pollLongest: 'PT0.05S',
    attempts: 2,
    ...settings,
  })
  const context = testContext({ config, limits: { queryTimeoutMs } })
  const source = (await connector.source?.open(context)) ?? assert.fail()
  t.after(() => source[Symbol.asyncDispose]())
  return {
    fake,
    source,
    logged: context.logged,
    async read(signal = context.signal, parameters = {}, query = 'SELECT 1') {
      await using extract = await source.prepare(readRequest({ query, parameters }, 'rows'), signal)
      return await readRows(extract, signal)
    },
    count: (action) => fake.calls.filter((call) => call.action === action).length,
  }
}

async function failure(running: Promise<unknown>): Promise<BulkheadError> {
  const error: unknown = await running.then(
    () => assert.fail('it succeeded'),
    (reason: unknown) => reason,
  )
  assert.ok(isBulkheadError(error), String(error))
  return error
}

test('asks no faster for a query in a state that Athena has later than this connector', async (t) => {
  const { fake, read, count } = await open(t, { pollFirst: 'PT1S', pollLongest: 'PT1S' })
  fake.answer = () => ({ ...few, polls: 2, meanwhile: 'PAUSED' })
  const begun = performance.now()
  assert.deepEqual(await read(), [{ id: 1 }, { id: 2 }])
  // at least half of a second, twice
  assert.ok(performance.now() - begun > 1000)
  assert.equal(count('GetQueryExecution'), 3)
})

test('waits while a query is queued and runs, ever more seldom, and sends what was asked for', async (t) => {
  const { fake, read, count } = await open(t, {
    database: 'sales',
    outputLocation: 's3://results/here/',
    expectedBucketOwner: '123456789012',
    pollLongest: 'PT0.4S',
  })
  fake.answer = () => ({ ...few, polls: 5 })
  const begun = performance.now()
  assert.deepEqual(await read(undefined, { name: "O'Hara" }, 'SELECT 1 WHERE a = :name'), [
    { id: 1 },
    { id: 2 },
  ])
  // at least half of 50, 75, 112, 169 and 253 ms
  assert.ok(performance.now() - begun > 300)
  assert.equal(count('GetQueryExecution'), 6)
  const { ClientRequestToken, ...input } = fake.calls[0]?.input ?? {}
  assert.match(String(ClientRequestToken), /^[\w-]{36}$/)
  assert.deepEqual(input, {
    QueryString: 'SELECT 1 WHERE a = ?',
    ExecutionParameters: ["'O''Hara'"],
    QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'sales' },
    ResultConfiguration: { OutputLocation: 's3://results/here/', ExpectedBucketOwner: '123456789012' },
    WorkGroup: 'primary',
  })
})

test('starts a query once when the answer to its start gets lost', async (t) => {
  const { fake, read, count } = await open(t)
  fake.answer = () => few
  fake.refuse = ({ action }) =>
    action === 'StartQueryExecution' && count(action) === 1 ? 'lose-answer' : undefined
  assert.deepEqual(await read(), [{ id: 1 }, { id: 2 }])
  assert.equal(count('StartQueryExecution'), 2)
  assert.equal(fake.begun(), 1)
})

test('stops a query that is cancelled while Athena has not yet answered to its start', async (t) => {
  const { fake, read, count } = await open(t)
  const stop = new AbortController()
  const reason = new Error('the test stops it')
  fake.answer = () => ({ polls: Infinity })
  fake.refuse = ({ action }) => {
    if (action !== 'StartQueryExecution' || count(action) > 1) return undefined
    setTimeout(() => stop.abort(reason), 50)
    return 'silence'
  }
  assert.equal(await read(stop.signal).catch((error: unknown) => error), reason)
  assert.equal(count('StopQueryExecution'), 1)
  assert.equal(fake.atWork(), 0)
})

test('stops a query that takes longer than the connection allows', async (t) => {
  const { fake, read } = await open(t, {}, 300)
  fake.answer = () => ({ polls: Infinity })
  const error = await failure(read())
  assert.equal(error.code, 'athena-query-timeout')
  assert.equal(fake.begun(), 1)
  assert.equal(fake.atWork(), 0)
})

test('gives up within 5 seconds when Athena is silent, and logs that the query may go on', async (t) => {
  const { fake, read, count, logged } = await open(t)
  const stop = new AbortController()
  fake.answer = () => ({ polls: Infinity })
  fake.refuse = () => (count('GetQueryExecution') > 2 ? 'silence' : undefined)
  const reading = read(stop.signal).catch((error: unknown) => error)
  while (count('GetQueryExecution') < 3) await sleep(20)
  const begun = performance.now()
  stop.abort(new Error('the test stops it'))
  assert.equal(await reading, stop.signal.reason)
  assert.ok(performance.now() - begun < 5000)
  assert.ok(logged.some(({ message }) => message === 'The query could not be stopped in Athena'))
})

test('tries again when Athena is busy, and says throttled when it stays so', async (t) => {
  const { fake, read, count } = await open(t)
  fake.answer = () => few
  const busy = { type: 'ThrottlingException', message: 'Rate exceeded' }
  fake.refuse = ({ action }) => (action === 'GetQueryExecution' && count(action) === 1 ? busy : undefined)
  assert.equal((await read()).length, 2)
  fake.refuse = ({ action }) => (action === 'StartQueryExecution' ? busy : undefined)
  const error = await failure(read())
  assert.equal(error.kind, 'throttled')
  const full = { type: 'TooManyRequestsException', message: 'You have exceeded the limit' }
  fake.refuse = ({ action }) => (action === 'StartQueryExecution' ? full : undefined)
  assert.equal((await failure(read())).code, 'athena-throttled')
})

test('says what went wrong with a query, and whether trying again helps', async (t) => {
  const { fake, read } = await open(t)
  const after = async (query: FakeQuery): Promise<BulkheadError> => {
    fake.answer = () => query
    return await failure(read())
  }
  const table = await after({
    fails: { reason: "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales.x' does not exist" },
  })
  assert.equal(table.code, 'athena-query-invalid')
  assert.equal(
    table.message,
    "Athena refuses the query: TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sales.x' does not exist",
  )
  const cast = await after({ fails: { reason: "INVALID_CAST_ARGUMENT: Cannot cast 'canary' to BIGINT" } })
  assert.equal(cast.code, 'athena-query-failed')
  assert.match(cast.message, /^The query [\w-]{36} failed while it ran: INVALID_CAST_ARGUMENT$/)
  const inside = await after({ fails: { reason: 'GENERIC_INTERNAL_ERROR: canary', category: 1 } })
  assert.equal(inside.code, 'athena-query-broken')
  assert.equal(inside.kind, 'transient')
  const retryable = await after({ fails: { reason: 'Query exhausted resources', retryable: true } })
  assert.equal(retryable.code, 'athena-query-broken')
  const denied = await after({
    fails: { reason: 'PERMISSION_DENIED: Access Denied when reading s3://canary/x' },
  })
  assert.equal(denied.code, 'athena-access-denied')
  for (const error of [cast, inside, denied]) assert.doesNotMatch(error.message, /canary/)
  assert.equal((await after({ cancelled: true })).code, 'athena-query-stopped')
})

test('says what Athena refuses before a query begins', async (t) => {
  const { fake, read } = await open(t)
  const after = async (type: string, message: string, status = 400): Promise<BulkheadError> => {
    fake.refuse = () => ({ type, message, status })
    return await failure(read())
  }
  const place = await after('InvalidRequestException', 'No output location provided.')
  assert.equal(place.code, 'athena-output-location')
  assert.equal(place.path, 'config.outputLocation')
  assert.equal(
    (await after('AccessDeniedException', 'User canary is not authorized')).code,
    'athena-access-denied',
  )
  assert.equal((await after('ExpiredTokenException', 'canary')).code, 'athena-credentials-expired')
  assert.equal((await after('InternalServerException', 'canary', 500)).kind, 'transient')
  assert.equal((await after('x', '<html>', 404)).code, 'athena-not-athena')
})
