import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { rooted } from './rooted.ts'

const roots = { path: 'spec.connections.ledger.config', queryPath: 'spec.jobs.monthly.source.query' }

function pathOf(path: string | undefined, known = roots): string | undefined {
  const error = new BulkheadError({
    kind: 'config',
    code: 'x-y',
    message: 'Wrong',
    ...(path !== undefined && { path }),
  })
  const result = rooted(error, known)
  assert.ok(isBulkheadError(result))
  return result.path
}

test('what a connector calls its settings and its query is told by its place in the manifest', () => {
  assert.equal(pathOf('config'), 'spec.connections.ledger.config')
  assert.equal(pathOf('config.tls.mode'), 'spec.connections.ledger.config.tls.mode')
  assert.equal(pathOf('config["a b"]'), 'spec.connections.ledger.config["a b"]')
  assert.equal(pathOf('limits.queryTimeout'), 'spec.connections.ledger.limits.queryTimeout')
  assert.equal(pathOf('query'), 'spec.jobs.monthly.source.query')
  assert.equal(pathOf('query.path[1]'), 'spec.jobs.monthly.source.query.path[1]')
})

test('other paths, and a query whose place nobody knows, stay as they are', () => {
  for (const path of [undefined, 'parameters.month', 'configuration', 'queryFile', 'spec.policy.limits.rows'])
    assert.equal(pathOf(path), path)
  assert.equal(pathOf('limits.queryTimeout', { ...roots, path: 'source.config' }), 'limits.queryTimeout')
  assert.equal(pathOf('query', { path: 'source.config' } as typeof roots), 'query')
})

test('all else of the error stays, further faults are rooted too', () => {
  const cause = new Error('evidence')
  const error = new BulkheadError({
    kind: 'throttled',
    code: 'x-y',
    message: 'Wrong',
    path: 'config.host',
    fix: 'Correct it',
    retryAfterMs: 5,
    ofConnection: true,
    others: [{ kind: 'config', code: 'x-z', message: 'Also', path: 'query' }],
    cause,
  })
  const result = rooted(error, roots)
  assert.ok(isBulkheadError(result))
  assert.deepEqual(
    [result.kind, result.code, result.message, result.fix, result.retryAfterMs, result.cause],
    ['throttled', 'x-y', 'Wrong', 'Correct it', 5, cause],
  )
  assert.equal(result.ofConnection, true)
  assert.equal(result.others[0]?.path, 'spec.jobs.monthly.source.query')
  const foreign = new TypeError('not ours')
  assert.equal(rooted(foreign, roots), foreign)
})
