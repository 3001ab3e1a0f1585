import {
  defaultCsv,
  type Batch,
  type CsvOptions,
  type Kept,
  type ReadRequest,
  type Source,
} from '@bulkhead/connector-sdk'
import type { TestDatabase } from '../../../../test/support/postgres.ts'
import definition from '../index.ts'

/** For the tests of this connector: a connection as the platform opens it. */

export const testRunId = '0199aaaa-0000-7000-8000-000000000001'

export interface Overrides {
  readonly config?: Readonly<Record<string, unknown>>
  readonly limits?: Partial<{ connections: number; queryTimeoutMs: number; connectTimeoutMs: number }>
  readonly signal?: AbortSignal
  readonly warnings?: string[]
  readonly runId?: string
  readonly kept?: Kept
}

export async function openConnection(
  { host, port, database, user, password }: Omit<TestDatabase, 'url'>,
  { config = {}, limits = {}, signal = never, warnings = [], runId = testRunId, kept }: Overrides = {},
): Promise<Source> {
  const source = definition.source
  if (source === undefined) throw new TypeError('The connector is a source')
  return source.open({
    config: definition.config.parse({
      host,
      port,
      database,
      user,
      ...(password === undefined ? {} : { password }),
      ...config,
    }),
    connection: 'test',
    application: 'connector-tests',
    runId,
    limits: { connections: 4, queryTimeoutMs: 60_000, connectTimeoutMs: 10_000, ...limits },
    log: { debug: ignore, info: ignore, warn: (message) => void warnings.push(message) },
    signal,
    temporaryFolder: unused,
    baseFolder: undefined,
    fetchFiles: unused,
    signLink: unused,
    ...(kept !== undefined && { kept }),
  })
}

export const never = new AbortController().signal

/** A request to read, with small batches so that there are several. */
export function readRequest(
  query: string,
  more: Partial<Omit<ReadRequest, 'output'>> & {
    format?: 'csv' | 'jsonl' | 'parquet' | 'avro' | 'xlsx'
    csv?: Partial<CsvOptions>
  } = {},
): ReadRequest {
  const { format = 'csv', csv = {}, ...request } = more
  return {
    query,
    parameters: {},
    form: 'bytes',
    output: { format, csv: { ...defaultCsv, ...csv } },
    maxRows: undefined,
    batchRows: 100,
    batchBytes: 64 * 1024,
    ...request,
  }
}

/** All that a read yields in the form `bytes`. */
export async function readBytes(source: Source, read: ReadRequest): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  await readBatches(source, read, (batch) => {
    if (batch.form === 'bytes') pieces.push(Buffer.from(batch.bytes)) // a batch is valid until the next one
  })
  return Buffer.concat(pieces)
}

/** @returns how many rows all batches have */
export async function readBatches(
  source: Source,
  read: ReadRequest,
  use: (batch: Batch) => void,
): Promise<number> {
  await using extract = await source.prepare(read, never)
  let rows = 0
  for await (const batch of extract.read(never)) {
    rows += typeof batch.rows === 'number' ? batch.rows : 0
    use(batch)
  }
  return rows
}

function ignore(): void {}
function unused(): Promise<never> {
  return Promise.reject(new Error('The connector does not need this'))
}
