import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Meddling } from './http-proxy.ts'

/**
 * A fake of the SQL plugin, by its description: the server of the tests has none, and no registry has it. It runs
 * no SQL: it knows some statements by heart, puts parameters into their text as the plugin does, and hands out
 * pages by cursors that have to be closed.
 */
export interface FakeSql {
  readonly meddling: Meddling
  /** Texts that would be run, with the values of parameters in them. */
  readonly texts: readonly string[]
  /** Rows of a page that were asked for. */
  readonly fetchSizes: readonly number[]
  /** Cursors that are neither at their end nor closed. */
  readonly open: ReadonlySet<string>
}

export interface KnownResult {
  readonly schema: readonly { readonly name: string; readonly alias?: string; readonly type: string }[]
  /** JSON of each row. */
  readonly rows: readonly string[]
  /** Result of a kind that the plugin gives in one piece, whatever `fetch_size` says. */
  readonly isWhole?: boolean
  /** How a later page, the second first, is answered in place of its rows. */
  readonly later?: (page: number, outgoing: ServerResponse) => boolean
}

interface Pages {
  readonly result: KnownResult
  readonly from: number
  readonly size: number
  readonly page: number
}

interface Asked {
  readonly query?: string
  readonly cursor?: string
  readonly fetch_size?: number
  readonly parameters?: readonly { readonly type: string; readonly value: unknown }[]
}

/** @param resultOf  of the text that is run; undefined: the text is no SQL that it knows */
export function fakeSql(resultOf: (text: string) => KnownResult | undefined): FakeSql {
  const texts: string[] = []
  const fetchSizes: number[] = []
  const cursors = new Map<string, Pages>()
  const open = new Set<string>()
  let made = 0

  const answer = (outgoing: ServerResponse, status: number, body: string): void => {
    outgoing.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(body)
  }
  const refuse = (outgoing: ServerResponse, type: string, details: string): void =>
    answer(
      outgoing,
      400,
      JSON.stringify({ error: { reason: 'Invalid SQL query', details, type }, status: 400 }),
    )
  const give = (outgoing: ServerResponse, { result, from, size, page }: Pages): void => {
    const { schema, rows, isWhole } = result
    const end = isWhole === true ? rows.length : Math.min(rows.length, from + size)
    const list = rows.slice(from, end).join(',\n    ')
    let next = ''
    if (end < rows.length) {
      const cursor = `n:${String(++made)}"é`
      cursors.set(cursor, { result, from: end, size, page: page + 1 })
      open.add(cursor)
      next = `,\n  "cursor": ${JSON.stringify(cursor)}`
    }
    // as the plugin prints it, over many lines
    const head = `{\n  "schema": ${JSON.stringify(schema, null, 2)},\n  "datarows": [\n    ${list}\n  ]`
    answer(
      outgoing,
      200,
      `${head},\n  "total": ${end - from},\n  "size": ${end - from},\n  "status": 200${next}\n}`,
    )
  }
  const run = (asked: Asked, outgoing: ServerResponse): void => {
    if (asked.cursor !== undefined) {
      const pages = cursors.get(asked.cursor)
      if (pages === undefined) return refuse(outgoing, 'IllegalArgumentException', 'Unknown cursor')
      open.delete(asked.cursor)
      cursors.delete(asked.cursor)
      if (pages.result.later?.(pages.page, outgoing) !== true) give(outgoing, pages)
      return
    }
    const sql = substituted(asked.query ?? '', asked.parameters ?? [])
    const size = asked.fetch_size ?? 0
    texts.push(sql)
    fetchSizes.push(size)
    const result = resultOf(sql)
    if (result === undefined) return refuse(outgoing, 'SyntaxCheckException', `Failed to parse [${sql}]`)
    give(outgoing, { result, from: 0, size: size === 0 ? result.rows.length : size, page: 1 })
  }
  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const asked = JSON.parse(await text(incoming)) as Asked
    if (incoming.url !== '/_plugins/_sql/close') return run(asked, outgoing)
    const isOpen = open.delete(asked.cursor ?? '')
    answer(outgoing, 200, `{"succeeded":${isOpen}}`)
    await once(outgoing, 'close')
  }
  const meddling: Meddling = {
    handle(incoming, outgoing) {
      if (incoming.method !== 'POST' || incoming.url?.startsWith('/_plugins/_sql') !== true) return false
      void handle(incoming, outgoing)
      return true
    },
  }
  return { meddling, texts, fetchSizes, open }
}

/** Puts values where a question mark stands outside of single quotes: it knows neither comments nor other quotes. */
function substituted(query: string, parameters: NonNullable<Asked['parameters']>): string {
  const values = parameters.values()
  return query.replaceAll(/'(?:\\'|''|[^'])*'|\?/g, (found) => {
    if (found !== '?') return found
    const { value } = values.next()
    if (value === undefined) throw new Error('A value is missing')
    return value.type === 'string' ? quoted(String(value.value)) : String(value.value)
  })
}

function quoted(value: string): string {
  return `'${value.replaceAll(/[\\'"]/g, String.raw`\$&`)}'`
}
