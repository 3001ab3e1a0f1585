import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Change } from '../repository/repository.ts'
import type { SettledRuns } from '../repository/result-sharing.ts'
import type { ServedApplication } from '../applications/applications.ts'
import { keepSettling } from './keep-settling.ts'

function room(shares: boolean, pieces: (() => Promise<SettledRuns>)[]) {
  let listener: (change: Change) => void = () => {}
  const warned: string[] = []
  const calls: number[] = []
  const jobs = { sales: shares ? { reuse: { within: 'PT1H' } } : {} }
  const served = { application: { manifest: { spec: { jobs } } } } as unknown as ServedApplication
  const end = keepSettling({
    repository: {
      settleWaiting: async (most) => {
        calls.push(most)
        return await (pieces.shift() ?? nothing)()
      },
      onChange: (told) => {
        listener = told
        return () => (listener = () => {})
      },
    },
    applications: { list: () => [served] },
    log: { debug: () => {}, info: () => {}, warn: (message) => void warned.push(message) },
  })
  return { calls, warned, end, tell: (change: Change) => listener(change) }
}

const nothing = () => Promise.resolve({ answered: [], more: false })
const more = () => Promise.resolve({ answered: [], more: true })

test('looks whenever a run is over, to the end, and once more for what changed meanwhile', async () => {
  const { calls, tell, end } = room(true, [more, more])
  tell('ended')
  tell('ended')
  tell('messages')
  await end()
  assert.ok(calls.length >= 1 && calls.every((most) => most === 50), `${calls.length} looks`)
  tell('ended')
  assert.ok(calls.length <= 4)
})

test('an application that shares nothing costs the repository nothing', async () => {
  const { calls, tell, end } = room(false, [])
  tell('ended')
  await end()
  assert.deepEqual(calls, [])
})

test('a repository that is away is told once, and asked again', async () => {
  const failing = () => Promise.reject(new Error('away'))
  const { calls, warned, tell, end } = room(true, [failing, failing])
  for (let turn = 0; turn < 3; turn++) {
    tell('ended')
    await new Promise((resolve) => setImmediate(resolve))
  }
  await end()
  assert.deepEqual([calls.length >= 3, warned.length], [true, 1])
})
