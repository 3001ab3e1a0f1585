import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parquetMetadata } from 'hyparquet'
import readWorkbook from 'read-excel-file/node'
import { defaultCsv, type Batch, type Row } from '@bulkhead/connector-sdk'
import { rowsToColumns } from '../transform/rows-to-columns.ts'
import { createResultFiles, type ResultFiles, type ResultFilesOptions, type Split } from './result-files.ts'
import { field } from './testing/all-types.ts'
import { readAvro } from './testing/read-avro.ts'
import { memoryWriter, type MemoryWriter } from './testing/memory-writer.ts'

const fields = [field('n', { kind: 'integer', bits: 32 }), field('word', { kind: 'text' })]
const rows: Row[] = Array.from({ length: 1000 }, (_, n) => ({
  n,
  word: n % 10 === 0 ? null : `a "b"\n${'x'.repeat(n % 37)}`,
}))

interface Opened {
  readonly files: ResultFiles<Buffer>
  readonly writers: readonly MemoryWriter[]
  readonly names: readonly (string | undefined)[]
}

function create(split: Split | undefined, options: Partial<ResultFilesOptions<Buffer>> = {}): Opened {
  const writers: MemoryWriter[] = []
  const names: (string | undefined)[] = []
  const files = createResultFiles({
    format: 'csv',
    csv: defaultCsv,
    compression: 'none',
    ageRecipients: [],
    fields,
    split,
    async open(index, name) {
      assert.equal(index, writers.length)
      names.push(name)
      writers.push(memoryWriter())
      return writers[index]!
    },
    ...options,
  })
  return { files, writers, names }
}

async function write(opened: Opened, batches: readonly Batch[]): Promise<readonly string[]> {
  for (const batch of batches) await opened.files.write(batch)
  return (await opened.files.finish()).map(({ finished }) => finished.toString())
}

function batchesOf(all: readonly Row[], size: number): Batch[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) =>
    rowsToColumns(all.slice(index * size, (index + 1) * size), fields, index * size + 1),
  )
}

/** The same rows as PostgreSQL's own bytes: a batch ends where a row ends. */
async function bytesOf(format: 'csv' | 'jsonl', size: number): Promise<Batch[]> {
  return Promise.all(
    batchesOf(rows, size).map(async (batch) => {
      const [text] = await write(create(undefined, { format, csv: { ...defaultCsv, header: false } }), [
        batch,
      ])
      return { form: 'bytes', bytes: Buffer.from(text!), rows: batch.form === 'columns' ? batch.rows : null }
    }),
  )
}

test('writes one file when nothing splits it, also when it is empty', async () => {
  assert.equal((await write(create(undefined), batchesOf(rows, 100))).length, 1)
  assert.deepEqual(await write(create(undefined), []), ['n,word\n'])
  assert.deepEqual(await write(create({ rows: 10, bytes: undefined }), []), ['n,word\n'])
})

for (const [form, batches] of [
  ['columns', (size: number) => Promise.resolve(batchesOf(rows, size))],
  ['bytes', (size: number) => bytesOf('csv', size)],
] as const) {
  test(`cuts ${form} exactly at the row, wherever batches end`, async () => {
    for (const size of [1, 7, 300, 1000]) {
      const opened = create({ rows: 300, bytes: undefined })
      const files = await write(opened, await batches(size))
      assert.deepEqual(
        opened.files.finished.map((file) => file.rows),
        [300, 300, 300, 100],
      )
      assert.equal(opened.files.rows, 1000)
      const [whole] = await write(create(undefined), batchesOf(rows, 1000))
      assert.equal(
        files.map((file) => file.slice('n,word\n'.length)).join(''),
        whole!.slice('n,word\n'.length),
      )
      assert.ok(files.every((file) => file.startsWith('n,word\n')))
    }
  })

  test(`cuts ${form} at the last row that fits into the bytes, wherever batches end`, async () => {
    const expected = await write(create({ rows: undefined, bytes: 5_000 }), batchesOf(rows, 1000))
    assert.ok(expected.length > 4)
    for (const size of [1, 7, 300, 1000]) {
      const files = await write(create({ rows: undefined, bytes: 5_000 }), await batches(size))
      assert.deepEqual(files, expected)
    }
    assert.ok(expected.every((file) => file.length <= 5_000))
    assert.ok(expected.slice(0, -1).every((file) => file.length > 5_000 - 60))
  })
}

test('cuts JSON Lines in the same places for bytes and columns', async () => {
  const options = { format: 'jsonl' } as const
  const expected = await write(create({ rows: 170, bytes: 6_000 }, options), batchesOf(rows, 1000))
  assert.deepEqual(
    await write(create({ rows: 170, bytes: 6_000 }, options), await bytesOf('jsonl', 64)),
    expected,
  )
})

test('begins no file for a limit that is exactly reached', async () => {
  assert.equal((await write(create({ rows: 500, bytes: undefined }), batchesOf(rows, 250))).length, 2)
})

