import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { cancelled, isBulkheadError } from '@bulkhead/connector-sdk'
import { readRequest, type PreparedResult } from '@bulkhead/contract'
import { Webhook } from 'standardwebhooks'
import { memoryRun } from '../../../../../test/support/memory-run.ts'
import type { PlannedPreparation } from '../../plan/plan.ts'
import { Secret } from '../../secrets/secret.ts'
import { prepareRun, type PrepareServices } from './prepare-run.ts'

const request = readRequest({
  requestId: 'r1',
  job: 'job',
  parameters: { customer: 7 },
  output: { fileName: 'mine' },
  context: { user: 'u17' },
})

interface Asking {
  readonly timeoutMs?: number
  readonly services?: Partial<PrepareServices>
}

async function ask(
  way: PlannedPreparation['way'],
  { timeoutMs = 5_000, services }: Asking = {},
): Promise<PreparedResult | undefined> {
  const preparation: PlannedPreparation = {
    way,
    by: 'file' in way ? way.file : 'http://desk/prepare',
    path: 'spec.jobs.job.prepare',
    timeoutMs,
    connections: ['source', 'other'],
    parameters: { customer: 7, large: 2n ** 60n },
    result: undefined,
  }
  const { plan, context } = memoryRun({
    plan: { preparation, flags: { 'new-tariff': true }, retry: { attempts: 3, withinMs: 60_000 } },
  })
  return await prepareRun(plan, request, { ...context, ...services })
}

async function askCode(t: TestContext, code: string, asking?: Asking): Promise<PreparedResult | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-prepare-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'prepare.ts'), code)
  const application = { name: 'memory', folder, files: new Map() }
  return await ask({ file: 'prepare.ts' }, { ...asking, services: { application, ...asking?.services } })
}

async function refusal(asked: Promise<unknown>): Promise<string> {
  try {
    await asked
  } catch (error) {
    if (!isBulkheadError(error)) throw error
    assert.ok(error.fix !== undefined || error.kind === 'cancelled')
    return [error, ...error.others].map(({ code, path, message }) => `${code} ${path}: ${message}`).join('\n')
  }
  assert.fail('it was answered')
}

async function endpoint(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/prepare?token=hunter2`
}

test('code gets the request with flags and connections, and says what is read', async (t) => {
  const code = `import type { Prepare } from '@bulkhead/connector-sdk'
    const prepare: Prepare = async ({ runId, ...request }, { signal, log }) => {
      log.info('looked')
      return { query: JSON.stringify(request, (_, v) => typeof v === 'bigint' ? String(v) : v), connection: 'other',
        parameters: { alive: !signal.aborted, large: request.parameters['large'] } }
    }
    export default prepare`
  const prepared = await askCode(t, code)
  assert.deepEqual(JSON.parse(prepared?.query as string), {
    application: 'memory',
    job: 'job',
    requestId: 'r1',
    requestSource: '',
    parameters: { customer: 7, large: String(2n ** 60n) },
    output: { fileName: 'mine' },
    context: { user: 'u17' },
    connections: ['source', 'other'],
    flags: { 'new-tariff': true },
  })
  assert.equal(prepared?.connection, 'other')
  assert.deepEqual(prepared?.parameters, { alive: true, large: 2n ** 60n })
})

test('code may refuse a request, in words for the requester', async (t) => {
  assert.equal(
    await refusal(askCode(t, `export default () => ({ refuse: 'There is no customer 7.' })`)),
    'prepare-refused undefined: There is no customer 7',
  )
})

test('a result of another form is refused, each field with what is wrong with it', async (t) => {
  const returned = async (text: string): Promise<string> =>
    await refusal(askCode(t, `export default () => (${text})`))
  assert.equal(
    await returned(`{ query: 1, conection: 'a', parameters: { 'no-name': 1 } }`),
    [
      'prepare-result-invalid prepared.query: `prepared.query` must be a text or an object, not a whole number',
      'prepare-result-invalid prepared.parameters.no-name: `prepared.parameters.no-name` is not a name that can be used here: must be letters, digits and underscores',
      'prepare-result-invalid prepared.conection: `prepared.conection` is not known; did you mean `connection`?',
    ].join('\n'),
  )
  assert.match(await returned('undefined'), /^prepare-result-invalid/)
  assert.match(await returned(`{ query: () => 1 }`), /prepare\.ts returned what is no plain data/)
  assert.match(await returned(`{ query: 'x'.repeat(2 ** 20) }`), /returned more than 1024 KiB/)
  assert.match(await returned(`{ refuse: 'no', query: 'a' }`), /prepared\.query` is not known/)
  assert.match(await returned(`{ get query() { throw new Error('hunter2') } }`), /no plain data$/)
})

