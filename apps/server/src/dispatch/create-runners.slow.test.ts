import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LogLine } from '@bulkhead/contract'
import { rowsApplication, startDispatch } from './dispatch.test-support.ts'

test('runs a request in a runner process, and finishes it with places and no links', async (t) => {
  const dispatch = await startDispatch(t, [rowsApplication('shop')])
  const runId = await dispatch.accept('shop', { job: 'plain' })
  const run = await dispatch.ended(runId)
  assert.equal(run.state, 'completed', JSON.stringify(run.reply))
  assert.equal(run.reply?.result?.rows, 100)
  const [file] = run.reply.result.files
  assert.match(file?.location ?? '', new RegExp(`^file:///.*/${runId}/rows.csv$`))
  assert.ok(!JSON.stringify(run.reply).includes('http'))
  assert.match(await readFile(new URL(file?.location ?? ''), 'utf8'), /^id,name\n0,name 0\n/)
  assert.ok(run.delivery)
  const [link] = await dispatch.runners.sign('shop', run.revision, run.delivery)
  assert.match(link?.url ?? '', /^http:\/\/127\.0\.0\.1:1\//)
})

test('runs of an application one after the other share a warm process', async (t) => {
  const dispatch = await startDispatch(t, [rowsApplication('shop')])
  const pids = new Set<number>()
  for (let run = 0; run < 10; run++) {
    await dispatch.ended(await dispatch.accept('shop', { job: 'plain' }))
    for (const { pid } of dispatch.runners.status()) pids.add(pid)
  }
  assert.equal(pids.size, 1)
})

test('an application whose runs hang leaves processes for others, as long as there is more than one', async (t) => {
  const hang = 'export default () => new Promise(() => setInterval(() => {}, 1000))'
  for (const processes of [2, 4]) {
    const names = ['good', 'fine']
    const dispatch = await startDispatch(
      t,
      [
        rowsApplication('bad', { hang }, { policy: { limits: { concurrentRuns: 20 } } }),
        ...names.map((name) => rowsApplication(name)),
      ],
      { runners: { processes, runsPerProcess: 2, lease: 'PT30S', silence: 'PT30S' } },
    )
    const hanging = await Promise.all(
      Array.from({ length: 8 }, () => dispatch.accept('bad', { job: 'hang' })),
    )
    const held = (): number =>
      dispatch.runners.status().filter(({ application, runs }) => application === 'bad' && runs.length > 0)
        .length
    while (held() < processes / 2) await sleep(10)
    for (let run = 0; run < 6; run++) {
      const { state } = await dispatch.ended(
        await dispatch.accept(names[run % 2] ?? '', { job: 'plain' }),
        30_000,
      )
      assert.equal(state, 'completed')
      assert.equal(held(), processes / 2)
    }
    for (const id of hanging) assert.notEqual((await dispatch.repository.run(id))?.state, 'completed')
  }
})

test('runs many at a time, in no more processes than there may be, each application in its own', async (t) => {
  const names = ['a', 'b', 'c']
  const dispatch = await startDispatch(
    t,
    names.map((name) => rowsApplication(name, {}, { policy: { limits: { concurrentRuns: 20 } } })),
    { runners: { processes: 2, runsPerProcess: 4, lease: 'PT10S', silence: 'PT10S' } },
  )
  const most = { processes: 0, runs: 0 }
  const watch = setInterval(() => {
    const status = dispatch.runners.status()
    for (const { runs } of status) most.runs = Math.max(most.runs, runs.length)
    most.processes = Math.max(most.processes, status.filter(({ runs }) => runs.length > 0).length)
  }, 2)
  const ids = await Promise.all(
    Array.from({ length: 60 }, (_, index) => dispatch.accept(names[index % 3] ?? '', { job: 'plain' })),
  )
  const runs = await Promise.all(ids.map((id) => dispatch.ended(id, 30_000)))
  clearInterval(watch)
  assert.deepEqual([...new Set(runs.map(({ state }) => state))], ['completed'])
  assert.ok(most.processes <= 2, `${most.processes} processes`)
  assert.ok(most.runs <= 4 && most.runs > 1, `${most.runs} runs in one`)
  assert.ok(runs.every(({ epoch }) => epoch === 1))
})

test('what the code of an application tells the console is in the log of its run, and nowhere else', async (t) => {
  const tells = 'export default (row) => { console.log("at row %s", row.id); return row }'
  const dispatch = await startDispatch(t, [rowsApplication('shop', { tells }, {}, 2)])
  const { runId } = await dispatch.ended(await dispatch.accept('shop', { job: 'tells' }))
  const text = await dispatch.until(async () => {
    const { items } = await dispatch.repository.log(runId, 0, 10)
    return items.length === 0 ? undefined : items.map((segment) => segment.text).join('')
  }, 'Its log')
  assert.match(text, /"message":"at row 0"[^]*"message":"at row 1"/)
  assert.ok(!dispatch.logged.join('').includes('at row'))
})

test('the log of a run that failed says why, at the level of errors; one that was cancelled has none', async (t) => {
  const fails = 'export default (row) => { throw new Error("boom") }'
  const endless = 'export default async () => new Promise(() => setInterval(() => {}, 1000))'
  const application = rowsApplication('shop', { fails, endless }, {}, 2)
  const dispatch = await startDispatch(t, [application], { logLevel: 'error' })
  const linesOf = async (runId: string): Promise<LogLine[]> => {
    const { items } = await dispatch.repository.log(runId, 0, 10)
    return items.flatMap(({ text }) => JSON.parse(text) as LogLine[])
  }
  const failed = await dispatch.ended(await dispatch.accept('shop', { job: 'fails' }))
  const [line, ...others] = await dispatch.until(async () => {
    const lines = await linesOf(failed.runId)
    return lines.length === 0 ? undefined : lines
  }, 'Its log')
  const { error } = failed.reply ?? {}
  assert.ok(error)
  assert.equal(others.length, 0)
  assert.deepEqual([line?.level, line?.message], ['error', `The run failed: ${error.message}`])
  assert.equal(line?.fields?.['code'], error.code)

  const cancelled = await dispatch.accept('shop', { job: 'endless' })
  await dispatch.until(
    () => dispatch.runners.status().find(({ runs }) => runs.includes(cancelled)),
    'The beginning of the run',
  )
  await dispatch.repository.command({ runId: cancelled, command: 'cancel', actor: 'test', reason: '' })
  assert.equal((await dispatch.ended(cancelled)).state, 'cancelled')
  assert.deepEqual(await linesOf(cancelled), [])
})

const innocent = 'export default (row) => row'

/** Code that breaks its process, and how its run ends. */
const harmful = [
  ['an exit', 'export default () => process.exit(3)', /^(runner-died|internal)$/],
  ['an abort of native code', 'export default () => process.abort()', /^runner-died$/],
  ['a loop without end', 'export default () => { for (;;); }', /^runner-died$/],
  [
    'a heap that fills',
    'const kept = []; export default (row) => { for (;;) kept.push({ ...row, at: kept.length, x: [kept.length] }) }',
    /^memory-exceeded$/,
  ],
  [
    'buffers beyond its memory',
    'const kept = []; export default async (row) => { for (;;) { kept.push(Buffer.alloc(2 ** 24, 1)); await new Promise((go) => setTimeout(go, 1)) } }',
    /^memory-exceeded$/,
  ],
] as const

for (const [what, code, expected] of harmful) {
  test(`${what} in the code of an application ends its run with an answer, and no other`, async (t) => {
    const dispatch = await startDispatch(
      t,
      [
        rowsApplication(
          'bad',
          { harm: code, fine: innocent },
          {
            policy: {
              limits: { memory: expected.test('memory-exceeded') ? '192MiB' : '1GiB', concurrentRuns: 8 },
            },
          },
        ),
        rowsApplication('good'),
      ],
      // a busy machine fills a heap slowly, and renews slowly: the walls are looked at here, not the leases
      {
        runners:
          what === 'a loop without end'
            ? { attempts: 3, lease: 'PT30S', silence: 'PT4S' }
            : { attempts: 2, lease: 'PT30S', silence: 'PT30S' },
      },
    )
    const harmed = await dispatch.accept('bad', { job: 'harm' })
    const others = []
    for (let run = 0; run < 5; run++) {
      others.push(await dispatch.accept('good', { job: 'plain' }))
      others.push(await dispatch.accept('bad', { job: run % 2 === 0 ? 'plain' : 'fine' }))
    }
    for (const id of others) {
      const { state, reply } = await dispatch.ended(id, 30_000)
      assert.equal(state, 'completed', JSON.stringify(reply?.error))
    }
    const run = await dispatch.ended(harmed, 30_000)
    assert.equal(run.state, 'failed')
    assert.match(run.reply?.error?.code ?? '', expected)
    assert.deepEqual(
      (await dispatch.stored('bad')).filter((path) => path.includes(harmed)),
      [],
      'nothing of it is left',
    )
  })
}
