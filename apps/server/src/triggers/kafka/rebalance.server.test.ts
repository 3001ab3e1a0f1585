import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTopic } from '../../../../../test/support/kafka.ts'
import { committedOffsets, memoryIntake, produce, startTrigger, until } from './topic.test-support.ts'

const partitions = 6

test('loses nothing when servers come, and one is killed in the middle, and takes little twice', async (t) => {
  const topic = await createTopic(t, { partitions })
  const folder = await mkdtemp(join(tmpdir(), 'rebalance-'))
  t.after(() => rm(folder, { recursive: true }))
  const group = `group-${topic.topic}`
  const file = join(folder, 'ids')
  const readers: ChildProcess[] = []
  const startReader = (): ChildProcess => {
    const script = join(import.meta.dirname, 'topic-reader.test-process.ts')
    const reader = spawn(
      process.execPath,
      ['--conditions=@bulkhead/source', script, JSON.stringify(topic), group, file],
      { stdio: ['ignore', 'inherit', 'inherit'] },
    )
    readers.push(reader)
    t.after(async () => {
      if (reader.exitCode !== null || reader.signalCode !== null) return
      reader.kill('SIGKILL')
      await once(reader, 'exit')
    })
    return reader
  }
  const taken = async (): Promise<string[]> =>
    (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((id) => id !== '')
  let sent = 0
  const send = async (count: number): Promise<void> => {
    const messages = Array.from({ length: count }, () => {
      const number = sent++
      return { value: JSON.stringify({ requestId: `r-${number}` }), partition: number % partitions }
    })
    await produce(topic, messages)
  }

  const first = startReader()
  await send(600)
  await until('the first one reads', async () => (await taken()).length > 100)
  // a second one comes while the first is at work
  startReader()
  const { intake, ids } = memoryIntake()
  for (let round = 0; round < 5; round++) await send(300)
  // a third one, in this process, while the group is being divided
  startTrigger(t, topic, intake, { group })
  await until('the third one has its part', async () => {
    await send(30)
    return ids.length > 0
  })
  await send(600)
  first.kill('SIGKILL')
  await once(first, 'exit')
  await send(600)
  const all = async (): Promise<string[]> => [...(await taken()), ...ids]
  await until('all are taken', async () => new Set(await all()).size === sent, 40_000)
  const expected = Array.from({ length: sent }, (_, number) => `r-${number}`)
  const got = await all()
  assert.deepEqual(new Set(got), new Set(expected))
  const doubles = got.length - sent
  t.diagnostic(`${sent} requests, ${doubles} of them taken twice`)
  // what was under way when the group was divided or a reader died: some fetches
  assert.ok(doubles < sent / 3, `${doubles} doubles`)
  await until('all is committed', async () => {
    const offsets = await committedOffsets(topic, group, partitions)
    return offsets.reduce((sum, offset) => sum + offset, 0n) === BigInt(sent)
  })
})

test('what a server read that was killed is read on after the session that its cluster is given', async (t) => {
  const topic = await createTopic(t)
  const folder = await mkdtemp(join(tmpdir(), 'session-'))
  t.after(() => rm(folder, { recursive: true }))
  const group = `group-${topic.topic}`
  const file = join(folder, 'ids')
  const sessionMs = 2000
  const script = join(import.meta.dirname, 'topic-reader.test-process.ts')
  const args = [script, JSON.stringify(topic), group, file, String(sessionMs)]
  const reader = spawn(process.execPath, ['--conditions=@bulkhead/source', ...args], { stdio: 'inherit' })
  t.after(() => reader.kill('SIGKILL'))
  const taken = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '')
  await produce(topic, [{ value: JSON.stringify({ requestId: 'first' }) }])
  await until('it reads', async () => (await taken()) === 'first\n', 30_000)
  const killed = performance.now()
  reader.kill('SIGKILL')
  await produce(topic, [{ value: JSON.stringify({ requestId: 'second' }) }])
  const { intake, ids } = memoryIntake()
  startTrigger(t, topic, intake, { group, sessionMs })
  await until('the next one reads', () => ids.includes('second'), 30_000)
  const waitedMs = performance.now() - killed
  t.diagnostic(`it was read on after ${Math.round(waitedMs)} ms`)
  // with the ten seconds of the default it never is
  assert.ok(waitedMs < 9500, `${waitedMs} ms`)
})
