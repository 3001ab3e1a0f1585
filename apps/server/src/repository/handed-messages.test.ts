import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handMessages } from './handed-messages.ts'
import type { OutboxMessage } from './repository.ts'

const message = (id: string, destination = 'main'): OutboxMessage =>
  ({ id, application: 'shop', destination }) as OutboxMessage
const take = { server: 's', most: 10, leaseMs: 1000 }
const ids = ({ messages }: { readonly messages: readonly OutboxMessage[] }) => messages.map(({ id }) => id)

test('nothing is leased for somebody who does not look, or looks no more', () => {
  let nowMs = 0
  const handed = handMessages(() => nowMs)
  assert.equal(handed.lease(), undefined)
  handed.take({ ...take, except: ['shop/hook'] })
  assert.deepEqual(handed.lease(), { leaseMs: 1000, except: ['shop/hook'] })
  nowMs = 3001
  assert.equal(handed.lease(), undefined)
})

test('what was leased is handed on once, in its order, as much as is asked for', () => {
  const handed = handMessages(() => 0)
  handed.put([message('a'), message('b'), message('c')])
  assert.deepEqual(ids(handed.take({ ...take, most: 2 })), ['a', 'b'])
  assert.deepEqual(ids(handed.take(take)), ['c'])
  assert.deepEqual(handed.take(take), { messages: [], back: [] })
})

test('what waited for long, whose destination has enough meanwhile, or is left at the end, is given back', () => {
  let nowMs = 0
  const handed = handMessages(() => nowMs)
  handed.put([message('old')])
  nowMs = 1001
  handed.put([message('new'), message('down', 'hook')])
  const taken = handed.take({ ...take, most: 0, except: ['shop/hook'] })
  assert.deepEqual(taken, { messages: [], back: ['old', 'down'] })
  assert.deepEqual(handed.end(), ['new'])
  assert.equal(handed.lease(), undefined)
})

test('no more is leased than can be handed on soon', () => {
  const handed = handMessages(() => 0)
  handed.take(take)
  handed.put(Array.from({ length: 200 }, (_, n) => message(String(n))))
  assert.equal(handed.lease(), undefined)
})
