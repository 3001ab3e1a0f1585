import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setImmediate, setTimeout as sleep } from 'node:timers/promises'
import { BulkheadError, cancelled, type ErrorKind } from '@bulkhead/connector-sdk'
import { csvBytes, memoryRun, type MemoryRun, rows } from '../../../../test/support/memory-run.ts'
import { runPlan, type RunResult } from './run.ts'

function start(run: MemoryRun): Promise<RunResult> {
  return runPlan(run.plan, run.context)
}

async function failure(run: MemoryRun): Promise<BulkheadError> {
  return start(run).then(
    () => assert.fail('it should have failed'),
    (error: unknown) => error as BulkheadError,
  )
}

function isClean(run: MemoryRun): void {
  assert.equal(run.open(), 0, 'an upload is left')
  assert.deepEqual([...run.objects.keys()], [], 'an object is left')
  for (const opened of ['source', 'store'])
    if (run.steps.includes(`${opened}.opened`))
      assert.ok(run.steps.includes(`${opened}.close`), `${opened} is open`)
}

function fault(kind: ErrorKind, code = `memory-${kind}`): BulkheadError {
  return new BulkheadError({ kind, code, message: `A fault of kind ${kind}` })
}

function content(run: MemoryRun, key = 'run-1/result.csv'): string {
  return String(run.objects.get(key))
}

test('reads, writes, and says what it made', async () => {
  const run = memoryRun({ batches: [rows('one', 'two'), rows('three')] })
  const { phases, ...result } = await start(run)
  assert.equal(content(run), 'a\none\ntwo\nthree\n')
  assert.deepEqual(
    phases.map(({ name, startMs, endMs }) => [name, endMs >= startMs]),
    [
      ['connector', true],
      ['upload', true],
    ],
  )
  assert.deepEqual(
    { ...result, files: result.files.map(({ sha256, ...file }) => ({ ...file, sha256: sha256.length })) },
    {
      status: 'completed',
      rows: 3,
      bytes: 16,
      rejected: 0,
      files: [
        {
          name: 'result.csv',
          rows: 3,
          bytes: 16,
          sha256: 64,
          contentType: 'text/csv; charset=utf-8',
          objectContentType: 'text/csv; charset=utf-8',
          stored: { key: 'run-1/result.csv', location: 'memory://run-1/result.csv', bytes: 16 },
        },
      ],
      manifest: undefined,
      consistency: 'snapshot',
      connection: 'source',
      attempts: 1,
      warnings: [],
    },
  )
  assert.deepEqual(run.progress.at(-1), { rows: 3, bytes: 16 })
})

test('fails before the first row when one moment is demanded, and the extract is none', async () => {
  for (const [mustBeOneMoment, consistency, fails] of [
    [true, 'none', true],
    [true, 'snapshot', false],
    [false, 'none', false],
  ] as const) {
    const { source } = memoryRun().plan
    const run = memoryRun({ plan: { source: { ...source, mustBeOneMoment } }, consistency })
    if (!fails) {
      assert.equal((await start(run)).consistency, consistency)
      continue
    }
    await assert.rejects(start(run), { code: 'guarantee-unreachable', path: source.queryPath })
    assert.deepEqual([run.objects.size, run.open()], [0, 0])
  }
})

test('makes a file of a result without rows', async () => {
  const run = memoryRun()
  const result = await start(run)
  assert.equal(content(run), 'a\n')
  assert.equal(result.rows, 0)
})

test('counts no rows of a file that is copied unread', async () => {
  const copy = (text: string, file: string) => ({ ...csvBytes(text, file), rows: null })
  const run = memoryRun({ batches: [copy('x', 'in/a.bin'), copy('y', 'in/a.bin'), copy('z', 'b.bin')] })
  const plan = { ...run.plan, output: { ...run.plan.output, format: 'binary' as const } }
  const result = await runPlan(plan, run.context)
  assert.equal(result.rows, null)
  assert.deepEqual(
    result.files.map(({ name, rows: count, bytes }) => [name, count, bytes]),
    [
      ['in/a.bin', null, 2],
      ['b.bin', null, 1],
    ],
  )
  assert.equal(content(run, 'run-1/in/a.bin'), 'xy')
})

