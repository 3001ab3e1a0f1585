/** Results as files, written by a made-up Athena into a real S3 server. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { defaultCsv, isBulkheadError } from '@bulkhead/connector-sdk'
import { readFiles, readRequest, testContext } from '@bulkhead/connector-sdk/testing'
import { createBucket } from '../../../../test/support/s3.ts'
import connector from '../index.ts'
import { settingsFor, startFakeAthena } from '../testing/fake-athena.ts'
import type { FakeQuery } from '../testing/fake-results.ts'

const output = { format: 'binary', csv: defaultCsv } as const

interface Unloaded {
  readonly files: Readonly<Record<string, string>>
  readonly statements: readonly string[]
}

async function unloaded(
  t: TestContext,
  answer: FakeQuery,
  unload: Readonly<Record<string, unknown>> | undefined = {},
  query = 'SELECT 1 WHERE a = :a',
): Promise<Unloaded> {
  const bucket = await createBucket(t)
  const fake = await startFakeAthena(t, bucket)
  fake.answer = () => answer
  const location = `s3://${bucket.bucket}/unload`
  const config = connector.config.parse({
    ...settingsFor(fake, bucket),
    pollFirst: 'PT0.05S',
    ...(unload === undefined ? {} : { unload: { location, ...unload } }),
  })
  const context = testContext({ config })
  await using source = (await connector.source?.open(context)) ?? assert.fail()
  const parameters: Record<string, string> = query.includes(':a') ? { a: 'x' } : {}
  await using extract = await source.prepare(
    readRequest({ query, parameters }, 'bytes', { output }),
    context.signal,
  )
  assert.deepEqual(extract.fields, [])
  const files = [...(await readFiles(extract, context.signal))].map(
    ([name, file]) => [name, file.toString()] as const,
  )
  const statements = fake.calls.flatMap(({ input }) => (input['QueryString'] === undefined ? [] : [input]))
  return {
    files: Object.fromEntries(files),
    statements: statements.map(({ QueryString, ExecutionParameters }) =>
      JSON.stringify([
        String(QueryString)
          .replace(location, 'LOCATION')
          .replace(/[0-9a-f-]{36}/, 'ID'),
        ExecutionParameters,
      ]),
    ),
  }
}

const isCode = (code: string) => (error: unknown) => isBulkheadError(error) && error.code === code

test('copies the files that Athena wrote, under their names with an ending', async (t) => {
  const files = { b: Buffer.from('two'), a: Buffer.from('one'), 'c.gz': Buffer.from('three') }
  const read = await unloaded(t, { files }, { format: 'JSON', compression: 'GZIP' })
  assert.deepEqual(read.files, { 'a.json': 'one', 'b.json': 'two', 'c.gz': 'three' })
  const sql =
    "UNLOAD (\nSELECT 1 WHERE a = ?\n)\nTO 'LOCATION/ID/'\nWITH (format = 'JSON', compression = 'GZIP')"
  assert.deepEqual(read.statements, [JSON.stringify([sql, ["'x'"]])])
})

test('a query without rows is an error, as there is no file', async (t) => {
  await assert.rejects(unloaded(t, { files: {} }), isCode('athena-nothing-unloaded'))
})

test('files elsewhere are not copied, whatever the list says', async (t) => {
  for (const name of ['../other', 'a/b', '"x'])
    await assert.rejects(unloaded(t, { files: { [name]: Buffer.from('x') } }), isCode('athena-protocol'))
})

test('only a SELECT becomes files, and only with a place for them', async (t) => {
  await assert.rejects(unloaded(t, {}, {}, 'SHOW TABLES'), isCode('athena-not-a-query'))
  const bucket = await createBucket(t)
  const fake = await startFakeAthena(t, bucket)
  const context = testContext({ config: connector.config.parse(settingsFor(fake, bucket)) })
  await using source = (await connector.source?.open(context)) ?? assert.fail()
  const request = readRequest({ query: 'SELECT 1' }, 'bytes', { output })
  await assert.rejects(source.prepare(request, context.signal), isCode('athena-settings-invalid'))
  assert.equal(fake.begun(), 0)
})
