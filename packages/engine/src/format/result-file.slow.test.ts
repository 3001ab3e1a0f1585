import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import iconv from 'iconv-lite'
import { defaultCsv, isBulkheadError, type Batch } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { openResultFile, type ResultFile, type ResultFileOptions } from './result-file.ts'
import { allTypes, field, hardRows, infiniteRows } from './testing/all-types.ts'
import { memoryWriter, type MemoryWriter } from './testing/memory-writer.ts'

type Options = Partial<ResultFileOptions<Buffer>>

async function open(options: Options = {}): Promise<{ file: ResultFile<Buffer>; writer: MemoryWriter }> {
  const writer = memoryWriter()
  const file = await openResultFile({
    format: 'csv',
    csv: defaultCsv,
    compression: 'none',
    ageRecipients: [],
    fields: allTypes,
    writer,
    ...options,
  })
  return { file, writer }
}

async function contentOf(batches: readonly Batch[], options: Options = {}): Promise<Buffer> {
  const { file } = await open(options)
  for (const batch of batches) await file.write(batch)
  return file.finish()
}

const rows = [...hardRows, ...infiniteRows]

test('gives the same bytes for rows, columns and bytes, however they are cut into batches', async () => {
  for (const format of ['csv', 'jsonl'] as const) {
    const whole = await contentOf([{ form: 'rows', rows }], { format })
    const columns = rowsToColumns(rows, allTypes, 1)
    assert.deepEqual(await contentOf([columns], { format }), whole)
    assert.deepEqual(
      await contentOf(
        rows.map((row) => ({ form: 'rows', rows: [row] })),
        { format },
      ),
      whole,
    )
    const header = await contentOf([], { format })
    const bytes = whole.subarray(header.length)
    assert.deepEqual(await contentOf([{ form: 'bytes', bytes, rows: rows.length }], { format }), whole)
  }
})

test('encrypts Avro and Excel, whatever they are compressed with inside', async () => {
  const secret = await generateX25519Identity()
  const recipient = await identityToRecipient(secret)
  for (const [format, magic] of [
    ['avro', 'Obj\u0001'],
    ['xlsx', 'PK\u0003\u0004'],
  ] as const)
    for (const compression of ['none', 'gzip'] as const) {
      const options = { format, compression, ageRecipients: [recipient] }
      const decrypter = new Decrypter()
      decrypter.addIdentity(secret)
      const plain = await decrypter.decrypt(await contentOf([{ form: 'rows', rows: hardRows }], options))
      assert.equal(Buffer.from(plain).toString('latin1', 0, 4), magic)
    }
})

test('refuses bytes for a format that no source writes', async () => {
  for (const format of ['parquet', 'avro', 'xlsx'] as const)
    await assert.rejects(contentOf([{ form: 'bytes', bytes: Buffer.from('x'), rows: 1 }], { format }), {
      code: 'internal',
    })
})

test('packs and encrypts the content, and counts what it was', async () => {
  const secret = await generateX25519Identity()
  const recipient = await identityToRecipient(secret)
  const plain = await contentOf([{ form: 'rows', rows }])
  const { file, writer } = await open({ compression: 'zstd', ageRecipients: [recipient] })
  await file.write({ form: 'rows', rows })
  const object = await file.finish()
  assert.equal(writer.state, 'finished')
  assert.equal(file.rows, rows.length)
  assert.equal(file.uncompressedBytes, plain.length)
  const decrypter = new Decrypter()
  decrypter.addIdentity(secret)
  assert.deepEqual(zstdDecompressSync(await decrypter.decrypt(new Uint8Array(object))), plain)
})

test('writes the header of an empty result', async () => {
  assert.equal((await contentOf([])).toString(), `${allTypes.map(({ name }) => name).join(',')}\n`)
  assert.equal((await contentOf([], { csv: { ...defaultCsv, header: false } })).length, 0)
  assert.equal((await contentOf([], { format: 'jsonl' })).length, 0)
  assert.equal(gunzipSync(await contentOf([], { format: 'jsonl', compression: 'gzip' })).length, 0)
})

