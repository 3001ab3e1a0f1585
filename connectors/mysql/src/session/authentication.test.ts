import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { authenticate } from './authentication.ts'

const nonce = Buffer.from('0123456789abcdefghij')
const open = { encrypted: false, trusted: false }

describe('a password', () => {
  it('is not sent in clear to a server that has not proved who it is', () => {
    for (const encrypted of [false, true])
      assert.throws(
        () => authenticate('mysql_clear_password', 'secret', nonce, { encrypted, trusted: false }),
        { code: 'mysql-login-refused', path: 'config.tls.mode' },
      )
  })
  it('is not sent in clear because a server asks for it in another way', () => {
    const way = authenticate('caching_sha2_password', 'secret', nonce, open)
    assert.deepEqual(way.next(Buffer.of(4)), Buffer.of(2))
    // Instead of a key: what is no key, and a key that is too short to be one.
    assert.throws(() => way.next(Buffer.from('no key')), { code: 'mysql-protocol' })
    assert.throws(() => way.next(Buffer.of(9)), { code: 'mysql-protocol' })
    const native = authenticate('mysql_native_password', 'secret', nonce, open)
    assert.throws(() => native.next(Buffer.of(4)), { code: 'mysql-protocol' })
  })
  it('that is not there proves nothing', () => {
    assert.equal(authenticate('mysql_native_password', undefined, nonce, open).proof.length, 0)
    assert.equal(authenticate('caching_sha2_password', undefined, nonce, open).proof.length, 0)
  })
})