test('gives a row that is longer than the limit a file to itself', async () => {
  const long = { n: 2, word: 'y'.repeat(500) }
  const files = await write(create({ rows: undefined, bytes: 100 }), [
    rowsToColumns([{ n: 1, word: 'a' }, long, { n: 3, word: 'b' }, long], fields, 1),
  ])
  assert.deepEqual(
    files.map((file) => file.split('\n')[1]!.slice(0, 3)),
    ['1,a', '2,y', '3,b', '2,y'],
  )
})

test('measures bytes in the encoding of the file', async () => {
  const csv = { ...defaultCsv, encoding: 'utf-16le' }
  const opened = create({ rows: undefined, bytes: 5_000 }, { csv })
  for (const batch of batchesOf(rows, 333)) await opened.files.write(batch)
  const files = await opened.files.finish()
  assert.ok(files.every(({ finished }) => finished.length <= 5_000))
  assert.ok(files.slice(0, -1).every(({ finished }) => finished.length > 5_000 - 120))
})

test('measures Parquet by its columns, at the same rows wherever batches end', async () => {
  const rowCounts = async (size: number): Promise<number[]> => {
    const opened = create({ rows: 400, bytes: 10_000 }, { format: 'parquet' })
    for (const batch of batchesOf(rows, size)) await opened.files.write(batch)
    return (await opened.files.finish()).map(({ finished }) =>
      Number(parquetMetadata(new Uint8Array(finished).buffer).num_rows),
    )
  }
  const expected = await rowCounts(1000)
  assert.ok(expected.length >= 3)
  assert.equal(
    expected.reduce((sum, count) => sum + count, 0),
    1000,
  )
  assert.deepEqual(await rowCounts(90), expected)
})

test('measures Avro and Excel before they are compressed, at the same rows wherever batches end', async () => {
  const rowCount = {
    avro: async (file: Buffer) => (await readAvro(file)).rows.length,
    xlsx: async (file: Buffer) => ((await readWorkbook(file))[0]?.data.length ?? 0) - 1,
  }
  for (const format of ['avro', 'xlsx'] as const) {
    const rowCounts = async (size: number, compression: 'none' | 'gzip'): Promise<number[]> => {
      const opened = create(
        { rows: 400, bytes: format === 'avro' ? 10_000 : 60_000 },
        { format, compression },
      )
      for (const batch of batchesOf(rows, size)) await opened.files.write(batch)
      const files = await opened.files.finish()
      return Promise.all(files.map(({ finished }) => rowCount[format](finished)))
    }
    const expected = await rowCounts(1000, 'gzip')
    assert.ok(expected.length >= 3 && expected.every((count) => count <= 400), String(expected))
    assert.equal(
      expected.reduce((sum, count) => sum + count, 0),
      1000,
    )
    assert.deepEqual(await rowCounts(90, 'none'), expected)
  }
})

test('begins the next file when a source that copies files names another', async () => {
  const opened = create(undefined, { format: 'binary', fields: [] })
  const copy = (file: string, text: string): Batch => ({
    form: 'bytes',
    bytes: Buffer.from(text),
    rows: null,
    file,
  })
  const files = await write(opened, [
    copy('a.bin', '1'),
    copy('a.bin', '2'),
    copy('b.bin', ''),
    copy('c.bin', '3'),
  ])
  assert.deepEqual(opened.names, ['a.bin', 'b.bin', 'c.bin'])
  assert.deepEqual(files, ['12', '', '3'])
  assert.equal(opened.files.rows, null)
  assert.equal(opened.files.uncompressedBytes, 3)
})

test('gives up the open file and leaves the complete ones to the caller', async () => {
  const opened = create({ rows: 400, bytes: undefined })
  await opened.files.write(batchesOf(rows, 1000)[0]!)
  await opened.files.abort()
  assert.deepEqual(
    opened.writers.map(({ state }) => state),
    ['finished', 'finished', 'aborted'],
  )
  assert.equal(opened.files.finished.length, 2)
})

test('gives up the object of a file that could not be opened', async () => {
  const opened = create(undefined, { csv: { ...defaultCsv, encoding: 'klingon' } })
  await assert.rejects(opened.files.write(batchesOf(rows, 10)[0]!), { code: 'output-unsupported' })
  await opened.files.abort()
  assert.equal(opened.writers[0]!.state, 'aborted')
})

test('goes on numbering rows in the next file, for messages', async () => {
  const opened = create({ rows: 2, bytes: undefined }, { csv: { ...defaultCsv, encoding: 'ascii' } })
  const texts = ['a', 'b', 'c', 'é']
  await assert.rejects(
    opened.files.write(
      rowsToColumns(
        texts.map((word, n) => ({ n, word })),
        fields,
        1,
      ),
    ),
    { message: 'Column "word" of row 4 has a character that does not exist in ascii' },
  )
  await opened.files.abort()
})
