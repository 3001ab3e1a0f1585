import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { failureOf, readContent, readFiles } from '../testing/read-file.ts'
import { workbook } from '../testing/workbook.ts'
import { kindOfBuiltIn, kindOfCode } from './number-formats.ts'
import { serialText } from './serial-date.ts'

const query = (more: object = {}, format: object = {}) => ({ format: { type: 'xlsx', ...format }, ...more })
const inline = (text: string) => `<c t="inlineStr"><is><t>${text}</t></is></c>`
const heading = (...names: string[]) => `<row>${names.map(inline).join('')}</row>`

test('reads every kind of cell, with numbers to the last digit', async () => {
  const content = await workbook({
    sheets: {
      Orders: `<row r="1"><c r="A1" t="s"><v>0</v></c>${['B', 'C', 'D', 'E'].map((letter) => `<c r="${letter}1" t="inlineStr"><is><t>${letter}</t></is></c>`).join('')}</row>
        <row r="3"><c r="A3" t="s"><v>1</v></c><c r="B3"><v>0.10000000000000001</v></c><c r="C3" s="1"><v>46326</v></c><c r="D3" t="b"><v>1</v></c><c r="E3" t="str"><f>A1</f><v>a_x000D_b</v></c></row>
        <row r="4"/><row r="5"><c r="B5"><v>12345678901234567890</v></c><c r="E5" t="inlineStr"><is><r><t>x</t></r><r><t xml:space="preserve"> y</t></r><rPh><t>z</t></rPh></is></c></row>`,
    },
    strings:
      '<si><t>name</t></si><si><r><t>Ada </t></r><r><rPr/><t>&amp; Co</t></r><rPh sb="0"><t>x</t></rPh></si>',
    formats: [14],
  })
  assert.deepEqual(await readContent(content, query()), [
    { name: 'Ada & Co', B: '0.10000000000000001', C: '2026-10-31', D: 'true', E: 'a\rb' },
    { name: null, B: '12345678901234567890', C: null, D: null, E: 'x y' },
  ])
  const columns = [
    { name: 'B', type: 'decimal' },
    { name: 'day', from: 'C', type: 'date' },
    { name: 'D', type: 'boolean' },
  ]
  assert.deepEqual(await readContent(content, query({ columns, otherColumns: 'drop' })), [
    { B: '0.10000000000000001', day: '2026-10-31', D: true },
    { B: '12345678901234567890', day: null, D: null },
  ])
})

test('tells dates and times from numbers by the style of the cell', () => {
  const codes: Readonly<Record<string, string>> = {
    'dd\\.mm\\.yyyy': 'date',
    'yyyy\\-mm\\-dd hh:mm:ss.000"Z"': 'moment',
    '[$-407]d. mmmm yyyy;@': 'date',
    mmm: 'date',
    'h:mm AM/PM': 'time',
    'mm:ss': 'time',
    '[h]:mm:ss': 'number',
    '0.00': 'number',
    '#,##0.00 "days"': 'number',
    '0 \\d': 'number',
    '[Red]0;[Blue]-0': 'number',
    General: 'number',
  }
  for (const [code, kind] of Object.entries(codes)) assert.equal(kindOfCode(code), kind, code)
  assert.deepEqual([0, 14, 20, 22, 46, 49].map(kindOfBuiltIn), [
    'number',
    'date',
    'time',
    'moment',
    'number',
    'number',
  ])
})

test('reads days as the calendar of the workbook counts them', () => {
  assert.equal(serialText('1', 'date', false), '1900-01-01')
  assert.equal(serialText('59', 'date', false), '1900-02-28')
  assert.equal(serialText('60', 'date', false), undefined)
  assert.equal(serialText('61', 'date', false), '1900-03-01')
  assert.equal(serialText('25569', 'date', false), '1970-01-01')
  assert.equal(serialText('2958465', 'date', false), '9999-12-31')
  assert.equal(serialText('2958466', 'date', false), undefined)
  assert.equal(serialText('0', 'date', true), '1904-01-01')
  assert.equal(serialText('46326.34375', 'moment', false), '2026-10-31 08:15:00')
  assert.equal(serialText('46326.343750011574', 'date', false), '2026-10-31 08:15:00.001')
  assert.equal(serialText('0.5', 'time', false), '12:00:00')
  assert.equal(serialText('1e999', 'date', false), undefined)
  assert.equal(serialText('-1', 'date', false), undefined)
  fc.assert(
    fc.property(
      fc.integer({ min: -25_000, max: 2_900_000 }),
      fc.integer({ min: 0, max: 86_399_999 }),
      (days, ms) => {
        const at = new Date(days * 86_400_000 + ms)
        if (days < 61 - 25_569) return
        const text = serialText(String(days + 25_569 + ms / 86_400_000), 'moment', false) ?? ''
        assert.equal(Date.parse(`${text.replace(' ', 'T')}Z`), at.getTime())
      },
    ),
  )
})

