import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plainStyle } from './style.ts'
import { renderPairs, renderTable } from './table.ts'

const titles = [{ title: 'name' }, { title: 'rows', align: 'right' as const }]

test('a table lines its columns up, numbers at the right, without trailing blanks', () => {
  const rows = [
    ['Zoë', '7'],
    ['日本', '1,204'],
  ]
  assert.equal(
    renderTable(titles, rows, plainStyle, Infinity),
    ['name   rows', '────  ─────', 'Zoë       7', '日本  1,204'].join('\n'),
  )
})

test('a table without rows still names its columns', () => {
  assert.equal(renderTable(titles, [], plainStyle, 80), 'name  rows\n────  ────')
})

test('a table that is too wide has its widest column cut', () => {
  const text = renderTable([{ title: 'a' }, { title: 'b' }], [['x'.repeat(40), 'yy']], plainStyle, 20)
  for (const line of text.split('\n')) assert.ok(line.length <= 20, line)
  assert.match(text, /x+…\s+yy/)
})

test('a table in a file is never cut', () => {
  assert.match(renderTable([{ title: 'a' }], [['x'.repeat(500)]], plainStyle, Infinity), /x{500}/)
})

test('a value cannot break out of its cell', () => {
  const text = renderTable([{ title: 'a' }], [['one\ntwo\u001B[31m']], plainStyle, 80)
  assert.equal(text.split('\n').length, 3)
  assert.ok(!text.includes('\u001B'))
})

test('pairs stand below each other, further lines indented', () => {
  assert.equal(
    renderPairs(
      [
        ['form', 'rows'],
        ['guarantee', 'a\nb'],
      ],
      plainStyle,
    ),
    'form       rows\nguarantee  a\n           b',
  )
})
