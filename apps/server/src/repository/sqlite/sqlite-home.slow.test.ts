/** What only a file has: one owner, who may be killed at any time. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import type { PlatformSpec } from '@bulkhead/contract'
import { backUpRepository } from '../back-up-repository.ts'
import { restoreRepository } from '../restore-repository.ts'
import { openRepository, type RepositoryOptions } from '../open-repository.ts'
import type { Claimed } from '../claim.ts'
import { sampleRequest } from '../suite/samples.test-support.ts'

async function folderOf(t: TestContext): Promise<RepositoryOptions> {
  const stateFolder = await mkdtemp(join(tmpdir(), 'bulkhead-repository-'))
  t.after(() => rm(stateFolder, { recursive: true }))
  return { stateFolder, memoryMs: 1_000_000_000, log: () => undefined }
}

/** @returns its lines as they come, and the process */
async function startWriter(
  t: TestContext,
  stateFolder: string,
  round: number,
): Promise<{ readonly child: ChildProcess; readonly lines: string[] }> {
  const program = join(import.meta.dirname, 'sqlite-writer.test-process.ts')
  const child = spawn(
    process.execPath,
    [
      ...process.execArgv.filter((each) => each.startsWith('--conditions')),
      program,
      stateFolder,
      String(round),
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  t.after(() => void child.kill('SIGKILL'))
  const lines: string[] = []
  let rest = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    lines.push(...parts)
  })
  while (lines.length === 0) await once(child.stdout ?? child, 'data')
  return { child, lines }
}

test('a server that is killed amid its commits has everything that it had acknowledged, and leaves the file free', async (t) => {
  const options = await folderOf(t)
  for (let round = 0; round < 3; round++) {
    const { child, lines } = await startWriter(t, options.stateFolder, round)
    while (lines.length < 150 + round * 77) await once(child.stdout ?? child, 'data')
    // another process is refused politely meanwhile
    if (round === 0)
      await assert.rejects(
        openRepository({ sqlite: {} }, options),
        (error: Error & { code: string; fix: string }) => {
          assert.equal(error.code, 'repository-in-use')
          assert.match(error.message, new RegExp(`in use by process ${child.pid} on .+, since 20`))
          assert.match(error.fix, /PostgreSQL/)
          return true
        },
      )
    child.kill('SIGKILL')
    await once(child, 'close')

    await using repository = await openRepository({ sqlite: {} }, options)
    const told = lines.filter((line) => line !== 'opened')
    assert.ok(told.length > 100)
    const { items: completed } = await repository.runs({ state: 'completed', most: 10_000 })
    const { items: waiting } = await repository.runs({ state: 'queued', most: 10_000 })
    const { items: running } = await repository.runs({ state: 'running', most: 10_000 })
    const ended = new Set(completed.map(({ runId }) => runId))
    const known = new Set([...completed, ...waiting, ...running].map(({ runId }) => runId))
    for (const line of told) {
      const [what = '', runId = ''] = line.split(' ')
      assert.ok((what === 'finished' ? ended : known).has(runId), `${line}, and it is gone`)
    }
    // nothing in between: whatever ended has its one answer
    const { items: messages } = await repository.messages({ most: 10_000 })
    assert.deepEqual(messages.map(({ runId }) => runId).toSorted(), [...ended].toSorted())
  }
})

test('two repositories of one process cannot have one file either', async (t) => {
  const options = await folderOf(t)
  await using _first = await openRepository({ sqlite: {} }, options)
  await assert.rejects(openRepository({ sqlite: {} }, options), { code: 'repository-in-use' })
})

test('a file that is closed is whole, for its owner alone to read, and has no company', async (t) => {
  const options = await folderOf(t)
  const path = join(options.stateFolder, 'deeper', 'file.sqlite')
  {
    await using repository = await openRepository({ sqlite: { path } }, options)
    await repository.accept(sampleRequest('r1'))
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  }
  assert.deepEqual((await readdir(join(path, '..'))).toSorted(), ['file.sqlite', 'file.sqlite.lock'])
  {
    await using again = await openRepository({ sqlite: { path } }, options)
    assert.equal(await again.queued('billing'), 1)
  }
})

