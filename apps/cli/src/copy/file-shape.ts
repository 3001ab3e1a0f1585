import { isPackedInside, type OutputFormat } from '@bulkhead/connector-sdk'

/** What the ending of a file name says about it. */
export interface FileShape {
  /** `json` can be read and is not written. */
  readonly format: Exclude<OutputFormat, 'binary'> | 'json'
  readonly compression: 'none' | 'gzip' | 'zstd'
}

const formats: Readonly<Record<string, FileShape['format']>> = {
  csv: 'csv',
  jsonl: 'jsonl',
  ndjson: 'jsonl',
  json: 'json',
  parquet: 'parquet',
  avro: 'avro',
  xlsx: 'xlsx',
}
const compressions: Readonly<Record<string, FileShape['compression']>> = { gz: 'gzip', zst: 'zstd' }

/** Undefined when the ending says nothing that is known here. */
export function shapeOf(path: string): FileShape | undefined {
  const [last = '', before = ''] = path.toLowerCase().split('/').at(-1)?.split('.').slice(1).reverse() ?? []
  const compression = compressions[last]
  const format = formats[compression === undefined ? last : before]
  if (format === undefined) return undefined
  if (compression !== undefined && format !== 'json' && isPackedInside(format)) return undefined
  return { format, compression: compression ?? 'none' }
}
