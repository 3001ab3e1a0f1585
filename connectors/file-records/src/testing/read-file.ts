import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type BulkheadError, isBulkheadError, type Row } from '@bulkhead/connector-sdk'
import { readRequest, readRows, testContext, type TestContextOptions } from '@bulkhead/connector-sdk/testing'
import type { Config } from '../config.ts'
import fileRecords from '../index.ts'

type Contents = Readonly<Record<string, string | Uint8Array>>
type Context = Omit<TestContextOptions<Config>, 'config'>

/** Reads records of files that exist only meanwhile. `path` is that of the first one, unless the query has one. */
export async function readFiles(
  contents: Contents,
  query: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>> = {},
  context: Context = {},
): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bulkhead-file-records-'))
  try {
    for (const [name, content] of Object.entries(contents)) await writeFile(join(folder, name), content)
    const where = settings['connection'] === undefined ? { folder } : {}
    const config = fileRecords.config.parse({ ...where, ...settings })
    await using opened = testContext({ ...context, config })
    const role = fileRecords.source
    assert.ok(role)
    await using source = await role.open(opened)
    const path = query['fetch'] === undefined ? { path: Object.keys(contents)[0] } : {}
    const request = readRequest({ query: { ...path, ...query } }, 'columns')
    await using extract = await source.prepare(request, opened.signal)
    return await readRows(extract, opened.signal)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Reads records of one file of this content. */
export function readContent(
  content: string | Uint8Array,
  query: Readonly<Record<string, unknown>>,
  settings: Readonly<Record<string, unknown>> = {},
): Promise<Row[]> {
  return readFiles({ file: content }, query, settings)
}

/** That reading fails by a code. @returns the error */
export async function failureOf(reading: Promise<unknown>, code: string): Promise<BulkheadError> {
  const error = await reading.then(
    () => assert.fail('it was read'),
    (reason: unknown) => reason,
  )
  assert.ok(isBulkheadError(error), String(error))
  assert.equal(error.code, code, error.message)
  assert.ok((error.fix ?? '') !== '' && (error.path !== undefined || error.kind !== 'config'))
  return error
}
