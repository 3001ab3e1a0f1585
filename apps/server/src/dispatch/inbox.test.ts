import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createInbox } from './inbox.ts'

const stays = new AbortController().signal

test('gives items in their order, to one who waits as to one who comes later', async () => {
  const inbox = createInbox<number>()
  const first = inbox.take(1000, stays)
  for (const item of [1, 2, 3]) inbox.put(item)
  assert.deepEqual([await first, await inbox.take(0, stays), await inbox.take(0, stays)], [1, 2, 3])
  assert.equal(await inbox.take(1, stays), undefined)
})

test('keeps an item for the next one when the reader has gone, or asked again', async () => {
  const inbox = createInbox<string>()
  const gone = new AbortController()
  const left = inbox.take(1000, gone.signal)
  gone.abort()
  assert.equal(await left, undefined)
  const forgotten = inbox.take(1000, stays)
  const current = inbox.take(1000, stays)
  inbox.put('work')
  assert.equal(await forgotten, undefined)
  assert.equal(await current, 'work')
  inbox.put('more')
  assert.deepEqual(inbox.close(), ['more'])
})

test('when it is closed whoever waits or asks is answered at once, and what is put all the same is still there', async () => {
  const inbox = createInbox<string>()
  const waits = inbox.take(60_000, stays)
  assert.deepEqual(inbox.close(), [])
  assert.equal(await waits, undefined)
  assert.equal(await inbox.take(60_000, stays), undefined)
  inbox.put('late')
  assert.equal(await inbox.take(60_000, stays), 'late')
})