test('splits a result and lists the files in a manifest, which is written last', async () => {
  const run = memoryRun({ batches: [rows('1', '2', '3')], partBytes: 1024 })
  const plan = { ...run.plan, output: { ...run.plan.output, split: { rows: 2, bytes: undefined } } }
  const result = await runPlan(plan, run.context)
  assert.deepEqual(
    result.files.map(({ name, rows: count }) => [name, count]),
    [
      ['result-00001.csv', 2],
      ['result-00002.csv', 1],
    ],
  )
  assert.equal(result.manifest?.name, 'result.manifest.json')
  const creations = run.steps.filter((step) => step.startsWith('store.create'))
  assert.equal(creations.at(-1), 'store.create run-1/result.manifest.json')
  assert.equal((JSON.parse(content(run, 'run-1/result.manifest.json')) as { rows: number }).rows, 3)
})

for (const step of [
  'source.open',
  'store.open',
  'source.prepare',
  'source.read 1',
  'source.read 2',
  'source.end',
  'store.create run-1/result.csv',
  'store.part 1',
  'store.complete',
]) {
  test(`leaves nothing behind after a fault at ${step}`, async () => {
    const run = memoryRun({
      batches: [rows('x'.repeat(40)), rows('y'.repeat(40))],
      at: (current) => {
        if (current === step) throw fault('config')
      },
    })
    assert.equal((await failure(run)).code, 'memory-config')
    isClean(run)
  })
}

test('removes complete files of a result that fails later', async () => {
  const run = memoryRun({
    batches: [rows('1'), rows('2'), rows('3')],
    at: (step) => {
      if (step === 'source.read 3') throw fault('environment')
    },
  })
  const plan = { ...run.plan, output: { ...run.plan.output, split: { rows: 1, bytes: undefined } } }
  await assert.rejects(runPlan(plan, run.context), { kind: 'environment' })
  assert.ok(run.steps.includes('store.remove run-1/result-00001.csv'))
  isClean(run)
})

test('tries again after a transient fault, and shows one result', async () => {
  let reads = 0
  const run = memoryRun({
    batches: [rows('one'), rows('two')],
    at: (step) => {
      if (step === 'source.read 2' && ++reads < 3) throw fault('transient')
    },
  })
  const result = await start(run)
  assert.equal(result.attempts, 3)
  assert.equal(result.rows, 2)
  assert.equal(content(run), 'a\none\ntwo\n')
  assert.equal(run.objects.size, 1)
  assert.equal(run.open(), 0)
  assert.equal(run.slept.length, 2)
  assert.match(run.logged.join('\n'), /Attempt 1 failed, another follows/)
})

test('gives up when the attempts are used up, with the last error', async () => {
  const run = memoryRun({
    at: (step) => {
      if (step === 'source.open') throw fault('throttled')
    },
  })
  assert.equal((await failure(run)).kind, 'throttled')
  assert.equal(run.steps.filter((step) => step === 'source.open').length, 3)
  isClean(run)
})

test('does not try again after other faults', async () => {
  for (const kind of ['config', 'auth', 'policy', 'environment', 'record', 'bug'] as const) {
    const run = memoryRun({
      at: (step) => {
        if (step === 'source.read 1') throw fault(kind)
      },
      batches: [rows('x')],
    })
    assert.equal((await failure(run)).kind, kind)
    assert.deepEqual(run.slept, [])
  }
})

test('stops waiting for the next attempt when it is cancelled', async () => {
  const stop = new AbortController()
  const run = memoryRun({
    signal: stop.signal,
    at: () => {
      throw fault('transient')
    },
    context: {
      clock: {
        now: () => 0,
        sleep: (_, signal) => {
          stop.abort(cancelled())
          signal.throwIfAborted()
          return Promise.resolve()
        },
      },
    },
  })
  assert.equal((await failure(run)).kind, 'cancelled')
})

