import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from '@bulkhead/connector-sdk'
import type { TaskWork, Work } from '@bulkhead/contract'
import type { ServedApplication } from '../applications/applications.ts'
import { createInbox } from './inbox.ts'
import type { RunnerProcess } from './runner-process.ts'
import { createTaskDesk } from './task-desk.ts'

const stays = new AbortController().signal
const one = { application: { name: 'shop' }, revision: 'rev-1' } as unknown as ServedApplication
const question = { task: 'check' } as const

/** A desk, and the processes that it asked, one after the other. */
function deskOf() {
  const asked: RunnerProcess[] = []
  const desk = createTaskDesk(async () => {
    const process = {
      one,
      inbox: createInbox<Work>(),
      tasks: new Set(),
      runs: new Set(),
      draining: false,
    } as unknown as RunnerProcess
    asked.push(process)
    return process
  })
  const taken = async (number: number): Promise<{ process: RunnerProcess; work: TaskWork }> => {
    while (asked[number] === undefined) await new Promise(setImmediate)
    const process = asked[number]
    const work = await process.inbox.take(5_000, stays)
    assert.equal(work?.kind, 'task')
    return { process, work }
  }
  const ask = (timeMs = 60_000): Promise<string> => desk.ask(one, question, z.string(), { timeMs })
  return { desk, asked, taken, ask }
}

const givenUp = {
  error: {
    kind: 'cancelled',
    code: 'cancelled',
    message: 'The runner was told to end',
    retryable: false,
    documentation: '',
  },
} as const

test('a task of a process that ends is asked of another at once, however often that happens', async () => {
  const { desk, asked, taken, ask } = deskOf()
  const answer = ask()
  const first = await taken(0)
  first.process.draining = true
  desk.notTaken(first.process, first.work)
  const second = await taken(1)
  second.process.draining = true
  desk.processGone(second.process)
  const third = await taken(2)
  third.process.draining = true
  desk.finished(third.process, third.work.taskId, givenUp)
  const fourth = await taken(3)
  desk.finished(first.process, fourth.work.taskId, { result: 'of another' })
  desk.finished(fourth.process, fourth.work.taskId, { result: 'done' })
  assert.equal(await answer, 'done')
  assert.ok(asked.every(({ tasks }) => tasks.size === 0))
})

test('a task at which two processes died is asked of no third', async () => {
  const { desk, asked, taken, ask } = deskOf()
  const answer = ask()
  desk.processGone((await taken(0)).process)
  desk.processGone((await taken(1)).process)
  await assert.rejects(answer, { code: 'runner-died' })
  assert.equal(asked.length, 2)
})

test('a process that asks again gets what it did not take, and whoever was cancelled in it hears so', async () => {
  const { desk, taken, ask } = deskOf()
  const answer = ask()
  const { process, work } = await taken(0)
  desk.notTaken(process, work)
  assert.equal(await process.inbox.take(0, stays), work)
  desk.finished(process, work.taskId, givenUp)
  await assert.rejects(answer, { code: 'cancelled' })
})

test('nobody is waited for beyond the time, nor when the server ends', async () => {
  const { desk, ask } = deskOf()
  await assert.rejects(ask(1), { code: 'runner-busy', message: /answered in/ })
  const waits = ask()
  desk.end()
  await assert.rejects(waits, { code: 'runner-busy', message: 'The server ends' })
  await assert.rejects(ask(), { message: 'The server ends' })
})
