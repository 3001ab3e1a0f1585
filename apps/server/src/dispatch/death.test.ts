import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runnerExits } from '@bulkhead/contract'
import { deathOf, notStarted } from './death.ts'

test('an exit code that the runner chose tells why it ended, any other is of what ran in it', () => {
  assert.equal(deathOf(runnerExits.gaveUp, null, '').why, 'gave-up')
  assert.equal(deathOf(runnerExits.stray, null, '').why, 'gave-up')
  assert.equal(deathOf(runnerExits.unreadable, null, '').why, 'unreadable')
  for (const code of [0, 1, 3, 7, 13, 255])
    assert.deepEqual(deathOf(code, null, ''), { why: 'exit', reason: `exit code ${code}` })
})

test('a signal is the fault of what ran in it, or came from somebody else', () => {
  for (const signal of ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE', 'SIGTRAP', 'SIGSYS'])
    assert.deepEqual(deathOf(null, signal, ''), { why: 'exit', reason: `signal ${signal}` })
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGHUP', 'SIGINT'])
    assert.deepEqual(deathOf(null, signal, ''), { why: 'killed', reason: `signal ${signal}` })
})

test('memory that was used up is told by the last words', () => {
  const last = 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory'
  assert.equal(deathOf(null, 'SIGABRT', last).why, 'memory')
})

test('a process that the machine had no room for never ran', () => {
  assert.deepEqual(notStarted(Object.assign(new Error('spawn'), { code: 'EAGAIN' })), {
    why: 'not-started',
    reason: 'it could not be started (EAGAIN)',
  })
})
