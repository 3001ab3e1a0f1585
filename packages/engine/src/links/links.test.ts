import assert from 'node:assert/strict'
import { test } from 'node:test'
import { linkPath, signatureOf } from './claims.ts'
import { deriveLinkKey, keyName, type LinkKey } from './link-key.ts'
import { signLinkPath } from './sign.ts'
import { verifyLinkPath } from './verify.ts'

const master = { bytes: new Uint8Array(32).fill(7) }
const keyOf = (application: string): LinkKey => deriveLinkKey(master, application)
const NOW = Date.UTC(2026, 10, 21)
const claims = {
  folderId: 'AAAAAAAAAAAAAAAA',
  path: 'run-1/Übersicht (1) + 100%.csv',
  expiresAt: NOW / 1000 + 60,
  fileName: `it's "ü" & <b>.csv`,
  contentType: 'text/csv; charset=utf-8',
}
const link = signLinkPath(keyOf('billing'), claims)

test('verifies what was signed, and gives the claims back exactly', () => {
  assert.deepEqual(verifyLinkPath(link, keyOf, NOW), {
    state: 'valid',
    claims: { application: 'billing', ...claims },
  })
})

test('writes only letters that no client and no proxy changes', () => {
  assert.match(
    link,
    /^\/files\/billing\/A{16}\/run-1\/[\w.~%-]+\?expires=\d+&name=[\w.~%-]+&type=[\w.~%-]+&signature=[\w-]{43}$/,
  )
  assert.equal(
    new URL(link, 'http://127.0.0.1:7070').pathname + new URL(link, 'http://127.0.0.1:7070').search,
    link,
  )
})

test('ends at the second that it says', () => {
  assert.equal(verifyLinkPath(link, keyOf, claims.expiresAt * 1000 - 1).state, 'valid')
  assert.equal(verifyLinkPath(link, keyOf, claims.expiresAt * 1000).state, 'expired')
})

test('refuses a link in which anything was changed', () => {
  const changes: readonly [string, string][] = [
    ['/files/billing/', '/files/payroll/'],
    ['AAAAAAAAAAAAAAAA', 'AAAAAAAAAAAAAAAB'],
    ['run-1', 'run-2'],
    [`expires=${claims.expiresAt}`, `expires=${claims.expiresAt + 3600}`],
    [`expires=${claims.expiresAt}`, `expires=0${claims.expiresAt}`],
    ['name=it', 'name=at'],
    ['type=text', 'type=next'],
    ['text%2Fcsv', 'text/csv'],
    ['%2F', '%2f'],
    ['run-1/', 'run-1//'],
    ['run-1/', 'run-1/./'],
    ['run-1/', 'x/../run-1/'],
    ['run-1/', 'x/%2e%2e/run-1/'],
    ['run-1/', '%72un-1/'],
    ['run-1/', 'run-1%2F'],
    ['run-1/', 'run-1%5C'],
    ['run-1/', 'run-1/%00'],
    ['&type', '&name=x&type'],
    ['?expires', '?x=1&expires'],
    ['signature=', 'signature=x&signature='],
  ]
  for (const [from, to] of changes) {
    const changed = link.replace(from, to)
    assert.notEqual(changed, link, from)
    assert.deepEqual(verifyLinkPath(changed, keyOf, NOW), { state: 'refused' }, to)
  }
  for (const more of ['&x=1', '#x', '?', '=', '%']) {
    assert.equal(verifyLinkPath(link + more, keyOf, NOW).state, 'refused', more)
  }
  for (const cut of [
    link.slice(0, -1),
    link.split('?')[0] ?? '',
    '/files/',
    '/files/billing',
    '',
    '/',
    '?',
    '/files/%ff/%ff/%ff?',
  ]) {
    assert.equal(verifyLinkPath(cut, keyOf, NOW).state, 'refused', cut)
  }
})

test('refuses a signature by the key of another application, or of another master', () => {
  const forged = signLinkPath({ application: 'billing', bytes: keyOf('payroll').bytes }, claims)
  assert.equal(verifyLinkPath(forged, keyOf, NOW).state, 'refused')
  const other = { bytes: new Uint8Array(32).fill(8) }
  assert.equal(verifyLinkPath(link, (name) => deriveLinkKey(other, name), NOW).state, 'refused')
})

test('refuses every path that could lead elsewhere, even when it is signed', () => {
  for (const path of ['../a', 'a/../../b', '/etc/passwd', 'a//b', './a', 'a\\..\\b', 'a\u0000b', '', 'a/']) {
    assert.throws(() => signLinkPath(keyOf('billing'), { ...claims, path }), /no server would serve/, path)
    const all = { ...claims, application: 'billing', path }
    const forced = linkPath(all, signatureOf(keyOf('billing'), all))
    assert.equal(verifyLinkPath(forced, keyOf, NOW).state, 'refused', path)
  }
})

test('signs no media type that would be more than one', () => {
  const hostile = signLinkPath(keyOf('billing'), { ...claims, contentType: 'text/html\r\nSet-Cookie: x=1' })
  assert.match(hostile, /type=application%2Foctet-stream&/)
})

test('derives a key for each application, and a name that tells nothing of it', () => {
  const [billing, payroll] = [keyOf('billing'), keyOf('payroll')].map(({ bytes }) =>
    Buffer.from(bytes).toString('hex'),
  )
  assert.notEqual(billing, payroll)
  assert.equal(billing?.length, 64)
  assert.match(keyName(master), /^[0-9a-f]{16}$/)
  assert.notEqual(keyName(master), billing?.slice(0, 16))
  // links must live on over releases: this value never changes
  assert.equal(billing, 'fcdca2649206ba3731c46fd93cc63ea8aeebba72ea07e3f6cb9235195bd23be2')
})
