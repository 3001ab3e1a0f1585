import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import fc from 'fast-check'
import { readFiles } from './testing/read-file.ts'
import { workbook } from './testing/workbook.ts'
import { zip } from './testing/zip.ts'

const csv = 'a,b\n1,"x ""y"""\n2,é\n'
const xml = '<?xml version="1.0"?><r><e a="1">x &amp; y</e><e a="2"><![CDATA[z]]></e></r>'
const delimited = { format: { type: 'delimited' } }
const samples: readonly [name: string, content: Buffer, query: Readonly<Record<string, unknown>>][] = [
  ['a.csv', Buffer.from(csv), delimited],
  ['a.csv', Buffer.from(csv, 'utf16le'), { format: { type: 'delimited', encoding: 'utf-16le' } }],
  ['a.gz', gzipSync(csv), delimited],
  ['a.zst', zstdCompressSync(csv), delimited],
  ['a.zip', await zip({ 'a.csv': csv }), delimited],
  [
    'a.txt',
    Buffer.from('0001é \n0002 b\n'),
    {
      format: { type: 'fixed-width' },
      columns: [
        { name: 'a', type: 'integer', length: 4 },
        { name: 'b', length: 2 },
      ],
    },
  ],
  [
    'a.xml',
    Buffer.from(xml),
    {
      format: { type: 'xml', record: '/r/e' },
      columns: [
        { name: 'a', from: '@a' },
        { name: 'x', from: '.' },
      ],
    },
  ],
  [
    'a.xlsx',
    await workbook({
      sheets: { S: '<row r="1"><c t="s"><v>0</v></c></row><row r="2"><c s="1"><v>46326.5</v></c></row>' },
      strings: '<si><t>a</t></si>',
      formats: ['dd.mm.yyyy'],
    }),
    { format: { type: 'xlsx' } },
  ],
]

test('answers any damage of a file by rows or by an error of its own, and soon', async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.boolean()), {
    minLength: 1,
    maxLength: 4,
  })
  for (const [name, content, query] of samples) {
    await readFiles({ [name]: content }, query)
    await fc.assert(
      fc.asyncProperty(damage, fc.boolean(), async (changes, isCut) => {
        let bytes = Buffer.from(content)
        for (const [place, byte, isInserted] of changes) {
          const at = place % bytes.length
          if (isInserted)
            bytes = Buffer.concat([bytes.subarray(0, at), Buffer.from([byte]), bytes.subarray(at)])
          else bytes[at] = byte
        }
        if (isCut) bytes = bytes.subarray(0, (changes[0]?.[0] ?? 0) % bytes.length)
        await readFiles({ [name]: bytes }, query).catch((error: unknown) => {
          assert.ok(isBulkheadError(error), `${name}: ${String(error)}`)
        })
      }),
      { numRuns: 60 },
    )
  }
})
