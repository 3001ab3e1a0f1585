import assert from 'node:assert/strict'
import { type BulkheadError, isBulkheadError, type ParameterValue, type Row } from '@bulkhead/connector-sdk'
import { readRequest, readRows, type TestContext, testContext } from '@bulkhead/connector-sdk/testing'
import type { Config } from '../config.ts'
import http from '../index.ts'

export interface ReadOptions {
  readonly config: unknown
  readonly query: unknown
  readonly parameters?: Readonly<Record<string, ParameterValue>>
  readonly signal?: AbortSignal
  readonly limits?: { readonly queryTimeoutMs?: number; readonly connectTimeoutMs?: number }
  readonly maxRows?: number
}

export interface ReadResult {
  readonly rows: readonly Row[]
  readonly logged: TestContext<Config>['logged']
}

/** Reads a query to its end, through the connector as the engine uses it. */
export async function readAll(options: ReadOptions): Promise<ReadResult> {
  const { config, query, parameters = {}, limits = {}, maxRows } = options
  await using context = testContext({ config: http.config.parse(config), limits })
  await using source = await (http.source ?? assert.fail()).open(context)
  const signal = options.signal ?? context.signal
  await using extract = await source.prepare(
    readRequest({ query, parameters }, 'columns', { maxRows }),
    signal,
  )
  return { rows: await readRows(extract, signal), logged: context.logged }
}

/** The records of a query without columns, as values. */
export async function readRecords(options: ReadOptions): Promise<unknown[]> {
  const { rows } = await readAll(options)
  return rows.map(({ record }) => JSON.parse(String(record)) as unknown)
}

/** The error with which a read fails. */
export async function readFailure(options: ReadOptions): Promise<BulkheadError> {
  const error = await readAll(options).then(
    ({ rows }) => assert.fail(`it read ${rows.length} rows`),
    (reason: unknown) => reason,
  )
  assert.ok(isBulkheadError(error), String(error))
  assert.ok((error.fix ?? '') !== '', `${error.code} does not say what to do`)
  return error
}
