import type { OutputFormat } from '@bulkhead/connector-sdk'
import type { Compression } from './compress.ts'

/** What is the same about every file of a format. The one place that knows all formats. */
export interface FileFormat {
  /** As people call it, for messages. */
  readonly title: string
  /** Endings that a name may have; the first is added when there is none. */
  readonly endings: readonly string[]
  /** Media type; CSV adds its encoding. */
  readonly mediaType: string
  /** What it may be compressed with, the default first. */
  readonly compressions: readonly Compression[]
  /** Whether a level of compression changes anything. */
  readonly hasLevels: boolean
}

const anyOutside: readonly Compression[] = ['none', 'gzip', 'zstd']

export const fileFormats: Readonly<Record<OutputFormat, FileFormat>> = {
  csv: {
    title: 'CSV',
    endings: ['.csv', '.tsv', '.txt'],
    mediaType: 'text/csv',
    compressions: anyOutside,
    hasLevels: true,
  },
  jsonl: {
    title: 'JSON Lines',
    endings: ['.jsonl', '.ndjson', '.json'],
    mediaType: 'application/x-ndjson',
    compressions: anyOutside,
    hasLevels: true,
  },
  parquet: {
    title: 'Parquet',
    endings: ['.parquet'],
    mediaType: 'application/vnd.apache.parquet',
    compressions: ['zstd', 'gzip', 'none'],
    hasLevels: false,
  },
  avro: {
    title: 'Avro',
    endings: ['.avro'],
    mediaType: 'application/vnd.apache.avro',
    // Every reader of Avro must know deflate, which is what gzip stands for here; zstd is optional.
    compressions: ['gzip', 'zstd', 'none'],
    hasLevels: true,
  },
  xlsx: {
    title: 'Excel',
    endings: ['.xlsx'],
    mediaType: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    // A workbook is a ZIP archive, whose entries Excel reads as deflate or as they are.
    compressions: ['gzip', 'none'],
    hasLevels: true,
  },
  binary: {
    title: 'a file as it is',
    endings: [],
    mediaType: 'application/octet-stream',
    compressions: anyOutside,
    hasLevels: true,
  },
}

/** Rows of one Excel sheet, below the names of its columns. */
export const mostSheetRows = 1_048_575
export const mostSheetColumns = 16_384
