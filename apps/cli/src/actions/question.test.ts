import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { jobSchema } from '@bulkhead/contract'
import type { Application } from '@bulkhead/engine'
import { plainStyle } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { readQuestion } from './question.ts'

function terminal(...input: readonly (string | Uint8Array)[]): Terminal {
  const channel = { write: () => undefined, interactive: false, columns: Infinity, style: plainStyle }
  return {
    input: (async function* () {
      yield* await Promise.resolve(input)
    })(),
    askHidden: undefined,
    output: channel,
    messages: channel,
    environment: {},
    folder: import.meta.dirname,
    signal: new AbortController().signal,
  }
}

function application(...jobs: readonly string[]): Application {
  const job = jobSchema.parse({
    source: { connection: 'a', query: 'x' },
    parameters: { ids: { type: 'integer', list: true }, name: { type: 'string' }, open: { type: 'boolean' } },
  })
  return {
    manifest: { spec: { jobs: Object.fromEntries(jobs.map((name) => [name, job])) } },
  } as unknown as Application
}

const fails = (code: string, text: RegExp) => (error: unknown) =>
  isBulkheadError(error) && error.code === code && text.test(`${error.message} ${error.fix}`)

test('a job with parameters becomes a plain request, each value as its declaration reads it', async () => {
  const request = await readQuestion(
    { job: 'b', parameter: ['ids=1,2', 'name=a=b', 'open=true', 'other=7'], requestId: 'r-1' },
    application('a', 'b'),
    terminal(),
  )
  assert.deepEqual(request, {
    requestId: 'r-1',
    job: 'b',
    parameters: { ids: ['1', '2'], name: 'a=b', open: true, other: '7' },
  })
})

test('without an id every question is a new one', async () => {
  const ask = async (): Promise<unknown> =>
    ((await readQuestion({ job: 'a' }, application('a'), terminal())) as { requestId: string }).requestId
  assert.notEqual(await ask(), await ask())
})

test('the only job need not be named, and several have to be', async () => {
  const request = (await readQuestion({}, application('only'), terminal())) as { job: string }
  assert.equal(request.job, 'only')
  await assert.rejects(readQuestion({}, application('a', 'b'), terminal()), fails('usage', /one of: a, b/))
  await assert.rejects(readQuestion({}, application(), terminal()), fails('usage', /no jobs/))
  await assert.rejects(readQuestion({}, undefined, terminal()), fails('usage', /Nothing says what to run/))
})

test('a request on standard input arrives byte for byte, and is not read for ever', async () => {
  const text = '{"requestId": "ö", "n": 12345678901234567890}'
  const bytes = await readQuestion(
    { request: '-' },
    undefined,
    terminal(text.slice(0, 9), Buffer.from(text.slice(9))),
  )
  assert.equal(Buffer.from(bytes as Uint8Array).toString(), text)
  const block = 'x'.repeat(600_000)
  const large = (await readQuestion(
    { request: '-' },
    undefined,
    terminal(block, block, block, block),
  )) as Uint8Array
  assert.ok(large.length > 1024 * 1024 && large.length < 1_300_000)
})

test('a request file is relative to where the command was started', async () => {
  const bytes = (await readQuestion({ request: 'question.ts' }, undefined, terminal())) as Uint8Array
  assert.match(Buffer.from(bytes).toString(), /^import/)
  await assert.rejects(
    readQuestion({ request: 'nowhere.json' }, undefined, terminal()),
    fails('request-unreadable', /nowhere\.json cannot be read: ENOENT/),
  )
})

test('a request and a job at once are refused', async () => {
  for (const options of [
    { request: '-', job: 'a' },
    { request: '-', parameter: ['a=1'] },
  ])
    await assert.rejects(readQuestion(options, application('a'), terminal()), fails('usage', /alone/))
})

test('parameters are NAME=VALUE, each once', async () => {
  const ask = (...parameter: readonly string[]): Promise<unknown> =>
    readQuestion({ parameter, requestId: 'r' }, application('a'), terminal())
  assert.deepEqual(await ask('name=', 'x=y=z'), {
    requestId: 'r',
    job: 'a',
    parameters: { name: '', x: 'y=z' },
  })
  await assert.rejects(ask('a'), fails('usage', /NAME=VALUE/))
  await assert.rejects(ask('=1'), fails('usage', /NAME=VALUE/))
  await assert.rejects(ask('a=1', 'a=2'), fails('usage', /given twice/))
})
