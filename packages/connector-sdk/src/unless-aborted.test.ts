import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { test } from 'node:test'
import { unlessAborted } from './unless-aborted.ts'

const reason = new Error('the test stops it')

test('is the promise when that comes first, and leaves nothing on the signal', async () => {
  const { signal } = new AbortController()
  assert.equal(await unlessAborted(Promise.resolve(1), signal), 1)
  await assert.rejects(unlessAborted(Promise.reject(new Error('no')), signal), { message: 'no' })
  assert.equal(getEventListeners(signal, 'abort').length, 0)
})

test('is the reason of the signal when that comes first, whatever becomes of the promise', async () => {
  const stop = new AbortController()
  const { promise, reject } = Promise.withResolvers<never>()
  const ended = unlessAborted(promise, stop.signal)
  stop.abort(reason)
  await assert.rejects(ended, reason)
  reject(new Error('too late')) // an unhandled rejection would end the process
  await assert.rejects(unlessAborted(Promise.reject(new Error('not asked for')), stop.signal), reason)
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0)
})