test('takes the truer error of whoever knows one', async () => {
  const run = memoryRun({
    at: () => {
      throw fault('transient')
    },
    context: {
      diagnose: (error) => (error.kind === 'transient' ? fault('policy', 'network-refused') : undefined),
    },
  })
  assert.equal((await failure(run)).code, 'network-refused')
  assert.deepEqual(run.slept, [])
})

test('is cancelled at any step, and leaves nothing behind', async () => {
  for (const step of [
    'source.open',
    'store.open',
    'source.prepare',
    'source.read 1',
    'store.part 1',
    'store.complete',
  ]) {
    const stop = new AbortController()
    const run = memoryRun({
      batches: [rows('x'.repeat(40))],
      signal: stop.signal,
      at: (current, signal) => {
        if (current !== step) return
        stop.abort(cancelled('Stopped by SIGTERM'))
        signal.throwIfAborted()
      },
    })
    const error = await failure(run)
    assert.equal(error.kind, 'cancelled', step)
    assert.equal(error.message, 'Stopped by SIGTERM')
    isClean(run)
  }
})

/** Cancels a run that hangs, and tells how long it took to end, in time that passes by itself. */
async function timeToStop(t: TestContext, hangs: RegExp): Promise<{ run: MemoryRun; tookMs: number }> {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const stop = new AbortController()
  const run = memoryRun({
    batches: [rows('x'.repeat(100))],
    signal: stop.signal,
    at: (step) => (hangs.test(step) ? new Promise(() => undefined) : undefined),
  })
  let ended = false
  const running = failure(run).finally(() => (ended = true))
  for (let turn = 0; turn < 50; turn++) await setImmediate()
  stop.abort(cancelled())
  let tookMs = 0
  for (; !ended && tookMs < 60_000; tookMs += 50) {
    t.mock.timers.tick(50)
    for (let turn = 0; turn < 5; turn++) await setImmediate()
  }
  assert.equal((await running).kind, 'cancelled')
  return { run, tookMs }
}

test('is cancelled although a connector ignores it, within its grace', async (t) => {
  const { run, tookMs } = await timeToStop(t, /^source.read 1/)
  assert.ok(tookMs >= 4_000 && tookMs < 5_000, `${tookMs} ms`)
  isClean(run)
})

test('is cancelled within ten seconds although everything hangs, cleaning up too', async (t) => {
  const { tookMs } = await timeToStop(t, /read|part|close|abort/)
  assert.ok(tookMs < 9_700, `${tookMs} ms`)
})

test('takes a source that ends quietly when it is stopped for stopped, not for done', async () => {
  const stop = new AbortController()
  const run = memoryRun({
    signal: stop.signal,
    batches: async function* () {
      yield rows('one')
      stop.abort(cancelled())
    },
  })
  assert.equal((await failure(run)).kind, 'cancelled')
  isClean(run)
})

test('fails a result with more rows than allowed, asking for one row more', async () => {
  const limits = { rows: 2, bytes: undefined, timeMs: 60_000, temporaryBytes: 0 }
  const fits = memoryRun({ batches: [rows('1', '2')], plan: { limits } })
  assert.equal((await start(fits)).rows, 2)
  assert.equal(fits.reads[0]?.maxRows, 3)
  const tooMany = memoryRun({ batches: [rows('1', '2', '3')], plan: { limits } })
  const error = await failure(tooMany)
  assert.equal(error.code, 'result-too-large')
  assert.match(error.message, /more than 2 rows/)
  isClean(tooMany)
})

test('asks for no more rows than a sheet of Excel has, and one to tell', async () => {
  const started = memoryRun({ batches: [rows('1')] })
  const output = { ...started.plan.output, format: 'xlsx', compression: 'gzip', fileName: 'a.xlsx' } as const
  const run = memoryRun({ batches: [rows('1')], plan: { output } })
  assert.equal((await start(run)).rows, 1)
  assert.equal(run.reads[0]?.maxRows, 1_048_576)
  const split = memoryRun({
    batches: [rows('1')],
    plan: { output: { ...output, split: { rows: 1000, bytes: undefined } } },
  })
  await start(split)
  assert.equal(split.reads[0]?.maxRows, undefined)
})

