import type { Row, Source } from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext, type TestContextOptions } from '@bulkhead/connector-sdk/testing'
import type { Config } from '../config.ts'
import cassandra from '../index.ts'

export const never = new AbortController().signal

/** A connection with these settings. */
export function open(config: unknown, limits: TestContextOptions<Config>['limits'] = {}): Promise<Source> {
  const { source } = cassandra
  if (source === undefined) throw new TypeError('The connector is a source')
  return source.open(testContext({ config: cassandra.config.parse(config), limits }))
}

/** All rows of a query. */
export async function rowsOf(
  source: Source,
  query: unknown,
  parameters: Parameters<typeof readRequest>[0]['parameters'] = {},
): Promise<Row[]> {
  await using extract = await source.prepare(readRequest({ query, parameters }, 'rows'), never)
  return await readRows(extract, never)
}
