import { randomBytes } from 'node:crypto'
import { type OpenSearchServer, request } from '../../../../test/support/opensearch.ts'

/** Documents of one bulk request. */
const AT_ONCE = 5000

/**
 * Makes an index of documents, given as their JSON, in this order, and makes them visible. Ids are
 * `d0`, `d1` ...
 */
export async function fillIndex(
  server: OpenSearchServer,
  index: string,
  documents: readonly string[],
  { settings, mappings }: { readonly settings?: object; readonly mappings?: object } = {},
): Promise<void> {
  await request(server, 'PUT', `/${index}`, {
    settings: { number_of_shards: 1, number_of_replicas: 0, ...settings },
    ...(mappings !== undefined && { mappings }),
  })
  for (let from = 0; from < documents.length; from += AT_ONCE) {
    const lines = documents
      .slice(from, from + AT_ONCE)
      .flatMap((document, at) => [`{"index":{"_id":"d${from + at}"}}`, document])
    const answer = (await request(server, 'POST', `/${index}/_bulk`, `${lines.join('\n')}\n`)) as {
      readonly errors: boolean
    }
    if (answer.errors) throw new Error(`Documents are refused: ${JSON.stringify(answer).slice(0, 2000)}`)
  }
  await request(server, 'POST', `/${index}/_refresh`)
}

/** A query that looks at each document for some tenths of a millisecond: the server sees that it was cancelled after some thousand documents, and a mark by which its tasks are known. */
export function slowQuery(): { readonly mark: string; readonly query: object } {
  const mark = `slow_${randomBytes(4).toString('hex')}`
  const source = `long ${mark} = 0; for (int k = 0; k < 300000; k++) { ${mark} += k } return ${mark} > 0`
  return { mark, query: { script: { script: { source } } } }
}

/** How many points in time the server keeps of these indices, whoever asked for them: those of other tests come and go. @param indices  with commas */
export async function openPointsInTime(server: OpenSearchServer, indices: string): Promise<number> {
  const stats = (await request(server, 'GET', `/${indices}/_stats/search`)) as {
    readonly _all: { readonly total: { readonly search: { readonly point_in_time_current: number } } }
  }
  return stats._all.total.search.point_in_time_current
}