test('what the code throws is told by its kind, and quoted nowhere', async (t) => {
  assert.equal(
    await refusal(askCode(t, `export default () => { throw new RangeError('hunter2') }`)),
    'prepare-failed spec.jobs.job.prepare: The preparing code prepare.ts threw RangeError',
  )
  assert.match(await refusal(askCode(t, `export default 7`)), /^prepare-invalid .* no function/)
  assert.match(await refusal(askCode(t, `import 'left-pad'\nexport default () => 1`)), /^prepare-invalid /)
})

test('code that waits for ever is left behind when its time is over, and when the run is stopped', async (t) => {
  const code = `export default () => new Promise(() => {})`
  assert.equal(
    await refusal(askCode(t, code, { timeoutMs: 50 })),
    'prepare-timeout spec.jobs.job.prepare: prepare.ts did not answer within 0.05 s',
  )
  const stop = new AbortController()
  const asked = askCode(t, code, { services: { signal: stop.signal } })
  stop.abort(cancelled('Enough'))
  assert.match(await refusal(asked), /^cancelled .*Enough/)
})

test('an endpoint gets the request signed, and its answer keeps every digit', async (t) => {
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
  let got: unknown
  const url = await endpoint(t, (incoming, response) => {
    const pieces: Buffer[] = []
    incoming.on('data', (piece: Buffer) => pieces.push(piece))
    incoming.on('end', () => {
      got = new Webhook(secret).verify(
        Buffer.concat(pieces).toString(),
        incoming.headers as Record<string, string>,
      )
      response.setHeader('content-type', 'application/json')
      response.end('{"query":"SELECT :n","parameters":{"n":9007199254740993}}')
    })
  })
  const resolve = (): Promise<Secret> => Promise.resolve(new Secret(secret))
  const prepared = await ask({ url, secret: 'desk' }, { services: { secrets: { resolve } } })
  assert.deepEqual(prepared, { query: 'SELECT :n', parameters: { n: 9007199254740993n } })
  const { parameters, flags, runId } = got as Record<string, unknown>
  assert.deepEqual([parameters, flags], [{ customer: 7, large: String(2n ** 60n) }, { 'new-tariff': true }])
  assert.equal(runId, 'run-1')
})

test('an endpoint that is busy is asked again under the same id, one that refuses is not', async (t) => {
  const ids: unknown[] = []
  const busy = await endpoint(t, (incoming, response) => {
    ids.push(incoming.headers['webhook-id'])
    response.statusCode = ids.length < 2 ? 503 : 200
    response.end('{"query":"SELECT 1"}')
  })
  assert.deepEqual(await ask({ url: busy, secret: undefined }), { query: 'SELECT 1' })
  assert.deepEqual(ids, ['run-1', 'run-1'])
  let asked = 0
  const refusing = await endpoint(t, (_, response) => {
    asked++
    response.statusCode = 404
    response.end('hunter2')
  })
  assert.equal(
    await refusal(ask({ url: refusing, secret: undefined })),
    'prepare-failed spec.jobs.job.prepare: http://desk/prepare answered 404',
  )
  assert.equal(asked, 1)
})

test('an endpoint that is silent, endless, elsewhere or no JSON fails in its time', async (t) => {
  const asked = (answer: RequestListener, timeoutMs?: number): Promise<string> =>
    endpoint(t, answer).then((url) =>
      refusal(ask({ url, secret: undefined }, timeoutMs === undefined ? {} : { timeoutMs })),
    )
  assert.match(await asked(() => undefined, 100), /^prepare-timeout /)
  assert.match(
    await asked((_, response) => void response.end('x'.repeat(2 ** 21))),
    /^prepare-result-invalid .*more than 1024 KiB/,
  )
  assert.match(
    await asked((_, response) => void response.end('<html>')),
    /^prepare-result-invalid .*not JSON/,
  )
  assert.match(
    await asked((_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()),
    /^prepare-failed .*answered 302/,
  )
})
