import assert from 'node:assert/strict'
import { test } from 'node:test'
import { allows, scopeFor } from './scopes.ts'

test('admin allows everything', () => {
  for (const right of ['admin', 'metrics'] as const) assert.ok(allows(['admin'], { right }))
  for (const right of ['read', 'run'] as const)
    for (const application of ['billing', undefined]) assert.ok(allows(['admin'], { right, application }))
})

test('who may run an application may read its runs, and not the other way round', () => {
  assert.ok(allows(['run:billing'], { right: 'read', application: 'billing' }))
  assert.ok(!allows(['read:billing'], { right: 'run', application: 'billing' }))
})

test('a scope counts for its own application only, and for all of them only by *', () => {
  for (const application of ['bill', 'billing-2', undefined])
    assert.ok(!allows(['run:billing', 'read:billing'], { right: 'read', application }))
  for (const application of ['billing', undefined])
    assert.ok(allows(['read:*'], { right: 'read', application }))
  assert.ok(!allows(['read:*'], { right: 'admin' }))
  assert.ok(!allows(['run:*'], { right: 'metrics' }))
})

test('names the scope that is missing', () => {
  assert.equal(scopeFor({ right: 'run', application: 'billing' }), 'run:billing')
  assert.equal(scopeFor({ right: 'read', application: undefined }), 'read:*')
  assert.equal(scopeFor({ right: 'metrics' }), 'metrics')
})
