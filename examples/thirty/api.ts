/** The HTTP API that some of the thirty read: pages by link, by cursor and by offset. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Api extends AsyncDisposable {
  /** Base of its addresses. */
  readonly url: string
}

const page = 60

/** Starts it on a free port of this machine. */
export async function startApi(): Promise<Api> {
  const server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? '/', 'http://api')
  const number = (name: string): number => Number(url.searchParams.get(name) ?? 0)
  const list = url.pathname.slice(1)
  if (list === 'prices') {
    const from = number('page') * page
    const symbol = url.searchParams.get('symbol') ?? ''
    const next = `<${url.pathname}?symbol=${symbol}&page=${number('page') + 1}>; rel="next"`
    if (from + page < total) response.setHeader('Link', next)
    json(response, { data: rows(from, page, (index) => price(symbol, index)) })
  } else if (list === 'tickets') {
    const from = number('cursor')
    const next = from + page < total ? String(from + page) : null
    json(response, { items: rows(from, page, ticket), next })
  } else if (list === 'readings')
    json(response, { values: rows(number('offset'), number('limit'), reading), total })
  else response.writeHead(404).end()
}

const total = 200

function rows(from: number, count: number, row: (index: number) => unknown): unknown[] {
  return Array.from({ length: Math.max(0, Math.min(count, total - from)) }, (_, index) => row(from + index))
}

function price(symbol: string, index: number): unknown {
  return { symbol, date: dayOf(index), price: (100 + ((index * 37) % 89) / 4).toFixed(2) }
}

function ticket(index: number): unknown {
  return { id: 9_007_199_254_740_000 + index, opened: dayOf(index), tags: ['new', `team-${index % 7}`] }
}

function reading(index: number): unknown {
  return { id: index + 1, taken: `${dayOf(index)}T08:15:00Z`, celsius: ((index * 13) % 400) / 10 }
}

function dayOf(index: number): string {
  return new Date(Date.UTC(2026, 0, 1 + index)).toISOString().slice(0, 10)
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value))
}