test('refuses more rows than a sheet of Excel has before the first is asked for, where the source knows', async () => {
  const { output } = memoryRun({ batches: [] }).plan
  const sheet = { ...output, format: 'xlsx', compression: 'gzip', fileName: 'a.xlsx' } as const
  const batches = async function* () {
    yield* []
    assert.fail('a row was asked for')
  }
  const run = memoryRun({ batches, rows: 1_048_576, plan: { output: sheet } })
  const error = await failure(run)
  assert.deepEqual([error.code, error.message.includes('1048575 rows')], ['xlsx-limit-exceeded', true])
  isClean(run)
  for (const plan of [{ output }, { output: { ...sheet, split: { rows: 1000, bytes: undefined } } }])
    assert.equal((await start(memoryRun({ batches: [rows('1')], rows: 1_048_576, plan }))).rows, 1)
  assert.equal(
    (await start(memoryRun({ batches: [rows('1')], rows: 1_048_575, plan: { output: sheet } }))).rows,
    1,
  )
})

test('refuses columns that the format cannot have before the first row is asked for', async () => {
  const text = (name: string) => ({ name, type: { kind: 'text' }, nullable: true }) as const
  for (const [format, fields, code] of [
    ['jsonl', [text('a'), text('a')], 'column-duplicate'],
    ['parquet', [text('a'), text('a')], 'column-duplicate'],
    ['avro', [text('a b'), text('a_b')], 'column-duplicate'],
    ['xlsx', Array.from({ length: 16_385 }, (_, index) => text(String(index))), 'xlsx-limit-exceeded'],
  ] as const) {
    const { output } = memoryRun({ batches: [] }).plan
    const run = memoryRun({
      fields,
      plan: { output: { ...output, format } },
      // oxlint-disable-next-line require-yield -- it must not come so far
      batches: async function* () {
        assert.fail('a row was asked for')
      },
    })
    assert.equal((await failure(run)).code, code)
    isClean(run)
  }
})

test('limits the rows of the result and not of the read where code decides what becomes of a row', async () => {
  const limits = { rows: 1, bytes: undefined, timeMs: 60_000, temporaryBytes: 0 }
  const run = memoryRun({ batches: [rows('1')], plan: { limits } })
  const skipping = { validate: { schema: 'x.json', onInvalid: 'skip' as const } }
  const application = {
    name: 'memory',
    folder: '/',
    files: new Map([['x.json', { path: 'x.json', bytes: Buffer.from('{"type":"object"}'), sha256: '' }]]),
  }
  await runPlan({ ...run.plan, process: [skipping] }, { ...run.context, application })
  assert.equal(run.reads[0]?.maxRows, undefined)
})

test('fails a result with more bytes than allowed, over all its files', async () => {
  const limits = { rows: undefined, bytes: 10, timeMs: 60_000, temporaryBytes: 0 }
  const run = memoryRun({ batches: [rows('123'), rows('456')], plan: { limits } })
  const plan = { ...run.plan, output: { ...run.plan.output, split: { rows: 1, bytes: undefined } } }
  await assert.rejects(runPlan(plan, run.context), {
    code: 'result-too-large',
    message: /more than 10 bytes/,
  })
  isClean(run)
})

test('fails a run that takes too long', async () => {
  const limits = { rows: undefined, bytes: undefined, timeMs: 50, temporaryBytes: 0 }
  const run = memoryRun({
    batches: async function* (signal) {
      yield rows('x')
      await sleep(10_000, undefined, { signal })
    },
    plan: { limits },
  })
  const error = await failure(run)
  assert.equal(error.code, 'run-too-long')
  assert.equal(error.kind, 'policy')
  isClean(run)
})

