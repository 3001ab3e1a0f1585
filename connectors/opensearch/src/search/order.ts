import type { Client } from '../http/client.ts'
import { queryString } from '../http/query-string.ts'
import { ByteBuffer } from '../byte-buffer.ts'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'
import type { BoundQuery } from '../query/query.ts'
import { toJson } from '../query/to-json.ts'
import { indexPath } from './point-in-time.ts'
import { jsonBody } from './json-body.ts'
import { placeOf } from './place-of.ts'
import { Hits } from './scan-page.ts'
import { checkFrame, shardsIn, totalOf } from './frame.ts'
import type { PageRequest, Search, Slice } from './search.ts'

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
  /** So many parts are read at once. */
  readonly atOnce: number
  /** Documents of all parts. */
  readonly total: number
  /** Where a part can be cut in two; undefined: nowhere. */
  readonly places: Places | undefined
}

/**
 * The places in the index, by which an order without keys of the query begins. A reader may begin at any of
 * them as fast as at the first one, so that two share a shard; slices of a shard would cost the server a look at
 * the id of every document.
 */
export interface Places {
  /** Behind the last document of all. */
  readonly end: number
  /** Most documents that have the same place: one in each shard. */
  readonly documentsEach: number
  /** Sort values, as JSON, that come before those of all documents at a place, and behind those before it. */
  readonly before: (place: number) => Buffer
}

/** Most that is read side by side when the query does not say: two keep server and reader busy. */
const USUAL_PARTS = 2
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
  const { search, query } = question
  if (query.sort === undefined) return byPlace(question, signal)
  const wanted = query.sort.map(withMissing)
  const own = { slices: [undefined], atOnce: 1, places: undefined }
  const sort = toJson([...wanted, { _shard_doc: 'asc' }, byIndex])
  const total = await count(search, sort, signal)
  if (total !== undefined) return { ...own, sort, total }
  const older = toJson([...wanted, { _id: 'asc' }, byIndex])
  const olderTotal = await count(search, older, signal)
  if (olderTotal === undefined)
    throw opensearchError('opensearch-unexpected-answer', 'The server takes no order')
  return { ...own, sort: older, total: olderTotal }
}

/**
 * OpenSearch before 3.3 has no `_shard_doc`. There each part is at most one shard of each index, where the place
 * and the index tell all documents apart.
 */
async function byPlace(
  { client, search, query, connections }: OrderQuestion,
  signal: AbortSignal,
): Promise<Order> {
  const sort = toJson([{ _doc: 'asc' }, { _shard_doc: 'asc' }, byIndex])
  // nothing of this depends on the rest: a small result waits for one answer and not for three, where it may
  const oneByOne = connections < 3
  const counting = lastPlace(search, signal)
  if (oneByOne) await counting
  const trying = takesOrder(search, sort, signal)
  if (oneByOne) await trying
  const [{ total, end, documentsEach }, isKnown, shards] = await Promise.all([
    counting,
    trying,
    shardsOf(client, query, signal),
  ])
  const atOnce = Math.min(query.slices ?? USUAL_PARTS, connections)
  if (isKnown) {
    const before = (place: number): Buffer => Buffer.from(`[${place},-1,""]`)
    const slices = slicesOf(Math.min(atOnce, shards?.least ?? 1))
    return { sort, slices, atOnce, total, places: { end, documentsEach, before } }
  }
  if (shards === undefined) {
    throw opensearchError('opensearch-permission-denied', 'The user may not ask how many shards there are', {
      path: 'config',
      fix: 'Grant the user indices:admin/shards/search_shards, which OpenSearch before 3.3 needs, or give the query a `sort`',
    })
  }
  const before = (place: number): Buffer => Buffer.from(`[${place},""]`)
  return {
    sort: toJson([{ _doc: 'asc' }, byIndex]),
    slices: slicesOf(shards.most),
    atOnce,
    total,
    places: { end, documentsEach, before },
  }
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
  try {
    const { frame } = await ask(search, { size: 0, sort, countAll: true }, signal)
    return totalOf(frame)
  } catch (error) {
    if (isUnknownOrder(error)) return undefined
    throw error
  }
}

/** Counts the documents, and finds the place of the last one: of a million in a hundredth of a second. */
async function lastPlace(
  search: Search,
  signal: AbortSignal,
): Promise<{ readonly total: number } & Pick<Places, 'end' | 'documentsEach'>> {
  const { hits, frame } = await ask(search, { size: 1, sort: '[{"_doc":"desc"}]', countAll: true }, signal)
  const end = hits.count === 0 ? 0 : placeOf(hits, 0) + 1
  return { total: totalOf(frame), end, documentsEach: shardsIn(frame) }
}

async function takesOrder(search: Search, sort: string, signal: AbortSignal): Promise<boolean> {
  try {
    await ask(search, { size: 0, sort, countAll: false }, signal)
    return true
  } catch (error) {
    if (isUnknownOrder(error)) return false
    throw error
  }
}

/** A search without documents. */
async function ask(
  search: Search,
  wanted: Pick<PageRequest, 'size' | 'sort' | 'countAll'>,
  signal: AbortSignal,
): Promise<{ readonly hits: Hits; readonly frame: Hits['frame'] }> {
  const into = new ByteBuffer(16 * 1024)
  const page = {
    ...wanted,
    slice: undefined,
    after: undefined,
    into,
    mostBytes: COUNT_BYTES,
    documents: false,
  }
  const hits = new Hits()
  hits.scan(await search.send(page, signal))
  checkFrame(hits.frame)
  return { hits, frame: hits.frame }
}

function isUnknownOrder(error: unknown): boolean {
  return isBulkheadError(error) && error.message.includes('No mapping found for [_shard_doc]')
}

const silent: ReadonlySet<string> = new Set([
  'opensearch-permission-denied',
  'opensearch-request-refused',
  'opensearch-not-a-server',
])

/** Shards of the index with the fewest and with the most; undefined when the user may not know. */
async function shardsOf(
  client: Client,
  { index, routing }: BoundQuery,
  signal: AbortSignal,
): Promise<{ readonly least: number; readonly most: number } | undefined> {
  const options = queryString({ expand_wildcards: 'open', ...(routing !== undefined && { routing }) })
  try {
    const answer = await client.send(
      { method: 'GET', path: `/${indexPath(index)}/_search_shards?${options}` },
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
    // serverless collections do not tell either
    if (isBulkheadError(error) && silent.has(error.code)) return undefined
    throw error
  }
}
