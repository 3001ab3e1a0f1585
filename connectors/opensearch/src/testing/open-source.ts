import type { CsvOptions, ReadRequest, Row } from '@bulkhead/connector-sdk'
import { defaultCsv, type Source } from '@bulkhead/connector-sdk'
import {
  readFiles,
  readRequest,
  readRows,
  testContext,
  type TestContextOptions,
} from '@bulkhead/connector-sdk/testing'
import type { Config } from '../config.ts'
import opensearch from '../index.ts'

const csv: CsvOptions = defaultCsv

/** What tests ask of a source, opened for one use and closed after it. */
export interface OpenSource extends AsyncDisposable {
  readonly source: Source
  readonly logged: readonly unknown[]
  /** JSON Lines, made by the source itself. */
  lines(query: unknown, more?: Partial<ReadRequest>): Promise<string[]>
  /** Rows of the columns that other formats get. */
  rows(query: unknown, more?: Partial<ReadRequest>): Promise<Row[]>
}

/** A request for JSON Lines, as the engine would make it. */
export function lineRequest(query: unknown, more: Partial<ReadRequest> = {}): ReadRequest {
  return readRequest({ query }, 'bytes', { output: { format: 'jsonl', csv }, ...more })
}

export async function openSource(
  config: unknown,
  options: Omit<TestContextOptions<Config>, 'config'> = {},
): Promise<OpenSource> {
  const context = testContext<Config>({ ...options, config: opensearch.config.parse(config) })
  const source = await opensearch.source!.open(context)
  const { signal } = new AbortController()
  return {
    source,
    logged: context.logged,
    async lines(query, more) {
      await using extract = await source.prepare(lineRequest(query, more), signal)
      const content = (await readFiles(extract, signal)).get('')?.toString() ?? ''
      return content.split('\n').slice(0, -1)
    },
    async rows(query, more) {
      const request = readRequest({ query }, 'columns', { output: { format: 'csv', csv }, ...more })
      await using extract = await source.prepare(request, signal)
      return await readRows(extract, signal)
    },
    async [Symbol.asyncDispose]() {
      await source[Symbol.asyncDispose]()
      await context[Symbol.asyncDispose]()
    },
  }
}
