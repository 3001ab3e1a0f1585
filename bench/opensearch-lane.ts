/** An index of OpenSearch as JSON Lines, by the command and by `elasticdump`. */
import { mkdir, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { startServices } from '../scripts/services/start.ts'
import { type OpenSearchServer, request } from '../test/support/opensearch-request.ts'
import { inTurn, type RunnableLane } from './compare-lane.ts'
import { type ExportRun, exportOnce } from './export-once.ts'
import { measureCommand } from './measure/measure-command.ts'
import type { LaneMeasuring } from './other-lane.ts'

/** Documents of one bulk request. */
const atOnce = 5000

/**
 * Starts OpenSearch, unless `BULKHEAD_TEST_OPENSEARCH` says where one runs, and fills an index, which goes with
 * the lane.
 * @returns a reason where there is no OpenSearch on this machine
 */
export async function openOpenSearchLane(
  measuring: LaneMeasuring,
): Promise<(RunnableLane & AsyncDisposable) | { readonly reason: string }> {
  await using opened = new AsyncDisposableStack()
  const services = opened.use(await startServices(['opensearch']))
  const where = services.environment['BULKHEAD_TEST_OPENSEARCH'] ?? process.env['BULKHEAD_TEST_OPENSEARCH']
  if (where === undefined)
    return { reason: services.missing['opensearch'] ?? services.failed['opensearch'] ?? 'there is no server' }
  const server = JSON.parse(where) as OpenSearchServer
  const index = `bulkhead-bench-${process.pid}`
  measuring.say(`Generating ${measuring.rows} documents`)
  opened.defer(async () => void (await request(server, 'DELETE', `/${index}`)))
  await fill(server, index, measuring.rows)
  const kept = opened.move()
  return {
    name: 'opensearch',
    peerName: 'elasticdump, 10000 at once',
    warmUps: 2,
    run: (turn) =>
      inTurn(
        turn,
        () => runBulkhead(server, index, measuring),
        () => runElasticdump(server, index, measuring),
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

async function fill(server: OpenSearchServer, index: string, rows: number): Promise<void> {
  await request(server, 'PUT', `/${index}`, {
    settings: { number_of_shards: 1, number_of_replicas: 0, refresh_interval: '-1' },
  })
  for (let from = 0; from < rows; from += atOnce) {
    const documents = Array.from({ length: Math.min(atOnce, rows - from) }, (_, at) => documentOf(from + at))
    const lines = documents.flatMap((document) => ['{"index":{}}', document])
    const answer = await request(server, 'POST', `/${index}/_bulk`, `${lines.join('\n')}\n`)
    if ((answer as { readonly errors: boolean }).errors)
      throw new Error('OpenSearch refuses generated documents')
  }
  await request(server, 'POST', `/${index}/_forcemerge?max_num_segments=1`)
  await request(server, 'POST', `/${index}/_refresh`)
}

function documentOf(i: number): string {
  return JSON.stringify({
    id: i,
    name: `customer ${i % 9973}`,
    text: `the quick "brown" fox number ${i} jumps over é ${'x'.repeat(i % 50)}`,
    amount: (i % 100_000) / 100,
    at: new Date(Date.UTC(2026, 0, 1) + i * 1000).toISOString(),
    tags: [`a${i % 10}`, `b${i % 7}`],
    ok: i % 3 === 0,
    address: { city: 'Gent', zip: String(9000 + (i % 100)), country: null },
  })
}

function runBulkhead(
  { url, username, password }: OpenSearchServer,
  index: string,
  { command, folder, rows }: LaneMeasuring,
): Promise<ExportRun> {
  const login = username === undefined ? {} : { user: username, password: password ?? '' }
  const source = { connector: 'opensearch', config: { nodes: [url], ...login }, query: { index } }
  return exportOnce({ command, source, folder, output: { format: 'jsonl' }, rows })
}

async function runElasticdump(
  { url, username, password }: OpenSearchServer,
  index: string,
  { folder }: LaneMeasuring,
): Promise<ExportRun> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'peer')
  const input = new URL(index, url)
  input.username = username ?? ''
  input.password = password ?? ''
  const script = createRequire(import.meta.url).resolve('elasticdump/bin/elasticdump')
  // the most at once that an index allows, which is its fastest; the documents alone, as we give them
  const options = ['--type=data', '--limit=10000', '--sourceOnly', '--quiet']
  try {
    const { stdout: _stdout, ...cost } = await measureCommand({
      file: process.execPath,
      args: [script, `--input=${input.href}`, `--output=${file}`, ...options],
      environment: process.env,
    })
    return { cost, bytes: (await stat(file)).size }
  } finally {
    await rm(file, { force: true })
  }
}
