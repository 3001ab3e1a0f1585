import type { IncomingHttpHeaders } from 'node:http'
import { httpFault } from '../errors.ts'
import { parsePointer, type Pointer } from '../json/json-pointer.ts'
import { rawJson } from '../json/json-text.ts'
import { nextLink } from './link-header.ts'
import type { Paging } from './paging-schema.ts'
import { Seen } from './seen.ts'

/** The address and body of a page. */
export interface PageTarget {
  readonly url: URL
  readonly body: unknown
}

/** What a page turned out to be. */
export interface PageFacts {
  readonly target: PageTarget
  /** Where it came from in the end, after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly records: number
  /** Digest of its records. */
  readonly digest: string
  /** JSON text of the value at each of the pager's places; undefined when the page has none. */
  readonly captured: (index: number) => string | undefined
  /** JSON text of the value in its last record, where the pager asked for one. */
  readonly lastValue: string | undefined
}

/** Finds the way from one page to the next. Made once for a read: it knows where it has been. */
export interface Pager {
  /** Places outside of the records that it needs. */
  readonly captures: readonly Pointer[]
  /** Place in the last record that it needs. */
  readonly lastRecord: Pointer | undefined
  readonly maxPages: number
  /** Status that stands for an end, behind the first page. */
  readonly endStatus: number | undefined
  first(): PageTarget
  /**
   * @returns undefined at the end
   * @throws BulkheadError `http-paging-loop`, `http-paging-broken`, `http-next-elsewhere`, `http-more-pages`
   */
  next(facts: PageFacts): PageTarget | undefined
}

/** @param start  the first page, before offset, page number or size are put into it */
export function createPager(paging: Paging | undefined, start: PageTarget): Pager {
  const places: Pointer[] = []
  const placeOf = (text: string | undefined): number =>
    text === undefined ? -1 : places.push(parsePointer(text) ?? []) - 1
  const base = { captures: places, lastRecord: undefined, endStatus: undefined, first: () => start }
  if (paging === undefined || paging.by === 'none') {
    const next = ({ status, headers }: PageFacts): undefined => {
      if (paging !== undefined) return
      // Nobody asked for a range: a server that answers in part means pages.
      if (status === 206)
        throw httpFault(
          'http-more-pages',
          'The answer is a part of the list (status 206), and the query has no paging',
          {
            path: 'query.paging',
            fix: 'Write how to get to the next page as paging, or paging: { by: none } when one part is what is wanted',
          },
        )
      if (nextLink(headers.link as string | undefined) !== undefined)
        throw httpFault('http-more-pages', 'The answer names a next page, and the query has no paging', {
          path: 'query.paging',
        })
    }
    return { ...base, maxPages: 1, next }
  }
  const { maxPages } = paging
  const seen = new Seen()
  switch (paging.by) {
    case 'link':
      return {
        ...base,
        maxPages,
        next: ({ target, headers, url }) =>
          follow(nextLink(headers.link as string | undefined), url, target, seen),
      }
    case 'url': {
      const at = placeOf(paging.at)
      const more = placeOf(paging.hasMore)
      return {
        ...base,
        maxPages,
        next(facts) {
          const hasMore = more < 0 ? undefined : truth(facts.captured(more))
          const address = text(facts.captured(at), 'query.paging.at')
          if (hasMore === false || (address === undefined && hasMore === undefined)) return undefined
          if (address === undefined)
            throw broken('says that there are more pages, and has no address of the next one')
          return follow(address, facts.url, facts.target, seen)
        },
      }
    }
    case 'cursor': {
      const at = placeOf(paging.at)
      const more = placeOf(paging.hasMore)
      const { parameter, bodyField } = paging
      return {
        ...base,
        maxPages,
        lastRecord: paging.lastRecord === undefined ? undefined : parsePointer(paging.lastRecord),
        next(facts) {
          const hasMore = more < 0 ? undefined : truth(facts.captured(more))
          if (hasMore === false) return undefined
          if (at < 0 && facts.records === 0 && hasMore === undefined) return undefined
          const cursor = text(
            at < 0 ? facts.lastValue : facts.captured(at),
            at < 0 ? 'query.paging.lastRecord' : 'query.paging.at',
          )
          if (cursor === undefined) {
            if (hasMore === undefined && at >= 0) return undefined
            throw broken(
              at < 0
                ? 'has a last record without the value that the next page needs'
                : 'says that there are more pages, and has no cursor',
            )
          }
          seen.add(cursor, 'The same cursor came twice')
          if (parameter !== undefined) return withParameters(start, { [parameter]: cursor })
          // As the answer has it: a number stays a number.
          const json = (at < 0 ? facts.lastValue : facts.captured(at)) ?? ''
          return withBodyField(start, bodyField!, rawJson(json))
        },
      }
    }
    case 'offset':
    case 'page': {
      const more = placeOf(paging.hasMore)
      const total = placeOf(paging.by === 'offset' ? paging.total : undefined)
      const { parameter, size, sizeParameter, bodyField } = paging
      let position = paging.start
      let before: string | undefined
      const at = (): PageTarget => {
        const sized =
          sizeParameter === undefined ? start : withParameters(start, { [sizeParameter]: String(size) })
        return bodyField === undefined
          ? withParameters(sized, { [parameter]: String(position) })
          : withBodyField(sized, bodyField, position)
      }
      return {
        ...base,
        maxPages,
        endStatus: paging.by === 'page' ? paging.endStatus : undefined,
        first: at,
        next({ records, digest, captured }) {
          const hasMore = more < 0 ? undefined : truth(captured(more))
          if (hasMore === false) return undefined
          if (records === 0) {
            if (hasMore === true) throw broken('says that there are more pages, and has no records')
            const said = total < 0 ? undefined : captured(total)
            if (said !== undefined && position - paging.start < count(said))
              throw broken('has no records, and says that there are more in all than were read')
            return undefined
          }
          if (paging.repeats === 'refuse' && digest === before)
            throw httpFault(
              'http-paging-loop',
              'Two pages in a row have the same records: the server seems to ignore what the query pages by',
              {
                path: 'query.paging.parameter',
                fix: `Correct the name of the parameter (${JSON.stringify(parameter)}); where pages may be alike, set repeats: allow`,
              },
            )
          before = digest
          position += paging.by === 'offset' ? records : 1
          const all = total < 0 ? undefined : count(captured(total))
          if (all !== undefined && position - paging.start >= all) return undefined
          if (hasMore === undefined && all === undefined && paging.end === 'short' && records < (size ?? 0))
            return undefined
          return at()
        },
      }
    }
    default:
      return paging satisfies never
  }
}

