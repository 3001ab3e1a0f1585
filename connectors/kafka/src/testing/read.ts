import type { Row, Source } from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext, type TestContextOptions } from '@bulkhead/connector-sdk/testing'
import type { Config } from '../config.ts'
import kafka from '../index.ts'

export const never = new AbortController().signal

/** A connection with these settings. */
export function open(config: unknown, limits: TestContextOptions<Config>['limits'] = {}): Promise<Source> {
  const { source } = kafka
  if (source === undefined) throw new TypeError('The connector is a source')
  return source.open(testContext({ config: kafka.config.parse(config), limits }))
}

/** All rows of a query. */
export async function rowsOf(source: Source, query: unknown): Promise<Row[]> {
  await using extract = await source.prepare(readRequest({ query }, 'columns'), never)
  return await readRows(extract, never)
}
