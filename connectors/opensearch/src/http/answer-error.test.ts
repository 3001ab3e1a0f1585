import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPassing, refusalError, refusalOf } from './answer-error.ts'

function codeOf(status: number, answer: unknown, hasLogin = true): string {
  return refusalError(refusalOf(status, Buffer.from(JSON.stringify(answer)), undefined), hasLogin).code
}

const inShard = (type: string) => ({
  error: {
    type: 'search_phase_execution_exception',
    reason: 'all shards failed',
    failed_shards: [
      { shard: 0, reason: { type, reason: 'why', caused_by: { type: 'x', reason: 'deeper' } } },
    ],
  },
})

test('finds what went wrong in a shard, behind what the server says first', () => {
  assert.equal(codeOf(404, inShard('search_context_missing_exception')), 'opensearch-snapshot-lost')
  assert.equal(codeOf(500, inShard('task_cancelled_exception')), 'opensearch-request-timeout')
  assert.equal(codeOf(500, inShard('something_else')), 'opensearch-server-error')
  assert.equal(codeOf(429, inShard('rejected_execution_exception')), 'opensearch-busy')
  assert.equal(refusalOf(400, Buffer.from(JSON.stringify(inShard('y'))), undefined).reason, 'deeper')
})

test('tells kinds of refusals apart', () => {
  assert.equal(codeOf(401, {}), 'opensearch-login-refused')
  assert.equal(codeOf(401, {}, false), 'opensearch-login-missing')
  assert.equal(codeOf(403, {}), 'opensearch-permission-denied')
  assert.equal(codeOf(404, { error: { type: 'index_not_found_exception' } }), 'opensearch-index-unknown')
  assert.equal(codeOf(400, { error: { type: 'index_closed_exception' } }), 'opensearch-index-closed')
  assert.equal(codeOf(503, 'not even an object'), 'opensearch-unavailable')
  assert.equal(codeOf(400, { error: 'a text' }), 'opensearch-request-refused')
})

test('reads how long to wait, as seconds or a date, and believes no year', () => {
  const wait = (text: string) => refusalOf(503, Buffer.from(''), text).retryAfterMs
  assert.equal(wait('7'), 7000)
  assert.equal(wait('99999999'), 3_600_000)
  assert.equal(wait('Thu, 01 Jan 1970 00:00:00 GMT'), 0)
  assert.equal(wait('soon'), undefined)
})

test('repeats what may pass, and nothing else', () => {
  for (const status of [429, 502, 503, 504])
    assert.ok(isPassing(refusalOf(status, Buffer.from(''), undefined)))
  for (const status of [400, 401, 404, 500, 501])
    assert.ok(!isPassing(refusalOf(status, Buffer.from(''), undefined)))
})
