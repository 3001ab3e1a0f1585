import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileEnding, mediaType, objectContentType, type FileKind } from './naming.ts'

test('names a file after its format and what it is packed in', () => {
  const cases: [FileKind, ending: string, media: string, stored: string][] = [
    [
      { format: 'csv', compression: 'none', encrypted: false },
      '.csv',
      'text/csv; charset=utf-8',
      'text/csv; charset=utf-8',
    ],
    [
      { format: 'csv', compression: 'gzip', encrypted: false, encoding: 'windows-1252' },
      '.csv.gz',
      'text/csv; charset=windows-1252',
      'application/gzip',
    ],
    [
      { format: 'jsonl', compression: 'zstd', encrypted: false },
      '.jsonl.zst',
      'application/x-ndjson',
      'application/zstd',
    ],
    [
      { format: 'jsonl', compression: 'zstd', encrypted: true },
      '.jsonl.zst.age',
      'application/x-ndjson',
      'application/octet-stream',
    ],
    [
      { format: 'parquet', compression: 'zstd', encrypted: false },
      '.parquet',
      'application/vnd.apache.parquet',
      'application/vnd.apache.parquet',
    ],
    [
      { format: 'avro', compression: 'gzip', encrypted: false },
      '.avro',
      'application/vnd.apache.avro',
      'application/vnd.apache.avro',
    ],
    [
      { format: 'xlsx', compression: 'gzip', encrypted: false },
      '.xlsx',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    ],
    [
      { format: 'xlsx', compression: 'none', encrypted: true },
      '.xlsx.age',
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      'application/octet-stream',
    ],
    [
      { format: 'binary', compression: 'none', encrypted: true },
      '.age',
      'application/octet-stream',
      'application/octet-stream',
    ],
  ]
  for (const [kind, ending, media, stored] of cases) {
    assert.equal(fileEnding(kind), ending)
    assert.equal(mediaType(kind), media)
    assert.equal(objectContentType(kind), stored)
  }
})
