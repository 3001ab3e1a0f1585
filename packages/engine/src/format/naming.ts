import type { OutputFormat } from '@bulkhead/connector-sdk'
import type { Compression } from './compress.ts'

/** What decides how a result file is called and served. */
export interface FileKind {
  readonly format: OutputFormat
  readonly compression: Compression
  readonly encrypted: boolean
  /** Encoding of CSV. */
  readonly encoding?: string
}

const formatEndings = { csv: '.csv', jsonl: '.jsonl', parquet: '.parquet', binary: '' } as const
const compressionEndings = { none: '', gzip: '.gz', zstd: '.zst' } as const

/** Ending of the file's name. Parquet is compressed inside, and a copied file keeps the ending that it has. */
export function fileEnding({ format, compression, encrypted }: FileKind): string {
  const packed = format === 'parquet' ? '' : compressionEndings[compression]
  return `${formatEndings[format]}${packed}${encrypted ? '.age' : ''}`
}

/** Media type of the data, whatever it is packed in: `contentType` of a reply. @see RFC 7111 for CSV */
export function mediaType({ format, encoding }: Pick<FileKind, 'format' | 'encoding'>): string {
  switch (format) {
    case 'csv':
      return `text/csv; charset=${encoding ?? 'utf-8'}`
    case 'jsonl':
      return 'application/x-ndjson'
    case 'parquet':
      return 'application/vnd.apache.parquet'
    case 'binary':
      return 'application/octet-stream'
  }
  return format satisfies never
}

/** Media type of the stored bytes, with which the object is served: a browser must not unpack it by itself. */
export function objectContentType(kind: FileKind): string {
  if (kind.encrypted) return 'application/octet-stream'
  if (kind.format === 'parquet' || kind.compression === 'none') return mediaType(kind)
  return kind.compression === 'gzip' ? 'application/gzip' : 'application/zstd'
}