test('reads no further than the store has taken', async () => {
  let taken = 0
  const read: number[] = []
  const gate = Promise.withResolvers<void>()
  const run = memoryRun({
    partBytes: 8,
    batches: async function* () {
      for (let number = 1; number <= 20; number++) {
        read.push(number)
        yield rows('1234567') // one part
      }
    },
    at: async (step) => {
      if (step.startsWith('store.part')) {
        taken++
        await gate.promise
      }
    },
  })
  const running = start(run)
  await sleep(50)
  assert.ok(taken <= 2, `${taken} parts were under way`)
  assert.ok(read.length <= 5, `${read.length} batches were read`)
  gate.resolve()
  assert.equal((await running).rows, 20)
})

test('closes what it opened, the source before the store, also when closing fails', async () => {
  const run = memoryRun({
    batches: [rows('1')],
    at: (step) => {
      if (step.endsWith('.close')) throw new Error('no way to close')
    },
  })
  assert.equal((await start(run)).status, 'completed')
  assert.deepEqual(
    run.steps.filter((step) => step.endsWith('.close')),
    ['extract.close', 'source.close', 'store.close'],
  )
  assert.match(run.logged.join('\n'), /Closing "source" failed/)
})

test('says nothing of an error that is none of ours but that there was one', async () => {
  const run = memoryRun({
    at: (step) => {
      if (step === 'source.prepare') throw new TypeError('row 7 holds hunter2')
    },
  })
  const error = await failure(run)
  assert.equal(error.code, 'internal')
  assert.equal(error.kind, 'bug')
  assert.ok(!error.message.includes('hunter2'))
  assert.ok(error.cause instanceof TypeError)
})

test('calls a full disk by its name, wherever it is found in the error', async () => {
  const run = memoryRun({
    at: (step) => {
      if (step === 'store.part 1')
        throw new Error('write failed', { cause: Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }) })
    },
    batches: [rows('x')],
  })
  assert.equal((await failure(run)).code, 'disk-full')
})

test("stops although the application's code waits for what never comes", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-run-'))
  t.after(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'map.ts'), 'export default () => new Promise(() => {})')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const stop = new AbortController()
  const run = memoryRun({ batches: [rows('1')], signal: stop.signal })
  const running = runPlan(
    { ...run.plan, process: [{ map: 'map.ts' }] },
    { ...run.context, application: { name: 'memory', folder, files: new Map() } },
  )
  let ended = false
  running.catch(() => (ended = true))
  while (!run.steps.includes('source.read 1')) await setImmediate()
  for (let turn = 0; turn < 20; turn++) await setImmediate()
  stop.abort(cancelled())
  while (!ended) {
    t.mock.timers.tick(500)
    await setImmediate()
  }
  await assert.rejects(running, { kind: 'cancelled' })
  isClean(run)
})

test('passes rows through select, map and validate, and ends with errors when rows were left out', async () => {
  const run = memoryRun({ batches: [rows('1', 'two', '3'), rows('four', 'five', 'six')] })
  const schema = { type: 'object', properties: { a: { type: 'string', pattern: '^[0-9]+$' } } }
  const result = await runPlan(
    { ...run.plan, process: [{ validate: { schema: 'x.json', onInvalid: 'skip' } }, { select: ['a'] }] },
    {
      ...run.context,
      application: {
        name: 'memory',
        folder: '/',
        files: new Map([
          ['x.json', { path: 'x.json', bytes: Buffer.from(JSON.stringify(schema)), sha256: '' }],
        ]),
      },
    },
  )
  assert.equal(result.status, 'completed-with-errors')
  assert.equal(result.rows, 2)
  assert.equal(result.rejected, 4)
  assert.equal(content(run), 'a\n1\n3\n')
  assert.equal(result.warnings.length, 4)
  assert.match(result.warnings[0] ?? '', /^Row 2 was left out: column "a"/)
  assert.equal(result.warnings[3], '1 more row was left out')
})
