import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cut, displayWidth, printable, printableLines } from './printable.ts'

test('control characters of data never reach a terminal', () => {
  assert.equal(printable('a\u001B[2Jb\r\n\tc\u0000'), 'a\\u{1b}[2Jb\\r\\n\\tc\\u{0}')
  assert.equal(printable('x\u009B31my'), 'x\\u{9b}31my')
})

test('characters that turn the direction of text are shown as escapes', () => {
  assert.equal(printable('\u202Egpj.exe'), '\\u{202e}gpj.exe')
  assert.equal(printable('\u2066a\u2069\u200F'), '\\u{2066}a\\u{2069}\\u{200f}')
})

test('text of several lines keeps its lines and nothing else', () => {
  assert.equal(printableLines('SELECT 1\n\tFROM \u001Bx'), 'SELECT 1\n\\tFROM \\u{1b}x')
})

test('ordinary text of any script stays as it is', () => {
  for (const text of ['plain', 'Zoë – naïve', '日本語', 'نص', '👩‍👩‍👧‍👦']) assert.equal(printable(text), text)
})

test('wide characters count as two columns, combined ones as one', () => {
  assert.equal(displayWidth('abc'), 3)
  assert.equal(displayWidth('日本'), 4)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(displayWidth('👩‍👩‍👧‍👦'), 2)
})

test('cut text fits its width, and says that it was cut', () => {
  assert.equal(cut('abcdef', 6), 'abcdef')
  assert.equal(cut('abcdefg', 6), 'abcde…')
  assert.equal(cut('日本語', 5), '日本…')
})
