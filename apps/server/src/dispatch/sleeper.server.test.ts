import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { contentsOf, createBucket } from '../../../../test/support/s3.ts'
import { startDispatch, waitingCode } from './dispatch.test-support.ts'

const rows = 130_000
/** Behind the first parts of its upload, and before the last. */
const stopsAt = 120_000

test('a runner that sleeps in the middle of its upload finds it gone when it wakes up', async (t) => {
  const bucket = await createBucket(t)
  const text = 'x'.repeat(100)
  const { accessKeyId, secretAccessKey, endpoint, region } = bucket
  const dispatch = await startDispatch(
    t,
    [
      {
        name: 'shop',
        environment: 'test',
        spec: {
          connections: { inbox: { connector: 'file-records', config: { folder: './in' } } },
          stores: {
            exports: {
              connector: 's3',
              config: {
                endpoint,
                region,
                accessKeyId,
                bucket: bucket.bucket,
                secretAccessKey: { secret: 'exports-key' },
                forcePathStyle: true,
                partSize: '5MiB',
              },
            },
          },
          jobs: {
            wait: {
              source: { connection: 'inbox', query: { path: 'rows.csv', format: { type: 'delimited' } } },
              output: { format: 'csv', fileName: 'rows' },
              process: [{ map: 'wait.ts' }],
            },
          },
        },
        files: {
          'in/rows.csv': `id,name\n${Array.from({ length: rows }, (_, row) => `${row},${text}\n`).join('')}`,
          'wait.ts': waitingCode(`row.id === '${stopsAt}'`),
          'environments/test.yaml': JSON.stringify({
            apiVersion: 'bulkhead.dev/v1beta1',
            kind: 'Environment',
            spec: { env: ['WAIT_FOLDER'] },
          }),
        },
      },
    ],
    {
      // its own server must not kill it before it wakes
      runners: { lease: 'PT30S', silence: 'PT30S' },
      environment: (folder) => ({
        WAIT_FOLDER: join(folder, 'wait'),
        BULKHEAD_ALLOW_LOOPBACK: '1',
        BULKHEAD_SECRET__SHOP__EXPORTS_KEY: secretAccessKey,
      }),
    },
  )
  await mkdir(join(dispatch.folder, 'wait'))
  const runId = await dispatch.accept('shop', { job: 'wait' })
  const begun = (count: number): Promise<readonly string[]> =>
    dispatch.until(async () => {
      const told = await readFile(join(dispatch.folder, 'wait/begun'), 'utf8').catch(() => '')
      const pids = told.split('\n').filter((line) => line !== '')
      return pids.length >= count ? pids : undefined
    }, `The beginning of ${count} epochs`)

  const [pid] = await begun(1)
  await dispatch.until(async () => {
    const { uploads } = await contentsOf(bucket)
    return uploads.length === 1 ? true : undefined
  }, 'The beginning of the upload')
  process.kill(Number(pid), 'SIGSTOP')
  await dispatch.repository.lose([{ runId, epoch: 1, reason: 'a test', why: 'died' }], { attempts: 5 })
  await begun(2)
  const { uploads } = await contentsOf(bucket)
  assert.ok(
    uploads.every(({ key }) => key.startsWith(`${runId}.2/`)),
    'what epoch 1 left is gone before epoch 2 reads its first rows',
  )
  await mkdir(join(dispatch.folder, 'wait/go'))
  process.kill(Number(pid), 'SIGCONT')
  const run = await dispatch.ended(runId, 30_000)
  assert.equal(run.state, 'completed')
  assert.equal(run.reply?.result?.rows, rows)
  await dispatch.until(() => {
    try {
      process.kill(Number(pid), 0)
      return undefined
    } catch {
      return true
    }
  }, 'The end of the sleeper')
  const { objects, uploads: left } = await contentsOf(bucket)
  assert.deepEqual(left, [])
  assert.deepEqual(
    objects.map(({ key }) => key),
    [`${runId}.2/rows.csv`],
  )
})
