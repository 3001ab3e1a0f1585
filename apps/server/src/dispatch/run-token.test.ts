import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTokenBook, newToken } from './run-token.ts'

test('knows a token from when it is added until it is withdrawn, and no other', () => {
  const book = createTokenBook<string>()
  const [one, two] = [newToken(), newToken()]
  book.add(one, 'one')
  book.add(two, 'two')
  assert.notEqual(one, two)
  assert.equal(book.holderOf(`Bearer ${one}`), 'one')
  for (const wrong of [
    undefined,
    '',
    one,
    `bearer ${one}`,
    `Bearer ${one}x`,
    `Bearer ${newToken()}`,
    'Bearer ',
  ])
    assert.equal(book.holderOf(wrong), undefined)
  book.withdraw((holder) => holder === 'one')
  assert.equal(book.holderOf(`Bearer ${one}`), undefined)
  assert.equal(book.holderOf(`Bearer ${two}`), 'two')
})