test('takes cells with an error as the query says, by default as none', async () => {
  const content = await workbook({
    sheets: { S: `${heading('a', 'b')}<row><c t="e"><v>#N/A</v></c><c><v>1</v></c></row>` },
  })
  const error = await failureOf(readContent(content, query()), 'file-records-value-invalid')
  assert.equal(error.message, 'Column "a" of file, sheet "S", cell A2 has an error of Excel, such as #N/A')
  assert.deepEqual(await readContent(content, query({}, { errorCells: 'null' })), [{ a: null, b: '1' }])
  assert.deepEqual(await readContent(content, query({}, { errorCells: 'text' })), [{ a: '#N/A', b: '1' }])
  assert.deepEqual(await readContent(content, query({ columns: [{ name: 'b' }], otherColumns: 'drop' })), [
    { b: '1' },
  ])
})

test('takes a formula that gives no text for an empty text', async () => {
  const row =
    '<row><c t="str"><f>""</f><v></v></c><c><v/></c><c t="inlineStr"><is><t/></is></c><c><v>1</v></c></row>'
  const content = await workbook({ sheets: { S: `${heading('a', 'b', 'c', 'd')}${row}` } })
  assert.deepEqual(await readContent(content, query({ nullTexts: [] })), [{ a: '', b: null, c: '', d: '1' }])
})

test('refuses cells whose value is not there, or is none', async () => {
  for (const [cell, message] of [
    ['<c><f>A1+1</f></c>', /never computed/],
    ['<c t="s"><v>7</v></c>', /Excel would not write/],
    ['<c s="1"><v>60</v></c>', /Excel would not write/],
    ['<c><v>secret</v></c>', /Excel would not write/],
    ['<c t="x"><v>secret</v></c>', /Excel would not write/],
  ] as const) {
    const content = await workbook({ sheets: { S: `${heading('a')}<row>${cell}</row>` }, formats: [14] })
    const error = await failureOf(readContent(content, query()), 'file-records-value-invalid')
    assert.match(error.message, message)
    assert.doesNotMatch(error.message, /secret/)
  }
})

test('chooses the sheet by name or number, and never among several by itself', async () => {
  const sheets = {
    First: `${heading('a')}<row>${inline('1')}</row>`,
    Second: `<row/>${heading('x')}${heading('b')}<row>${inline('2')}</row>`,
  }
  const content = await workbook({ sheets })
  const several = await failureOf(readContent(content, query()), 'file-records-query-invalid')
  assert.match(several.fix ?? '', /"First", "Second"/)
  assert.deepEqual(await readContent(content, query({}, { sheet: 1 })), [{ a: '1' }])
  assert.deepEqual(await readContent(content, query({}, { sheet: 'Second', skipRows: 2 })), [{ b: '2' }])
  const columns = [{ name: 'c' }]
  assert.deepEqual(await readContent(content, query({ columns }, { sheet: 'First', header: false })), [
    { c: 'a' },
    { c: '1' },
  ])
  const none = await failureOf(readContent(content, query({}, { sheet: 'Frist' })), 'file-records-not-found')
  assert.match(none.fix ?? '', /"First"/)
  await failureOf(readContent(content, query({}, { sheet: 3 })), 'file-records-not-found')
})

test('refuses values without a heading, rows out of order, and what is no workbook', async () => {
  const sheet = (rows: string) => workbook({ sheets: { S: rows } })
  const outside = await failureOf(
    readContent(await sheet(`${heading('a')}<row><c r="C2"><v>1</v></c></row>`), query()),
    'file-records-malformed',
  )
  assert.match(outside.message, /cell C2 has a value outside of the 1 columns/)
  const broken = [
    `<row r="2"/><row r="1"/>`,
    `<row r="1"><c r="B1"/><c r="A1"/></row>`,
    `<row r="1"><c r="AAAA1"/></row>`,
    `<row r="99999999"/>`,
    '<row>&x;</row>',
    '',
  ]
  for (const rows of broken)
    await failureOf(readContent(await sheet(rows), query()), 'file-records-malformed')
  const doctype = await workbook({ sheets: { S: heading('a') }, prolog: '<!DOCTYPE x [<!ENTITY a "b">]>' })
  await failureOf(readContent(doctype, query()), 'file-records-malformed')
  await failureOf(readContent('a,b\n', query()), 'file-records-compression-broken')
  await failureOf(readFiles({ 'a.xlsx.gz': gzipSync('') }, query()), 'file-records-query-invalid')
})

test('bounds shared texts, texts of cells, and what a sheet unpacks to', async () => {
  const huge = 'x'.repeat(3 * 1024 * 1024)
  const small = { maxRecordSize: '1MiB' }
  const cell = await workbook({ sheets: { S: `${heading('a')}<row>${inline(huge)}</row>` } })
  await failureOf(readContent(cell, query(), small), 'file-records-record-too-large')
  const shared = await workbook({
    sheets: { S: heading('a') },
    strings: `<si><t>${huge.slice(0, 500_000)}</t></si>`.repeat(10),
  })
  await failureOf(readContent(shared, query(), small), 'file-records-record-too-large')
  const many = await workbook({
    sheets: { S: `${heading('a')}${`<row>${inline('x'.repeat(100))}</row>`.repeat(50_000)}` },
  })
  await failureOf(readContent(many, query(), { maxFileSize: '1MiB' }), 'file-records-too-large')
  assert.equal((await readContent(many, query())).length, 50_000)
})
