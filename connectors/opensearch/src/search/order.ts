import type { Client } from '../http/client.ts'
import { ByteBuffer } from '../byte-buffer.ts'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'
import type { BoundQuery } from '../query/query.ts'
import { toJson } from '../query/to-json.ts'
import { indexPath } from './point-in-time.ts'
import { jsonBody } from './json-body.ts'
import { Hits } from './scan-page.ts'
import { checkFrame, totalOf } from './frame.ts'
import type { Search, Slice } from './search.ts'

/**
 * In which order pages are read, and in which parts. A page begins behind the last document of the one
 * before, so an order must tell any two documents apart: at a tie the rest of a page would be lost.
 *
 * The place in the index, `_doc`, is the fastest order, because the server goes straight to the place,
 * and is no order by itself: every shard counts from zero. `_shard_doc` tells the shards of an index apart,
 * and `_index` the indices, whose shards are counted from zero too. `_shard_doc` first would be enough, yet the
 * server then looks at every document for every page.
 */
export interface Order {
  /** As JSON. */
  readonly sort: string
  /** Parts whose documents together are all; undefined: one part. */
  readonly slices: readonly (Slice | undefined)[]
  /** So many of them are read at once. */
  readonly atOnce: number
  /** Documents of all parts. */
  readonly total: number
}

/** Most that is read side by side when the query does not say: two keep server and reader busy. */
const USUAL_SLICES = 2
/** An index that never had a document does not know its own name. */
const byIndex = { _index: { order: 'asc', unmapped_type: 'keyword' } }
/** Most bytes of an answer without documents. */
const COUNT_BYTES = 4 * 1024 * 1024

export interface OrderQuestion {
  readonly client: Client
  readonly search: Search
  readonly query: BoundQuery
  readonly connections: number
}

/**
 * Asks the server how many documents there are, in an order that it takes: this is also where everything
 * that is wrong with the query comes to light.
 */
export async function chooseOrder(question: OrderQuestion, signal: AbortSignal): Promise<Order> {
  const { client, search, query, connections } = question
  const wanted = query.sort
  const sort = toJson([...(wanted?.map(withMissing) ?? [{ _doc: 'asc' }]), { _shard_doc: 'asc' }, byIndex])
  const total = await count(search, sort, signal)
  if (total === undefined) return olderOrder(question, signal)
  const most = Math.min(query.slices ?? USUAL_SLICES, connections)
  if (wanted !== undefined || most === 1 || total < 2) return { sort, slices: [undefined], atOnce: 1, total }
  const asked = query.slices ?? Math.min(most, (await shardsOf(client, query, signal))?.least ?? 1)
  return { sort, slices: slicesOf(asked), atOnce: Math.min(asked, connections), total }
}

/**
 * OpenSearch before 3.3 has no `_shard_doc`. Without an order of the query, each part is at most one shard
 * of each index: there the place in the index and the index tell all documents apart.
 */
async function olderOrder(question: OrderQuestion, signal: AbortSignal): Promise<Order> {
  const { client, search, query, connections } = question
  const sort = toJson(
    query.sort === undefined
      ? [{ _doc: 'asc' }, byIndex]
      : [...query.sort.map(withMissing), { _id: 'asc' }, byIndex],
  )
  const total = await count(search, sort, signal)
  if (total === undefined) throw opensearchError('opensearch-unexpected-answer', 'The server takes no order')
  if (query.sort !== undefined) return { sort, slices: [undefined], atOnce: 1, total }
  const shards = await shardsOf(client, query, signal)
  if (shards === undefined) {
    throw opensearchError('opensearch-permission-denied', 'The user may not ask how many shards there are', {
      path: 'config',
      fix: 'Grant the user indices:admin/shards/search_shards, which OpenSearch before 3.3 needs, or give the query a `sort`',
    })
  }
  const atOnce = Math.min(query.slices ?? USUAL_SLICES, connections)
  return { sort, slices: slicesOf(shards.most), atOnce, total }
}

/**
 * Says where documents without the field come, which is where they come anyway. When it is not said, the
 * server leaves out shards whose smallest and largest values lie before the page, and with them their
 * documents without one.
 *
 * @see https://github.com/opensearch-project/OpenSearch/issues/14824
 */
function withMissing(key: string | Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const fields = typeof key === 'string' ? { [key]: {} as unknown } : key
  return Object.fromEntries(
    Object.entries(fields).map(([field, given]) => {
      const options = typeof given === 'object' && given !== null ? given : { order: given }
      return [field, field.startsWith('_') ? given : { missing: '_last', ...options }]
    }),
  )
}

function slicesOf(max: number): readonly (Slice | undefined)[] {
  return max <= 1 ? [undefined] : Array.from({ length: max }, (_, id) => ({ id, max }))
}

/** @returns undefined when the server does not know `_shard_doc` */
async function count(search: Search, sort: string, signal: AbortSignal): Promise<number | undefined> {
  const page = { size: 0, sort, slice: undefined, after: undefined, countAll: true, mostBytes: COUNT_BYTES }
  try {
    const hits = new Hits()
    hits.scan(await search.send({ ...page, into: new ByteBuffer(16 * 1024) }, signal))
    checkFrame(hits.frame)
    return totalOf(hits.frame)
  } catch (error) {
    if (isBulkheadError(error) && error.message.includes('No mapping found for [_shard_doc]'))
      return undefined
    throw error
  }
}

/** Shards of the index with the fewest and with the most; undefined when the user may not know. */
async function shardsOf(
  client: Client,
  { index, routing }: BoundQuery,
  signal: AbortSignal,
): Promise<{ readonly least: number; readonly most: number } | undefined> {
  const options = new URLSearchParams({ expand_wildcards: 'open', ...(routing !== undefined && { routing }) })
  try {
    const answer = await client.send(
      { method: 'GET', path: `/${indexPath(index)}/_search_shards?${options.toString()}` },
      signal,
    )
    const { shards } = jsonBody(answer) as { shards?: readonly (readonly { readonly index: string }[])[] }
    const perIndex = new Map<string, number>()
    for (const [copy] of shards ?? []) {
      if (copy !== undefined) perIndex.set(copy.index, (perIndex.get(copy.index) ?? 0) + 1)
    }
    const counts = [...perIndex.values()]
    return counts.length === 0
      ? { least: 1, most: 1 }
      : { least: Math.min(...counts), most: Math.max(...counts) }
  } catch (error) {
    if (isBulkheadError(error) && error.code === 'opensearch-permission-denied') return undefined
    throw error
  }
}
