import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { ConnectorDefinition } from '@bulkhead/connector-sdk'
import { csvBytes, memoryRun, type MemoryRunOptions, rows } from '../../../../test/support/memory-run.ts'
import type { RunContext } from './run-context.ts'
import { runPlan, type RunResult } from './run.ts'

/** A run whose source fetches files of another connection, and yields a row for each. */
async function runFetching(
  t: TestContext,
  connection: string,
  bucket: MemoryRunOptions,
  temporaryBytes = 1000,
): Promise<{ result: Promise<RunResult>; fetched: Map<string, string>; root: string }> {
  const root = await mkdtemp(join(tmpdir(), 'bulkhead-fetch-'))
  t.after(() => rm(root, { recursive: true }))
  const other = memoryRun(bucket)
  const fetched = new Map<string, string>()
  const reader = memoryRun()
  const store = await reader.context.load(reader.plan.store.connector)
  const remote = await other.context.load(other.plan.source.connector)
  const definition: ConnectorDefinition<unknown> = {
    ...remote,
    source: {
      ...remote.source!,
      open: (context) =>
        Promise.resolve({
          check: () => Promise.resolve(''),
          async prepare(_read, signal) {
            for (const path of await context.fetchFiles(connection, { prefix: 'in/' }, signal))
              fetched.set(path, await readFile(path, 'utf8'))
            return {
              fields: [{ name: 'a', type: { kind: 'text' }, nullable: true }],
              consistency: 'none',
              async *read() {
                for (const content of fetched.values()) yield rows(content)
              },
              async [Symbol.asyncDispose]() {},
            }
          },
          async [Symbol.asyncDispose]() {},
        }),
    },
  }
  const remoteConnection = {
    ...other.plan.source,
    name: 'bucket',
    connector: { ...other.plan.source.connector, name: 'remote' },
  }
  const plan = {
    ...reader.plan,
    source: { ...reader.plan.source, reachable: { bucket: remoteConnection } },
    limits: { ...reader.plan.limits, temporaryBytes },
  }
  const load: RunContext['load'] = (entry) =>
    Promise.resolve({ 'memory-source': definition, remote }[entry.name] ?? store)
  const result = runPlan(plan, { ...reader.context, load, temporaryRoot: root })
  result.catch(() => undefined)
  return { result, fetched, root }
}

test('copies files of another connection, in order, with their endings, and removes them at the end', async (t) => {
  const { result, fetched, root } = await runFetching(t, 'bucket', {
    batches: [
      csvBytes('one', 'in/x.csv.gz'),
      csvBytes(' more', 'in/x.csv.gz'),
      csvBytes('two', 'in/sub/x.csv.gz'),
      csvBytes('three', '../../etc/..passwd'),
      csvBytes('four', 'in/ü b\u202e.parquet'),
    ],
  })
  assert.equal((await result).rows, 4)
  assert.deepEqual([...fetched.values()], ['one more', 'two', 'three', 'four'])
  assert.deepEqual(
    [...fetched.keys()].map((path) => path.split('/').slice(-2).join('/')),
    ['0/x.csv.gz', '1/x.csv.gz', '2/passwd', '3/__b_.parquet'],
  )
  assert.ok([...fetched.keys()].every((path) => path.startsWith(`${root}/`)))
  assert.deepEqual(await readdir(root), [])
})

test('stops at the limit of temporary space, and removes what it has', async (t) => {
  const { result, root } = await runFetching(
    t,
    'bucket',
    { batches: [csvBytes('x'.repeat(60), 'a'), csvBytes('y'.repeat(60), 'b')] },
    100,
  )
  await assert.rejects(result, { code: 'temporary-space-exhausted' })
  assert.deepEqual(await readdir(root), [])
})

test('reaches no connection that the plan does not list', async (t) => {
  const { result } = await runFetching(t, 'ledger', {})
  await assert.rejects(result, { code: 'connection-unknown', kind: 'config' })
})
