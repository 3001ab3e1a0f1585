/** A collection of a MongoDB server as JSON Lines, by the command and by a script over the official driver. */
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { MongoClient } from 'mongodb'
import { startServices } from '../scripts/services/start.ts'
import { inTurn, type RunnableLane } from './compare-lane.ts'
import { type ExportRun, exportOnce } from './export-once.ts'
import { measureCommand } from './measure/measure-command.ts'
import type { LaneMeasuring } from './other-lane.ts'

const collection = 'orders'
/** Documents of one insert. */
const atOnce = 5000
/** The stand-in has all in memory. */
const mostOfStandIn = 1_000_000

/**
 * What a team would write by hand: the driver's cursor, its own extended JSON, a stream with back-pressure. Its batches are large,
 * because the stand-in takes longer for each of them the more documents there are.
 */
const script = `
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { BSON, MongoClient } from 'mongodb'
const [url, database, collection, file] = process.argv.slice(1)
const client = await MongoClient.connect(url)
async function* lines() {
  for await (const document of client.db(database).collection(collection).find({}, { promoteValues: false, batchSize: 10_000 }))
    yield BSON.EJSON.stringify(document, { relaxed: true }) + '\\n'
}
await pipeline(lines, createWriteStream(file))
await client.close()
`

/**
 * Starts a server, unless `BULKHEAD_TEST_MONGODB` says where one runs, and fills a collection, which goes with
 * the lane.
 * @returns a reason where there is no server on this machine
 */
export async function openMongodbLane(
  wanted: LaneMeasuring,
): Promise<(RunnableLane & AsyncDisposable) | { readonly reason: string }> {
  await using opened = new AsyncDisposableStack()
  const services = opened.use(await startServices(['mongodb']))
  const url = services.environment['BULKHEAD_TEST_MONGODB'] ?? process.env['BULKHEAD_TEST_MONGODB']
  if (url === undefined)
    return { reason: services.missing['mongodb'] ?? services.failed['mongodb'] ?? 'there is no server' }
  const isStandIn = services.environment['BULKHEAD_TEST_MONGODB'] !== undefined
  const measuring = { ...wanted, rows: isStandIn ? Math.min(wanted.rows, mostOfStandIn) : wanted.rows }
  const database = `bulkhead_bench_${process.pid}`
  const client = await MongoClient.connect(url)
  opened.defer(() => client.close())
  opened.defer(async () => void (await client.db(database).dropDatabase()))
  measuring.say(`Generating ${measuring.rows} documents of MongoDB`)
  for (let from = 0; from < measuring.rows; from += atOnce) {
    const count = Math.min(atOnce, measuring.rows - from)
    const documents = Array.from({ length: count }, (_, at) => documentOf(from + at))
    await client.db(database).collection(collection).insertMany(documents)
  }
  const kept = opened.move()
  return {
    name: 'mongodb',
    peerName: 'the driver, EJSON.stringify',
    run: (turn) =>
      inTurn(
        turn,
        () => runBulkhead(url, database, measuring),
        () => runDriver(url, database, measuring),
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function documentOf(i: number): Record<string, unknown> {
  return {
    id: i,
    customer: `customer ${i % 9973}`,
    note: `the quick "brown" fox number ${i} jumps over é ${'x'.repeat(i % 50)}`,
    amount: (i % 100_000) / 100,
    at: new Date(Date.UTC(2026, 0, 1) + i * 1000),
    tags: [`a${i % 10}`, `b${i % 7}`],
    ok: i % 3 === 0,
    address: { city: 'Gent', zip: String(9000 + (i % 100)), country: null },
  }
}

function runBulkhead(
  url: string,
  database: string,
  { command, folder, rows }: LaneMeasuring,
): Promise<ExportRun> {
  const { host, username, password } = new URL(url)
  const login =
    username === '' ? {} : { user: decodeURIComponent(username), password: decodeURIComponent(password) }
  const source = {
    connector: 'mongodb',
    config: { hosts: [host], database, ...login },
    query: { collection, find: {} },
  }
  return exportOnce({ command, source, folder, output: { format: 'jsonl' }, rows })
}

async function runDriver(url: string, database: string, { folder }: LaneMeasuring): Promise<ExportRun> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'peer')
  try {
    const { stdout: _stdout, ...cost } = await measureCommand({
      file: process.execPath,
      args: ['--input-type=module', '-e', script, url, database, collection, file],
      environment: process.env,
    })
    return { cost, bytes: (await stat(file)).size }
  } finally {
    await rm(file, { force: true })
  }
}
