/** What the checks of a source do with it: open, ask, read, count. */
import assert from 'node:assert/strict'
import type { Batch, Column, Form } from '../batch.ts'
import { defaultCsv, type OutputFormat } from '../format.ts'
import type { ReadRequest, Source } from '../source.ts'
import type { Row } from '../types.ts'
import { readFiles, readRequest, readRows } from './collect.ts'
import { expectFailure, STOP_MS, within, withContext } from './expect.ts'
import type { Query, SourceSubject } from './subject.ts'
import type { TestContext } from './test-context.ts'

export type AnySource = SourceSubject<unknown>

/** Opens the source for one check, and closes it within the time that closing may take. */
export async function withSource(
  subject: AnySource,
  run: (source: Source, signal: AbortSignal) => Promise<void>,
  config: unknown = subject.config,
): Promise<void> {
  const open = async (context: TestContext<unknown>, signal: AbortSignal): Promise<void> => {
    assert.ok(subject.connector.source, 'the connector has no source role')
    const source = await subject.connector.source.open(context)
    try {
      await run(source, signal)
    } finally {
      await within(STOP_MS, 'closing the source', Promise.resolve(source[Symbol.asyncDispose]()))
    }
  }
  await withContext(subject, open, config)
}

/** Forms that the connector declares. */
export function formsOf(subject: AnySource): readonly Form[] {
  return subject.connector.source?.capabilities.forms ?? []
}

/** A request in a form, in a format that the connector writes by itself. */
export function requestFor(
  subject: AnySource,
  query: Query,
  form: Form,
  more: Partial<ReadRequest> = {},
): ReadRequest {
  if (form !== 'bytes') return readRequest(query, form, more)
  const [format] = Object.keys(subject.connector.source?.capabilities.encodes ?? {}) as OutputFormat[]
  return readRequest(query, form, { output: { format: format ?? 'csv', csv: defaultCsv }, ...more })
}

/** That a query is refused before its first row. @returns the error */
export async function refused(
  subject: AnySource,
  source: Source,
  query: Query,
  form: Form,
  signal: AbortSignal,
  what: string,
) {
  const error = await expectFailure(subject, what, async () => {
    await using extract = await source.prepare(requestFor(subject, query, form), signal)
    return extract.fields
  })
  assert.ok(error.kind === 'config' || error.kind === 'policy', `${what} was refused by kind ${error.kind}`)
  return error
}

/** All that a query yields; only for results that fit in memory. */
export async function contentOf(
  subject: AnySource,
  source: Source,
  query: Query,
  form: Form,
  signal: AbortSignal,
): Promise<Row[] | Map<string, Buffer>> {
  await using extract = await source.prepare(requestFor(subject, query, form), signal)
  return form === 'bytes' ? await readFiles(extract, signal) : await readRows(extract, signal)
}

/** Rows of a batch; null when nobody looked. */
export function rowCount(batch: Batch): number | null {
  return batch.form === 'rows' ? batch.rows.length : batch.rows
}

/** Bytes that the values of a batch take. */
export function byteCount(batch: Batch): number {
  if (batch.form === 'bytes') return batch.bytes.length
  if (batch.form === 'columns')
    return batch.columns.reduce((sum, column) => sum + heldBy(column, batch.rows), 0)
  const values = batch.rows.flatMap((row) => Object.values(row))
  return values.reduce<number>((sum, value) => sum + sizeOf(value), 0)
}

/** Bytes that the values of a column take; what its buffers have to spare does not count. */
function heldBy(column: Column, rows: number): number {
  return column.layout === 'fixed' ? column.values.byteLength : 4 * rows + (column.offsets[rows] ?? 0)
}

function sizeOf(value: Row[string]): number {
  if (typeof value === 'string') return Buffer.byteLength(value)
  return value instanceof Uint8Array ? value.length : 8
}
