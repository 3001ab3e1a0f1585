import {
  type ConnectionContext,
  defaultCsv,
  type ParameterValue,
  type ReadRequest,
  type Row,
  type Source,
} from '@bulkhead/connector-sdk'
import { rowsOf } from '@bulkhead/connector-sdk/testing'
import type { TestMysqlDatabase } from '../../../../test/support/mysql.ts'
import type { Config } from '../config.ts'
import definition from '../index.ts'

/** For the tests of this connector: a connection as the platform opens it. */

export const testRunId = '0199aaaa-0000-7000-8000-000000000001'

export interface Overrides {
  readonly config?: Readonly<Record<string, unknown>>
  readonly limits?: Partial<{ connections: number; queryTimeoutMs: number; connectTimeoutMs: number }>
  readonly signal?: AbortSignal
  readonly warnings?: unknown[]
}

export async function openConnection(
  database: Omit<TestMysqlDatabase, 'url'>,
  overrides: Overrides = {},
): Promise<Source> {
  const source = definition.source
  if (source === undefined) throw new TypeError('The connector is a source')
  return source.open(contextOf(database, overrides))
}

export function contextOf(
  { host, port, database, user, password }: Omit<TestMysqlDatabase, 'url'>,
  { config = {}, limits = {}, signal = never, warnings = [] }: Overrides = {},
): ConnectionContext<Config> {
  return {
    config: definition.config.parse({
      host,
      port,
      database,
      user,
      ...(password === '' ? {} : { password }),
      ...config,
    }),
    connection: 'test',
    application: 'connector-tests',
    runId: testRunId,
    limits: { connections: 4, queryTimeoutMs: 60_000, connectTimeoutMs: 10_000, ...limits },
    log: { debug: ignore, info: ignore, warn: (_message, details) => void warnings.push(details) },
    signal,
    temporaryFolder: unused,
    baseFolder: undefined,
    fetchFiles: unused,
    signLink: unused,
  }
}

export const never = new AbortController().signal

/** A request to read, with small batches so that there are several. */
export function readRequest(
  query: unknown,
  more: Partial<Omit<ReadRequest, 'output'>> & { readonly format?: 'csv' | 'jsonl' } = {},
): ReadRequest {
  const { format = 'csv', ...request } = more
  return {
    query,
    parameters: {},
    form: 'columns',
    output: { format, csv: defaultCsv },
    maxRows: undefined,
    batchRows: 100,
    batchBytes: 64 * 1024,
    ...request,
  }
}

/** All rows of a read. */
export async function readAll(
  source: Source,
  query: unknown,
  parameters: Readonly<Record<string, ParameterValue>> = {},
  more: Partial<ReadRequest> = {},
): Promise<Row[]> {
  await using extract = await source.prepare(readRequest(query, { parameters, ...more }), never)
  const rows: Row[] = []
  for await (const batch of extract.read(never)) rows.push(...rowsOf(extract.fields, batch))
  return rows
}

/** The value of a result of one row and column. */
export async function readOne(
  source: Source,
  query: string,
  parameters: Readonly<Record<string, ParameterValue>> = {},
): Promise<unknown> {
  const [row] = await readAll(source, query, parameters)
  return Object.values(row ?? {})[0]
}

function ignore(): void {}
function unused(): Promise<never> {
  return Promise.reject(new Error('The connector does not need this'))
}
