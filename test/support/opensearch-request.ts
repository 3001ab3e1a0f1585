/** Requests to an OpenSearch server, apart from what needs a test: a benchmark has none. */

/** What `BULKHEAD_TEST_OPENSEARCH` holds, as JSON. */
export interface OpenSearchServer {
  readonly url: string
  readonly username?: string
  readonly password?: string
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
