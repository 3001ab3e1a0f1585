import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connectorErrors } from './connector-errors.ts'

const { errors, error } = connectorErrors({
  'ledger-away': { kind: 'transient', meaning: 'Nothing answers', fix: 'Check `host`' },
  'ledger-refused': { kind: 'auth', meaning: 'The password is wrong', fix: 'Correct it' },
})

test('lists what is registered, in its order', () => {
  assert.deepEqual(
    errors.map(({ code }) => code),
    ['ledger-away', 'ledger-refused'],
  )
  assert.deepEqual(errors[0], {
    code: 'ledger-away',
    kind: 'transient',
    meaning: 'Nothing answers',
    fix: 'Check `host`',
  })
})

test('makes errors of the registered kind, with the registered fix or a better one', () => {
  const plain = error('ledger-away', 'Nothing answers at a:1', { retryAfterMs: 5 })
  assert.deepEqual(
    [plain.kind, plain.code, plain.message, plain.fix, plain.path, plain.retryAfterMs],
    ['transient', 'ledger-away', 'Nothing answers at a:1', 'Check `host`', undefined, 5],
  )
  const better = error('ledger-refused', 'No', { path: 'config.password', fix: 'Ask for another' })
  assert.deepEqual([better.kind, better.fix, better.path], ['auth', 'Ask for another', 'config.password'])
})