/** The next page by its address, absolute or relative to the page that names it; never at another origin. */
function follow(
  address: string | undefined,
  from: URL,
  target: PageTarget,
  seen: Seen,
): PageTarget | undefined {
  if (address === undefined || address === '') return undefined
  const url = URL.parse(address, from.href)
  if (url === null) throw broken('names a next page that is no address')
  if (url.origin !== target.url.origin)
    throw httpFault(
      'http-next-elsewhere',
      `The next page lies at ${url.origin}, and not at ${target.url.origin}`,
      { path: 'query.paging' },
    )
  url.hash = ''
  url.username = ''
  url.password = ''
  seen.add(target.url.href, 'The pages lead back to one that was read')
  if (url.href === target.url.href)
    throw httpFault('http-paging-loop', 'A page names itself as the next one', { path: 'query.paging' })
  return { url, body: target.body }
}

function withParameters({ url, body }: PageTarget, values: Readonly<Record<string, string>>): PageTarget {
  const next = new URL(url)
  for (const [name, value] of Object.entries(values)) next.searchParams.set(name, value)
  return { url: next, body }
}

function withBodyField({ url, body }: PageTarget, place: string, value: unknown): PageTarget {
  return { url, body: withField(body, parsePointer(place) ?? [], value) }
}

function withField(body: unknown, [name, ...rest]: Pointer, value: unknown): unknown {
  if (name === undefined) return value
  const object =
    typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}
  const entries = Object.entries(object).filter(([key]) => key !== name)
  const inner = Object.hasOwn(object, name) ? object[name] : undefined
  return Object.fromEntries([...entries, [name, withField(inner, rest, value)]])
}

/** A text, or a number as it is written; undefined when it is missing, null, false or empty. */
function text(json: string | undefined, path: string): string | undefined {
  if (json === undefined || json === 'null' || json === 'false' || json === '""') return undefined
  if (json.startsWith('"')) return JSON.parse(json) as string
  if (/^[-\d]/.test(json)) return json
  throw httpFault('http-paging-broken', 'What stands there is neither text nor number', { path })
}

function truth(json: string | undefined): boolean {
  if (json === 'true') return true
  if (json === 'false') return false
  throw httpFault('http-paging-broken', 'The answer does not say true or false about further pages', {
    path: 'query.paging.hasMore',
  })
}

function count(json: string | undefined): number {
  const value = json === undefined ? Number.NaN : Number(json.replace(/^"(\d+)"$/, '$1'))
  if (!Number.isSafeInteger(value) || value < 0)
    throw httpFault('http-paging-broken', 'The answer does not say how many records there are', {
      path: 'query.paging.total',
    })
  return value
}

function broken(what: string): Error {
  return httpFault('http-paging-broken', `A page ${what}`, { path: 'query.paging' })
}
