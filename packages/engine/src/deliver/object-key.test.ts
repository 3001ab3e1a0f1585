import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkFileName, copiedFileKey, objectKey } from './object-key.ts'

test('takes names that people use', () => {
  for (const name of [
    'invoices-2026-10.csv.gz',
    'Übersicht (1).csv',
    '請求書.parquet',
    'a',
    'x'.repeat(255),
    'com10.csv',
    'no family 👨‍👩‍👧.txt',
    'نام‌ها.csv',
  ]) {
    assert.equal(checkFileName(name), name)
  }
})

test('composes Unicode, so that equal names are equal', () => {
  assert.equal(checkFileName('U\u0308.csv'), '\u00dc.csv')
})

const hostile: readonly [name: string, reason: RegExp][] = [
  ['', /is empty/],
  ['../etc/passwd', /path separator/],
  ['a/b', /path separator/],
  ['a\\b', /path separator/],
  ['..', /begins with a dot/],
  ['.', /begins with a dot/],
  ['.bashrc', /begins with a dot/],
  ['a\u0000.csv', /control characters/],
  ['a\r\nSet-Cookie: x', /control characters/],
  ['a\u009b31m', /control characters/],
  ['a\u2028b', /control characters/],
  ['\ufeffa', /control characters/],
  ['invoice\u202ecsv.exe', /direction of text/],
  ['a\u2066b', /direction of text/],
  ['a\ud800', /not valid Unicode/],
  [' a', /space/],
  ['a ', /space/],
  ['a.', /dot/],
  ['CON', /Windows/],
  ['nul.csv', /Windows/],
  ['Com1.tar.gz', /Windows/],
  ['lpt\u00b9', /Windows/],
  ['x'.repeat(256), /255 bytes/],
  ['€'.repeat(86), /255 bytes/],
]

for (const [name, reason] of hostile) {
  test(`refuses ${JSON.stringify(name.slice(0, 20))}: ${reason.source}`, () => {
    assert.throws(
      () => checkFileName(name),
      (error: Error & Record<string, unknown>) => {
        assert.equal(error['code'], 'file-name-invalid')
        assert.equal(error['kind'], 'config')
        assert.equal(error['path'], 'output.fileName')
        assert.ok(typeof error['fix'] === 'string')
        assert.match(error.message, reason)
        // a terminal or a log shows it as it is
        assert.match(error.message, /^[\u0020-\u007e…]*$/)
        return true
      },
    )
  })
}

test('puts the file below its run', () => {
  assert.equal(objectKey('0199-run', 'a.csv'), '0199-run/a.csv')
})

test('keeps the folders of files that are copied, and holds each part to the rules', () => {
  assert.equal(copiedFileKey('run', '2026/10/a.csv'), 'run/2026/10/a.csv')
  for (const name of [
    '2026/../../a.csv',
    '/a.csv',
    'a//b',
    'a/',
    '.git/config',
    'a/NUL/b',
    'a/'.repeat(20) + 'b',
    `${'x'.repeat(250)}/`.repeat(4) + 'a',
  ]) {
    assert.throws(() => copiedFileKey('run', name), { code: 'file-name-invalid', path: 'query' }, name)
  }
})
