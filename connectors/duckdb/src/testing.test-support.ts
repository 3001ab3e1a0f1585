/** What the tests of this connector share. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import {
  isBulkheadError,
  type Extract,
  type Field,
  type ParameterValue,
  type ReadRequest,
  type Row,
} from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext, type TestContextOptions } from '@bulkhead/connector-sdk/testing'
import { config as schema, type Config } from './config.ts'
import { openSource } from './source.ts'

export const signal = new AbortController().signal

export function failsWith(code: string): (error: unknown) => boolean {
  return (error) => isBulkheadError(error) && error.code === code
}

/** A folder with files in it, that goes with the test. */
export async function folderOf(
  t: TestContext,
  files: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-duckdb-'))
  t.after(() => rm(folder, { recursive: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

interface Asked extends Partial<ReadRequest> {
  readonly config?: object
  readonly context?: Omit<TestContextOptions<Config>, 'config'>
  readonly parameters?: Readonly<Record<string, ParameterValue>>
  readonly signal?: AbortSignal
}

/** Prepares a query and hands the extract to `use`; all is closed afterwards. */
export async function withExtract<T>(
  query: string,
  asked: Asked,
  use: (extract: Extract) => Promise<T>,
): Promise<T> {
  const { config, context: more, signal: stop = signal, parameters = {}, ...request } = asked
  await using context = testContext({
    ...more,
    config: schema.parse({ folder: tmpdir(), files: {}, ...config }),
  })
  await using source = await openSource(context)
  await using extract = await source.prepare(readRequest({ query, parameters }, 'columns', request), stop)
  return await use(extract)
}

/** Fields and rows of a query. */
export async function answer(
  query: string,
  asked: Asked = {},
): Promise<{ fields: readonly Field[]; rows: Row[] }> {
  return withExtract(query, asked, async (extract) => ({
    fields: extract.fields,
    rows: await readRows(extract, asked.signal ?? signal),
  }))
}
