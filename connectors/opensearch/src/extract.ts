import { sizeInBytes, type Batch, type Extract, type ReadRequest } from '@bulkhead/connector-sdk'
import { type ColumnSet, columnSet, recordSet } from './columns/column-set.ts'
import { fetchMapping } from './columns/mapping.ts'
import { DocumentReader, MetadataLineReader } from './encode/document-line.ts'
import { DocumentFilter } from './encode/filter-document.ts'
import { ProjectedLineReader } from './encode/projected-line.ts'
import { readColumns } from './encode/read-columns.ts'
import { readLines } from './encode/read-lines.ts'
import { RowReader } from './encode/row-reader.ts'
import { opensearchError } from './errors.ts'
import type { Client } from './http/client.ts'
import type { BoundQuery } from './query/query.ts'
import { chooseOrder, type Order } from './search/order.ts'
import { PointInTime } from './search/point-in-time.ts'
import { readPages } from './search/read-pages.ts'
import { Search } from './search/search.ts'

/** Bytes that all pages under way should have together: larger ones are no faster. */
const PAGE_BYTES = 4 * 1024 * 1024
const LEAST_PAGE_BYTES = 64 * 1024
/**
 * So many batches' bytes may be under way in pages: with those of one batch, usually 1 MiB, there would be four times as
 * many requests, which is a third more work for the server.
 */
const BATCHES_AHEAD = 4
/** Documents that a page of an index has at most, by default of the server. */
const PAGE_DOCUMENTS = 10_000

export interface ExtractParts {
  readonly client: Client
  readonly query: BoundQuery
  readonly read: ReadRequest
  readonly connections: number
  readonly keepAliveMs: number
  readonly queryTimeoutMs: number
  readonly maxDocumentSize: string
}

/** Fixes the moment, and finds out what is wrong with the query. */
export async function prepareExtract(parts: ExtractParts, signal: AbortSignal): Promise<Extract> {
  const { client, query, read, connections, keepAliveMs, queryTimeoutMs } = parts
  await using opened = new AsyncDisposableStack()
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(timeoutError(queryTimeoutMs)), queryTimeoutMs)
  opened.defer(() => clearTimeout(timer))
  const inTime = AbortSignal.any([signal, late.signal])

  const pointInTime = opened.use(await PointInTime.create(client, query, keepAliveMs, inTime))
  const search = new Search(client, pointInTime, query, read.parameters)
  const order = await chooseOrder({ client, search, query, connections }, inTime)
  const set = await columnsOf(parts, inTime)
  const owned = opened.move()
  return {
    fields: set.columns.map(({ field }) => field),
    consistency: 'snapshot',
    rows: Math.min(order.total, read.maxRows ?? Infinity),
    read: (readSignal) => readBatches(parts, search, order, set, AbortSignal.any([readSignal, late.signal])),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function timeoutError(ms: number): Error {
  return opensearchError('opensearch-query-timeout', `The read took longer than ${ms / 1000} s`, {
    path: 'query',
  })
}

/** JSON Lines that are made here have values as they are stored: they need no mapping. */
async function columnsOf({ client, query, read }: ExtractParts, signal: AbortSignal): Promise<ColumnSet> {
  if (read.output.format === 'jsonl' && query.columns === undefined) return recordSet
  return columnSet(query, read.form === 'bytes' ? undefined : await fetchMapping(client, query, signal))
}

function readBatches(
  { query, read, maxDocumentSize }: ExtractParts,
  search: Search,
  order: Order,
  set: ColumnSet,
  signal: AbortSignal,
): AsyncIterable<Batch> {
  const documentBytes = sizeInBytes(maxDocumentSize)
  const pages = readPages(
    search,
    order,
    {
      documents: query.pageSize ?? PAGE_DOCUMENTS,
      // what is read ahead of the reader is bounded for all parts together (I8)
      targetBytes: Math.max(
        LEAST_PAGE_BYTES,
        Math.min(PAGE_BYTES, BATCHES_AHEAD * read.batchBytes) / order.atOnce,
      ),
      documentBytes,
      maxRows: read.maxRows,
    },
    signal,
  )
  const { source, metadata } = query
  const filter = source === undefined ? undefined : new DocumentFilter(source.include, source.exclude ?? [])
  const documents = new DocumentReader(filter, documentBytes)
  const lines = metadata === undefined ? documents : new MetadataLineReader(documents, metadata)
  if (read.form === 'bytes' && set === recordSet) return readLines(pages, lines, read)
  const rows = new RowReader(set, documents, lines, read.batchBytes)
  if (read.form === 'bytes') return readLines(pages, new ProjectedLineReader(rows, set), read)
  return readColumns(pages, rows, read)
}
