/** Indices of its own for a test, on a real OpenSearch server. */
import { randomBytes } from 'node:crypto'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'

/** What `BULKHEAD_TEST_OPENSEARCH` holds, as JSON. */
export interface OpenSearchServer {
  readonly url: string
  readonly username?: string
  readonly password?: string
}

export interface TestIndex extends OpenSearchServer {
  /** Belongs to the test, as do all that begin with it. Not made yet. */
  readonly index: string
}

/** Names an index that nobody else uses, and removes it and all that begin with its name when the scope is over. */
export function createIndexName(scope: Scope): TestIndex {
  const server = JSON.parse(serverVariable('opensearch')) as OpenSearchServer
  const index = `bulkhead-test-${process.pid}-${randomBytes(4).toString('hex')}`
  const test = { ...server, index }
  afterwards(scope, async () => {
    const found = (await request(test, 'GET', `/_cat/indices/${index}*?format=json&h=index`)) as {
      readonly index: string
    }[]
    // one by one: a server may refuse to remove by a pattern
    for (const { index: name } of found) await request(test, 'DELETE', `/${name}`)
  })
  return test
}

/**
 * Sends a request to the server and resolves to its answer, parsed.
 *
 * @param path  with its query, beginning with a slash
 * @param body  sent as JSON; text is sent as it is, as lines of JSON, for `_bulk`
 * @throws Error with the answer, when its status is not one of success
 */
export async function request(
  server: OpenSearchServer,
  method: string,
  path: string,
  body?: object | string,
): Promise<unknown> {
  const headers = new Headers()
  if (body !== undefined) {
    headers.set('content-type', typeof body === 'string' ? 'application/x-ndjson' : 'application/json')
  }
  if (server.username !== undefined) {
    const login = Buffer.from(`${server.username}:${server.password ?? ''}`).toString('base64')
    headers.set('authorization', `Basic ${login}`)
  }
  const answer = await fetch(new URL(path, server.url), {
    method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path} answers ${answer.status}: ${text}`)
  return text === '' ? undefined : JSON.parse(text)
}