test('who hears of a run on its way, and asks for it, is answered out of the commit that takes it', async (t) => {
  await using repository = await openRepository({ sqlite: {} }, await folderOf(t))
  const ends: string[] = []
  let claiming: Promise<Claimed> | undefined
  repository.onChange((change) => {
    if (change !== 'queued' || claiming !== undefined) return
    claiming = repository.claim({ server: 's', leaseMs: 1000, most: [{ application: 'billing', runs: 1 }] })
    void claiming.then(() => ends.push('claimed'))
  })
  const accepting = repository.accept(sampleRequest('r1')).then(() => ends.push('accepted'))
  assert.ok(claiming)
  const { runs } = await claiming
  assert.deepEqual([runs[0]?.run.requestId, ends], ['r1', ['accepted', 'claimed']])
  await accepting
})

test('what is in no hurry is kept all the same, with what follows or after a moment', async (t) => {
  const options = await folderOf(t)
  const request = sampleRequest('r1')
  const { runId } = request
  {
    await using repository = await openRepository({ sqlite: {} }, options)
    await repository.accept(request)
    const segment = { runId, epoch: 1, number: 1, text: 'a line' }
    await repository.appendLog([segment])
    void repository.appendLog([{ ...segment, number: 2 }])
    const { items } = await repository.log(runId, 0, 10)
    assert.deepEqual(
      items.map(({ number }) => number),
      [1, 2],
    )
    void repository.appendLog([{ ...segment, number: 3 }])
  }
  await using repository = await openRepository({ sqlite: {} }, options)
  const { items } = await repository.log(runId, 0, 10)
  assert.equal(items.length, 3)
})

test('a call after the end says that the repository is closed', async (t) => {
  const options = await folderOf(t)
  const repository = await openRepository({ sqlite: {} }, options)
  const last = repository.accept(sampleRequest('r1'))
  await repository[Symbol.asyncDispose]()
  assert.equal((await last).is, 'new')
  await assert.rejects(repository.queued('billing'), { code: 'repository-unavailable', kind: 'transient' })
  await repository[Symbol.asyncDispose]()
})

test('a file of a later version is refused, and one that is no database', async (t) => {
  const options = await folderOf(t)
  const path = join(options.stateFolder, 'repository.sqlite')
  await (await openRepository({ sqlite: {} }, options))[Symbol.asyncDispose]()
  const database = new DatabaseSync(path)
  database.exec(`INSERT INTO migrations VALUES ('2099-01-01-flying-tables', '2099')`)
  database.close()
  await assert.rejects(
    openRepository({ sqlite: {} }, options),
    (error: Error & { code: string; fix: string }) => {
      assert.equal(error.code, 'repository-newer')
      assert.match(error.message, /2099-01-01-flying-tables/)
      assert.match(error.fix, /version/)
      return true
    },
  )
  await writeFile(join(options.stateFolder, 'text'), 'This is a text and no database of any kind'.repeat(50))
  await assert.rejects(openRepository({ sqlite: { path: join(options.stateFolder, 'text') } }, options), {
    code: 'repository-unusable',
  })
})

test('a backup is taken beside a server that writes, and holds what it had acknowledged before', async (t) => {
  const options = await folderOf(t)
  const { child, lines } = await startWriter(t, options.stateFolder, 0)
  while (lines.length < 100) await once(child.stdout ?? child, 'data')
  const known = lines.filter((line) => line.startsWith('finished'))
  const place = { ...options, environment: {} }
  const backup = join(options.stateFolder, 'backup')
  await backUpRepository({ sqlite: {} }, place, backup)
  assert.equal((await stat(backup)).mode & 0o777, 0o600)
  const before = lines.length
  while (lines.length < before + 20) await once(child.stdout ?? child, 'data')
  child.kill('SIGKILL')
  const restored: PlatformSpec['repository'] = { sqlite: { path: join(options.stateFolder, 'restored') } }
  await restoreRepository(restored, place, backup)
  await using repository = await openRepository(restored, options)
  for (const line of known) assert.equal((await repository.run(line.split(' ')[1] ?? ''))?.state, 'completed')
  await assert.rejects(
    backUpRepository({ sqlite: { path: join(options.stateFolder, 'none') } }, place, `${backup}-2`),
    { code: 'repository-unusable' },
  )
})