test('copies a file as it is, and does not invent its rows', async () => {
  const { file } = await open({ format: 'binary', fields: [] })
  await file.write({ form: 'bytes', bytes: Uint8Array.of(1, 2), rows: null, file: 'a.bin' })
  await file.write({ form: 'bytes', bytes: Uint8Array.of(3), rows: null, file: 'a.bin' })
  assert.equal(file.rows, null)
  assert.deepEqual([...(await file.finish())], [1, 2, 3])
})

test('names row and column of a connector that breaks its promise, never the value', async () => {
  const { file } = await open()
  await file.write({ form: 'rows', rows: [hardRows[0]!] })
  await assert.rejects(file.write({ form: 'rows', rows: [{ ...hardRows[0], day: 'tomorrow' }] }), (error) => {
    assert.ok(isBulkheadError(error))
    assert.equal(error.code, 'value-invalid')
    assert.equal(error.message, 'Column "day" of row 2 must be a date such as 2026-10-31, as text')
    return true
  })
  await file.abort()
})

test('aborts the object when it is given up', async () => {
  const { file, writer } = await open({ compression: 'gzip' })
  await file.write({ form: 'rows', rows })
  await file.abort()
  assert.equal(writer.state, 'aborted')
})

test('touches nothing when the options cannot be', async () => {
  const cases: [Options, string][] = [
    [{ compression: 'gzip', compressionLevel: 12 }, 'output-unsupported'],
    [{ ageRecipients: ['nobody'] }, 'encrypt-recipient-invalid'],
    [{ csv: { ...defaultCsv, encoding: 'klingon' } }, 'output-unsupported'],
    [{ csv: { ...defaultCsv, encoding: 'base64' } }, 'output-unsupported'],
    [{ csv: { ...defaultCsv, encoding: 'ascii', delimiter: '¦' } }, 'output-unsupported'],
    [
      { format: 'jsonl', fields: [field('a', { kind: 'text' }), field('a', { kind: 'date' })] },
      'column-duplicate',
    ],
  ]
  for (const [options, code] of cases) {
    const writer = memoryWriter()
    await assert.rejects(open({ ...options, writer }), { code })
    assert.equal(writer.content().length, 0)
  }
})

test('writes CSV in other encodings, whatever the pieces', async () => {
  const fields = [field('city', { kind: 'text' }), field('n', { kind: 'integer', bits: 32 })]
  const cities = ['Liège', 'Köln', 'España', '', 'a,b "ü"\nc']
  const many = Array.from({ length: 30_000 }, (_, n) => ({ city: cities[n % cities.length]!, n }))
  const plain = (await contentOf([{ form: 'rows', rows: many }], { fields })).toString()
  for (const encoding of ['windows-1252', 'iso-8859-1', 'utf-16le', 'utf-16be', 'utf-7', 'UTF8']) {
    const bytes = await contentOf([{ form: 'rows', rows: many }], {
      fields,
      csv: { ...defaultCsv, encoding },
    })
    assert.equal(iconv.decode(bytes, encoding, { stripBOM: false }), plain)
  }
  for (const encoding of ['utf-16', 'UTF_16', 'utf16', 'UTF_32', 'ucs4']) {
    const marked = await contentOf([{ form: 'rows', rows: many }], {
      fields,
      csv: { ...defaultCsv, encoding },
    })
    assert.deepEqual([...marked.subarray(0, 2)], [0xff, 0xfe], encoding)
    assert.equal(iconv.decode(marked, encoding), plain)
  }
})

test('fails on a character that the encoding lacks, and names its row and column', async () => {
  const fields = [field('a', { kind: 'text' }), field('b', { kind: 'text' })]
  const good = { a: 'x,"\n', b: 'é' }
  const csv = { ...defaultCsv, encoding: 'windows-1252' }
  const { file } = await open({ fields, csv })
  await file.write({ form: 'rows', rows: Array.from({ length: 10_000 }, () => good) })
  await assert.rejects(file.write({ form: 'rows', rows: [good, { a: 'ok', b: 'ж' }] }), (error) => {
    assert.ok(isBulkheadError(error))
    assert.equal(error.code, 'csv-encoding')
    assert.equal(error.kind, 'record')
    assert.equal(error.message, 'Column "b" of row 10002 has a character that does not exist in windows-1252')
    return true
  })
  await file.abort()
  await assert.rejects(open({ fields: [field('ж', { kind: 'text' })], csv }), { code: 'csv-encoding' })
})
