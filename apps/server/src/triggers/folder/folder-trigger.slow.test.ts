import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fault } from '@bulkhead/contract'
import type { Arrival } from '../../intake/intake.ts'
import { intakeTo, startFolder } from './folder.test-support.ts'

const request = (id: string): string => JSON.stringify({ requestId: id, job: 'report' })

async function folders(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), 'drop-'))
  t.after(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  const inbox = join(folder, 'inbox')
  await mkdir(inbox)
  const list = async (place: string): Promise<string[]> =>
    (await readdir(join(inbox, place)).catch((): string[] => [])).map((name) => name.replace(/^\d+-\w+~/, ''))
  return { folder, inbox, list }
}

async function until(what: string, holds: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms
  while (!(await holds())) {
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`)
    await sleep(10)
  }
}

test('takes a file that no longer grows, and moves it when its request is kept', async (t) => {
  const { folder, inbox, list } = await folders(t)
  const ids: string[] = []
  startFolder(
    t,
    folder,
    intakeTo((id) => void ids.push(id)),
    { settle: 'PT0.3S' },
  )
  await writeFile(join(inbox, 'whole.json'), request('whole'))
  const text = request('slow')
  for (const char of text) {
    await appendFile(join(inbox, 'slow.json'), char)
    await sleep(20)
    if (char !== text.at(-1)) assert.ok(!(await list('.failed')).includes('slow.json'))
  }
  await until('both are done', async () => (await list('.done')).length === 2)
  assert.deepEqual(ids, ['whole', 'slow'])
  assert.deepEqual([await list('.taken'), await list('.failed')], [[], []])
})

test('puts what is no request aside with the reason, and leaves links and other files where they are', async (t) => {
  const { folder, inbox, list } = await folders(t)
  const ids: string[] = []
  await writeFile(join(folder, 'outside.json'), request('outside'))
  await symlink(join(folder, 'outside.json'), join(inbox, 'link.json'))
  await mkdir(join(inbox, 'folder.json'))
  await writeFile(join(inbox, '.hidden.json'), request('hidden'))
  await writeFile(join(inbox, 'notes.txt'), 'notes')
  await writeFile(join(inbox, 'broken.json'), '{"requestId": "b"')
  await writeFile(join(inbox, 'large.json'), `{"requestId":"large","context":"${'x'.repeat(1024 * 1024)}"}`)
  await writeFile(join(inbox, 'latin.json'), Buffer.from('{"requestId":"caf\xe9"}', 'latin1'))
  await writeFile(join(inbox, 'wrong.json'), '{"requestId":"w","job":7}')
  await writeFile(join(inbox, 'good.json'), request('good'))
  startFolder(
    t,
    folder,
    intakeTo((id) => void ids.push(id)),
  )
  const failed = ['broken.json', 'large.json', 'latin.json', 'wrong.json']
  const expected = failed.flatMap((name) => [name, `${name}.error`])
  await until(
    'all are settled',
    async () => (await list('.failed')).length === expected.length && ids.length > 0,
  )
  assert.deepEqual(
    (await list('.failed')).toSorted((a, b) => a.localeCompare(b)),
    expected,
  )
  const errors = (await readdir(join(inbox, '.failed'))).filter((name) => name.endsWith('.error'))
  const reasons = await Promise.all(
    errors.map(async (name) => JSON.parse(await readFile(join(inbox, '.failed', name), 'utf8')) as unknown),
  )
  assert.ok(reasons.every((reason) => typeof (reason as { message: unknown }).message === 'string'))
  assert.deepEqual(ids, ['good'])
  const left = ['.done', '.failed', '.hidden.json', '.taken', 'folder.json', 'link.json', 'notes.txt']
  assert.deepEqual(
    (await readdir(inbox)).toSorted((a, b) => a.localeCompare(b)),
    left,
  )
})

test('gives a request without an id one of its name and content', async (t) => {
  const { folder, inbox, list } = await folders(t)
  const ids: string[] = []
  startFolder(
    t,
    folder,
    intakeTo((id) => void ids.push(id)),
  )
  const drop = async (name: string, text: string): Promise<void> => {
    const before = (await list('.done')).length
    await writeFile(join(inbox, name), text)
    await until('it is done', async () => (await list('.done')).length > before)
  }
  await drop('a.json', '{"job":"report"}')
  await drop('a.json', '{"job":"report"}')
  await drop('a.json', '{"job":"other"}')
  await drop(`${'b'.repeat(245)}.json`, '{"job":"report"}')
  assert.equal(ids[0], ids[1])
  assert.equal(new Set(ids).size, 3)
  assert.match(ids[0] ?? '', /^[0-9a-f]{64}$/)
})

test('waits for room in the queue, and says why', async (t) => {
  const { folder, inbox, list } = await folders(t)
  let full = true
  const arrivals: Arrival[] = []
  const trigger = startFolder(
    t,
    folder,
    intakeTo((_, arrival) => {
      if (full) throw fault('queue-full', '5 runs of the application "shop" wait, and no more may')
      arrivals.push(arrival)
    }),
  )
  await writeFile(join(inbox, 'a.json'), request('a'))
  await until('it waits', () => trigger.status().reason?.endsWith('no more may') === true)
  assert.equal(trigger.status().isReady, true)
  full = false
  await until('it is done', async () => (await list('.done')).length === 1)
  assert.deepEqual(
    arrivals.map(({ actor, application }) => [actor, application]),
    [['folder:drop', 'shop']],
  )
})

test('files that are over go when logs go, and nothing else does', async (t) => {
  const { folder, inbox, list } = await folders(t)
  for (const place of ['.taken', '.done', '.failed']) await mkdir(join(inbox, place))
  const old = `${Date.now() - 15 * 86_400_000}-0a0a0a0a~`
  const recent = `${Date.now() - 13 * 86_400_000}-0b0b0b0b~`
  for (const claim of [old, recent]) {
    await writeFile(join(inbox, '.done', `${claim}a.json`), request('a'))
    await writeFile(join(inbox, '.failed', `${claim}b.json`), 'broken')
    await writeFile(join(inbox, '.failed', `${claim}b.json.error`), '{}')
  }
  await writeFile(join(inbox, '.done', 'mine.txt'), 'of somebody else')
  startFolder(
    t,
    folder,
    intakeTo(() => undefined),
  )
  await until('the old ones are gone', async () => (await readdir(join(inbox, '.failed'))).length === 2)
  await writeFile(join(inbox, 'new.json'), request('new'))
  await until('it goes on', async () => (await list('.done')).length === 3)
  const left = await readdir(join(inbox, '.done'))
  assert.ok(left.includes('mine.txt') && left.includes(`${recent}a.json`) && !left.includes(`${old}a.json`))
})

test('is not ready while its folder cannot be used', async (t) => {
  const { folder, inbox } = await folders(t)
  await symlink(tmpdir(), join(inbox, '.done'))
  const trigger = startFolder(
    t,
    folder,
    intakeTo(() => undefined),
  )
  await until('it says so', () => !trigger.status().isReady)
  assert.match(trigger.status().reason ?? '', /cannot be used \(\.done is no folder\)$/)
})

test('loses no file and adds none, wherever a server is killed', async (t) => {
  const { folder, inbox, list } = await folders(t)
  const file = join(folder, 'ids')
  const count = 300
  for (let number = 0; number < count; number++)
    await writeFile(join(inbox, `r-${number}.json`), request(`r-${number}`))
  const script = join(import.meta.dirname, 'folder-reader.test-process.ts')
  const readers = 8
  for (let round = 0; round < readers; round++) {
    const reader = spawn(process.execPath, ['--conditions=@bulkhead/source', script, folder, file], {
      stdio: 'inherit',
    })
    const exited = once(reader, 'exit')
    const last = round === readers - 1
    const taken = async (): Promise<number> =>
      (await readFile(file, 'utf8').catch(() => '')).split('\n').length
    const before = await taken()
    await until(
      'it takes some',
      async () => (await taken()) > before || (await list('.done')).length === count,
    )
    if (last) await until('all are done', async () => (await list('.done')).length === count)
    else await sleep(Math.random() * 40)
    reader.kill('SIGKILL')
    await exited
  }
  const ids = (await readFile(file, 'utf8')).trim().split('\n')
  assert.equal(new Set(ids).size, count)
  assert.deepEqual([await list('.taken'), await list('.failed')], [[], []])
  assert.equal(new Set(await list('.done')).size, count)
  t.diagnostic(`${ids.length - count} files of ${count} were taken twice, under the same id`)
})
