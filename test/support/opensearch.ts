/** Indices of its own for a test, on a real OpenSearch server. */
import { randomBytes } from 'node:crypto'
import { afterwards, type Scope } from './cleanup.ts'
import { serverVariable } from './environment.ts'
import { type OpenSearchServer, request } from './opensearch-request.ts'

export { type OpenSearchServer, request } from './opensearch-request.ts'

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
