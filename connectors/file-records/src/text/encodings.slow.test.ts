import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import iconv from 'iconv-lite'
import { failureOf, readContent } from '../testing/read-file.ts'
import { createDecoder } from './decoder.ts'
import { encodings } from './encodings.ts'

const query = (encoding: string, more: object = {}) => ({ format: { type: 'delimited', encoding, ...more } })

test('reads every encoding that it lists', async () => {
  for (const encoding of encodings) {
    const decoder = createDecoder({ encoding, invalidBytes: 'error', file: 'f' })
    if (encoding.startsWith('cp') && !iconv.encodingExists(encoding)) continue
    if (encoding.startsWith('utf')) continue
    assert.equal(decoder.decode(iconv.encode('a,b\n1~', encoding), true).toString(), 'a,b\n1~', encoding)
  }
  const rows = [{ naïve: '€;' }]
  const text = 'naïve\n€;\n'
  const samples: readonly [encoding: string, bytes: Buffer][] = [
    ['utf-8', Buffer.from(text)],
    ['utf-8', Buffer.from(`\ufeff${text}`)],
    ['windows-1252', iconv.encode(text, 'windows-1252')],
    ['iso-8859-15', iconv.encode(text, 'iso-8859-15')],
    ['utf-16', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf-16', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['utf-16le', Buffer.from(text, 'utf16le')],
    ['utf-16be', Buffer.from(text, 'utf16le').swap16()],
    // naïve, NEL, euro sign and semicolon, LF in EBCDIC
    ['cp1140', Buffer.from([0x95, 0x81, 0x57, 0xa5, 0x85, 0x15, 0x9f, 0x5e, 0x25])],
  ]
  for (const [encoding, bytes] of samples)
    assert.deepEqual(await readContent(bytes, query(encoding)), rows, encoding)
})

test('tells the code pages of mainframes apart', () => {
  const decode = (encoding: 'cp037' | 'cp273' | 'cp500', bytes: readonly number[]) =>
    createDecoder({ encoding, invalidBytes: 'error', file: 'f' }).decode(Buffer.from(bytes), true).toString()
  const bytes = [0xc1, 0xf0, 0x4a, 0x5a, 0xbb, 0x43, 0xfc]
  assert.equal(decode('cp037', bytes), 'A0¢!]äÜ')
  assert.equal(decode('cp500', bytes), 'A0[]|äÜ')
  assert.equal(decode('cp273', bytes), 'A0ÄÜ|{]')
})

test('says at which byte something means nothing, or replaces it when told', async () => {
  const samples: readonly [encoding: string, bytes: Buffer, byte: number][] = [
    ['utf-8', Buffer.from('a\né\xe9\n', 'latin1'), 2],
    ['utf-8', Buffer.concat([Buffer.from('\ufeffa\né'), Buffer.from([0xe2, 0x82])]), 7],
    ['utf-8', Buffer.concat([Buffer.from(`a\n${'é'.repeat(300_000)}`), Buffer.from([0xff, 0x0a])]), 600_002],
    ['windows-1252', Buffer.from([0x61, 0x0a, 0x81]), 2],
    ['us-ascii', Buffer.from([0x61, 0x0a, 0x62, 0xe9]), 3],
    ['utf-16le', Buffer.from([0x61, 0, 0x0a, 0, 0, 0xd8, 0x62, 0]), 4],
    ['utf-16', Buffer.from([0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x62]), 6],
  ]
  for (const [encoding, bytes, byte] of samples) {
    const error = await failureOf(readContent(bytes, query(encoding)), 'file-records-undecodable')
    assert.equal(error.message, `Byte ${byte} of file is not valid ${encoding}`)
    const rows = await readContent(bytes, query(encoding, { invalidBytes: 'replace' }))
    assert.ok(String(rows[0]?.['a']).includes('\ufffd'), encoding)
  }
  await failureOf(readContent(Buffer.from('a\n', 'utf16le'), query('utf-16')), 'file-records-undecodable')
})

test('counts bytes as they stand in the file, whatever the encoding', async () => {
  const text = 'aé,€b\n"é""é",€\n1,2,3\n'
  for (const encoding of ['utf-8', 'utf-16le', 'windows-1252'] as const) {
    const before = iconv.encode(text.slice(0, text.indexOf('1,2')), encoding).length
    const error = await failureOf(
      readContent(iconv.encode(text, encoding), query(encoding)),
      'file-records-malformed',
    )
    assert.match(error.message, new RegExp(`line 3, byte ${before} `), encoding)
  }
})

test('gives the same whatever the pieces in which a file comes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('utf-8' as const, 'utf-16le' as const, 'utf-16be' as const),
      fc.integer({ min: 1, max: 5 }),
      (given, encoding, size) => {
        const text = given.toWellFormed()
        const bytes = iconv.encode(text, encoding)
        const decoder = createDecoder({ encoding, invalidBytes: 'error', file: 'f' })
        const pieces: Buffer[] = []
        for (let at = 0; at < bytes.length; at += size)
          pieces.push(Buffer.from(decoder.decode(bytes.subarray(at, at + size), false)))
        pieces.push(decoder.decode(Buffer.alloc(0), true))
        assert.equal(Buffer.concat(pieces).toString(), text.replace(/^\ufeff/, ''))
      },
    ),
  )
})
