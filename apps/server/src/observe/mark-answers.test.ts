import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredReply } from '@bulkhead/contract'
import type { OutboxMessage, Repository, RunRecord } from '../repository/repository.ts'
import { markReplies } from './mark-answers.ts'

const reply = { requestId: 'r', warnings: ['its own'] } as unknown as StoredReply
const run = { runId: 'a', reply } as RunRecord
const waiting = { runId: 'b', reply: undefined } as RunRecord
const message = { id: 'm', reply } as OutboxMessage

/** Every way in which a reply is read out of it. */
const repository = {
  accept: async () => ({ is: 'answered', run }),
  refuse: async () => ({ is: 'too-old' }),
  run: async (id: string) => ({ a: run, b: waiting })[id],
  runs: async () => ({ items: [run, waiting], next: undefined }),
  takeMessages: async () => [message],
  messages: async () => ({ items: [message], next: 'm' }),
  queued: async () => 3,
} as unknown as Repository

test('no reply is read without the mark, wherever it goes from there', async () => {
  const marked = markReplies(repository, 'a stub')
  const warnings = ['a stub', 'its own']
  assert.deepEqual((await marked.run('a'))?.reply?.warnings, warnings)
  assert.equal((await marked.run('b'))?.reply, undefined)
  assert.equal(await marked.run('c'), undefined)
  const { items } = await marked.runs({ most: 2 })
  assert.deepEqual(
    items.map((one) => one.reply?.warnings),
    [warnings, undefined],
  )
  const take = { server: 's', most: 1, leaseMs: 1 }
  assert.deepEqual(
    (await marked.takeMessages(take)).map((one) => one.reply.warnings),
    [warnings],
  )
  const listed = await marked.messages({ most: 1 })
  assert.deepEqual([listed.items[0]?.reply.warnings, listed.next], [warnings, 'm'])
  const accepted = await marked.accept({} as never)
  assert.ok(accepted.is === 'answered')
  assert.deepEqual(accepted.run.reply?.warnings, warnings)
  assert.deepEqual(await marked.refuse({} as never, reply), { is: 'too-old' })
  assert.equal(await marked.queued('shop'), 3)
  assert.deepEqual(reply.warnings, ['its own'])
})
