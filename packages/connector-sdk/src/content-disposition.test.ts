import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attachment } from './content-disposition.ts'

test('writes a plain name once', () => {
  assert.equal(attachment('invoices 2026-10.csv.gz'), 'attachment; filename="invoices 2026-10.csv.gz"')
})

test('writes any other name exactly in UTF-8, with a plain one for old readers', () => {
  assert.equal(
    attachment('Übersicht €.csv'),
    `attachment; filename="_bersicht _.csv"; filename*=UTF-8''%C3%9Cbersicht%20%E2%82%AC.csv`,
  )
  assert.equal(
    attachment(`it's (100%) *.csv`),
    `attachment; filename="it's (100_) *.csv"; filename*=UTF-8''it%27s%20%28100%25%29%20%2A.csv`,
  )
})

test('lets no name end the value or the header', () => {
  const header = attachment('a"; filename="evil.exe\r\nSet-Cookie: x=1\u0000\\')
  assert.match(header, /^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w.%!~-]+$/)
  assert.doesNotMatch(header, /[\r\n\0]/)
})

test('survives half a surrogate pair', () => {
  assert.equal(attachment('a\ud800.csv'), `attachment; filename="a_.csv"; filename*=UTF-8''a%EF%BF%BD.csv`)
})
