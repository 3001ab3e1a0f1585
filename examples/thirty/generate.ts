/** Makes a folder of each application of the table, as its team would have written it. */
import { copyFile, cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lockFileName, lockOf } from '@bulkhead/engine/application/lock'
import { readApplication } from '@bulkhead/engine/application/read-application'
import { readCatalog } from '@bulkhead/engine/catalog/read-catalog'
import { Document } from 'yaml'
import type { Entry, Table } from './table.ts'

/** Where things are: a word of the table, and what stands in its place. `DATA` is always known. */
export type Places = Readonly<Record<string, unknown>>

/** One application that was made, and how it is asked. */
export interface Generated {
  readonly name: string
  readonly folder: string
  /** What its requests hold besides their id. */
  readonly request: Readonly<Record<string, unknown>>
  readonly asked: 'http' | 'folder' | 'topic'
  readonly answers: NonNullable<Entry['answers']>
}

const job = 'extract'
const compressions: Readonly<Record<string, string>> = { gz: 'gzip', zst: 'zstd' }

/** Writes `folder/data` with what they read, and `folder/applications/NAME` for each. */
export async function generate(folder: string, table: Table, places: Places): Promise<readonly Generated[]> {
  await writeData(join(folder, 'data'))
  const known = { DATA: '../../data', ...places }
  const catalog = await readCatalog([connectors])
  const made: Generated[] = []
  for (const [name, entry] of Object.entries(table)) {
    const own = join(folder, 'applications', name)
    await mkdir(own, { recursive: true })
    await writeFile(join(own, 'application.yaml'), yaml(inPlaces(manifestOf(name, entry), known)))
    for (const file of partsOf(entry))
      await copyFile(join(import.meta.dirname, 'parts', file), join(own, file))
    await writeExample(own, entry)
    const application = await readApplication(own, { variables: {} })
    await writeFile(
      join(own, lockFileName),
      `${JSON.stringify(lockOf(application, catalog), undefined, 2)}\n`,
    )
    made.push({
      name,
      folder: own,
      request: (inPlaces(entry.request, known) as Generated['request'] | undefined) ?? {
        job,
        ...(entry.asks !== undefined && { parameters: entry.asks }),
      },
      asked: entry.asked === 'folder' || entry.asked === 'topic' ? entry.asked : 'http',
      answers: entry.answers ?? 'poll',
    })
  }
  return made
}

async function writeExample(folder: string, { asks, example }: Entry): Promise<void> {
  if (example === undefined) return
  const { become, ...source } = example
  await mkdir(join(folder, 'tests'), { recursive: true })
  const parameters = asks === undefined ? {} : { parameters: asks }
  const test = { request: { job, ...parameters }, source, expect: { rows: become ?? source.rows } }
  await writeFile(join(folder, 'tests', 'example.yaml'), `${JSON.stringify(test, undefined, 2)}\n`)
}

/** Files of this folder, and those of an npm package of open data. */
async function writeData(folder: string): Promise<void> {
  await cp(join(import.meta.dirname, 'data'), folder, { recursive: true })
  for (const file of openData) await copyFile(join(installed, file), join(folder, file))
}

/** An installed checkout has both. */
const connectors = join(import.meta.dirname, '../../connectors')
const installed = join(import.meta.dirname, '../../node_modules/vega-datasets/data')
const openData = [
  'airports.csv',
  'birdstrikes.csv',
  'cars.json',
  'co2-concentration.csv',
  'earthquakes.json',
  'flights-3m.parquet',
  'gapminder.json',
  'github.csv',
  'iowa-electricity.csv',
  'jobs.json',
  'londonBoroughs.json',
  'londonTubeLines.json',
  'movies.json',
  'penguins.json',
  'population.json',
  'seattle-weather.csv',
  'stocks.csv',
  'unemployment.tsv',
  'us-employment.csv',
  'zipcodes.csv',
]

function manifestOf(name: string, entry: Entry): unknown {
  const { owner, about, reads, beside, spec = {} } = entry
  const [connection] = Object.entries(reads ?? {}).map(([connector, config]) => ({
    connector: `${connector}@^1`,
    config: connector === 'duckdb' ? filesOf(config) : config,
  }))
  return {
    apiVersion: 'bulkhead.dev/v1beta1',
    kind: 'Application',
    metadata: { name, labels: { kind: 'example' } },
    spec: {
      owner,
      description: about,
      ...(connection !== undefined && { connections: { source: connection, ...beside } }),
      stores: { results: { connector: 'files@^1', config: { folder: './results', createFolder: true } } },
      ...(entry.request === undefined && { jobs: { [job]: jobOf(entry) } }),
      ...triggersOf(name, entry),
      ...repliesOf(name, entry),
      ...spec,
    },
  }
}

/** A list is short for files of the folder of data, each a table of its name. */
function filesOf(config: unknown): unknown {
  if (!Array.isArray(config)) return { files: config }
  const files = (config as readonly string[]).map((path) => [
    path.replace(/\.\w+$/, '').replaceAll('-', '_'),
    { path },
  ])
  return {
    folder: '../../data',
    files: Object.fromEntries(files) as unknown,
    memoryLimit: '256MiB',
    threads: 1,
  }
}

function jobOf({ about, query, parameters, process, writes = 'csv', output }: Entry): unknown {
  const [format, packed] = writes.split('.')
  return {
    description: about,
    ...(parameters !== undefined && { parameters }),
    source: { connection: 'source', query },
    ...(process !== undefined && { process }),
    output: { format, ...(packed !== undefined && { compression: compressions[packed] }), ...output },
  }
}

function triggersOf(name: string, { asked = 'http', scheduled }: Entry): Readonly<Record<string, unknown>> {
  if (asked === 'http') return {}
  if (asked === 'folder') return { triggers: { drop: { folder: { path: './inbox', settle: 'PT0.2S' } } } }
  if (asked === 'topic')
    return { triggers: { topic: { kafka: { cluster: 'main', topic: `${name}.requests` } } } }
  const cron = { schedule: asked, timeZone: 'Europe/Brussels' }
  return { triggers: { schedule: { cron, job, ...(scheduled !== undefined && { parameters: scheduled }) } } }
}

function repliesOf(name: string, { answers = 'poll' }: Entry): Readonly<Record<string, unknown>> {
  const main = {
    poll: undefined,
    file: { file: { folder: './replies' } },
    webhook: { webhook: { url: 'HOOK' } },
    topic: { kafka: { cluster: 'main', topic: `${name}.replies` } },
  }[answers]
  return main === undefined ? {} : { replies: { main } }
}

function partsOf({ process = [] }: Entry): readonly string[] {
  return process.flatMap((step) => {
    if (typeof step['map'] === 'string') return [step['map']]
    const { schema } = (step['validate'] ?? {}) as { readonly schema?: string }
    return schema === undefined ? [] : [schema]
  })
}

function inPlaces(value: unknown, places: Places): unknown {
  if (typeof value === 'string') return places[value] ?? value
  if (Array.isArray(value)) return value.map((item) => inPlaces(item, places))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, inPlaces(item, places)]))
}

function yaml(value: unknown): string {
  return new Document(value).toString({ lineWidth: 120 })
}
