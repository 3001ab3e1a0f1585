import { isPackedInside, type OutputFormat } from '@bulkhead/connector-sdk'
import type { Compression } from './compress.ts'
import { fileFormats } from './file-format.ts'

/** What decides how a result file is called and served. */
export interface FileKind {
  readonly format: OutputFormat
  readonly compression: Compression
  readonly encrypted: boolean
  /** Encoding of CSV. */
  readonly encoding?: string
}

const compressionEndings = { none: '', gzip: '.gz', zstd: '.zst' } as const

/** Ending of the file's name. A copied file keeps the ending that it has. */
export function fileEnding({ format, compression, encrypted }: FileKind): string {
  const { endings } = fileFormats[format]
  const packing = isPackedInside(format) ? '' : compressionEndings[compression]
  return `${endings[0] ?? ''}${packing}${encrypted ? '.age' : ''}`
}

/** Media type of the data, whatever it is packed in: `contentType` of a reply. @see RFC 7111 for CSV */
export function mediaType({ format, encoding }: Pick<FileKind, 'format' | 'encoding'>): string {
  const { mediaType: type } = fileFormats[format]
  return format === 'csv' ? `${type}; charset=${encoding ?? 'utf-8'}` : type
}

/** Media type of the stored bytes, with which the object is served: a browser must not unpack it by itself. */
export function objectContentType(kind: FileKind): string {
  if (kind.encrypted) return 'application/octet-stream'
  if (isPackedInside(kind.format) || kind.compression === 'none') return mediaType(kind)
  return kind.compression === 'gzip' ? 'application/gzip' : 'application/zstd'
}
