import { promisify } from 'node:util'
import { gunzip, zstdDecompress } from 'node:zlib'
import {
  isBulkheadError,
  isPackedInside,
  type Field,
  type Row,
  type Source,
  type Value,
} from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Plan } from '@bulkhead/engine'
import type { ApplicationChoice, ProcessOptions, RunRequestOptions } from '@bulkhead/runner'
import { parameterAsData } from '@bulkhead/engine/plan/describe-plan'
import { comparePrepared, compareRows, compareText } from './compare.ts'
import { fixtureSource } from './fixture-source.ts'
import { memoryStore } from './memory-store.ts'
import { fixtureRows, readText, type TestFile } from './test-file.ts'

export interface TestContext {
  readonly process: ProcessOptions
  readonly application: ApplicationChoice & { readonly folder: string }
  readonly connectorRoots: readonly string[]
  /** Whether the query is run, instead of taking the rows of the test. */
  readonly real: boolean
}

const MOST_ROWS = 10_000 // as many as a test may expect, and one more tells that there are more

/**
 * Runs one test of an application: nothing is read from its systems unless that is asked for, and
 * nothing is ever written to them.
 * @returns how the outcome differs from what was expected; nothing: it does not
 */
export async function runTest(
  name: string,
  test: TestFile,
  context: TestContext,
): Promise<readonly string[]> {
  const { expect } = test
  const openSource = context.real ? undefined : await fixture(test, context.application.folder)
  const { prepared } = test
  const question = {
    ...context.process,
    application: { ...context.application, flags: test.flags },
    connectorRoots: context.connectorRoots,
    request: () => Promise.resolve({ requestId: `test-${name}`, ...test.request }),
    ...(openSource !== undefined && { openSource }),
    ...(prepared !== undefined && !context.real && { prepare: () => Promise.resolve(prepared) }),
  }
  if (expect.error !== undefined) return compareError(expect.error, await outcomeOf(question))
  if (expect.file !== undefined) {
    const outcome = await outcomeOf(question)
    if (outcome.error !== undefined) throw outcome.error
    const wanted = await readText(context.application.folder, expect.file)
    return [...preparedDifferences(test, outcome.plan), ...compareText(wanted, await textOf(outcome))]
  }
  const { previewRequest } = await import('@bulkhead/runner')
  const { fields, rows, plan } = await previewRequest({ ...question, rows: MOST_ROWS + 1 })
  const differences = preparedDifferences(test, plan)
  const expected = expect.rows
  if (expected === undefined) return differences
  const found = rows.map((row, index) => comparableRow(row, fields, expected[index]))
  return [...differences, ...compareRows(expected, found)]
}

/** What is read and how its file is called, against what the test expects of it. */
function preparedDifferences({ expect }: TestFile, plan: Plan | undefined): readonly string[] {
  if (expect.prepared === undefined || plan === undefined) return []
  const { source, output, preparation } = plan
  return comparePrepared(expect.prepared, {
    connection: source.name,
    query: source.query,
    parameters: Object.fromEntries(
      Object.entries(source.parameters).map(([name, value]) => [name, parameterAsData(value)]),
    ),
    fileName: output.fileName,
    secret: preparation?.result?.secret ?? [],
  })
}

async function fixture({ source, expect }: TestFile, folder: string): Promise<() => Promise<Source>> {
  const isRead = expect.rows !== undefined || expect.file !== undefined || expect.error !== undefined
  const fixtures = source ?? (isRead ? undefined : { rows: [] })
  if (fixtures === undefined)
    return () =>
      Promise.reject(
        fault('manifest-invalid', 'The test got as far as its source, and has no rows for it', {
          path: 'source',
          fix: 'Give the test `source`, with `rows` or `file`',
        }),
      )
  const rows = await fixtureRows(fixtures, folder)
  // Made each time: a source is used once.
  fixtureSource(rows, fixtures.types)
  return () => Promise.resolve(fixtureSource(rows, fixtures.types))
}

interface Outcome {
  readonly error: Error | undefined
  readonly plan: Plan | undefined
  readonly objects: ReadonlyMap<string, Uint8Array>
}

type Question = Omit<RunRequestOptions, 'openLinks'>

/** A whole run, whose result stays in memory. */
async function outcomeOf(question: Question): Promise<Outcome> {
  const { runRequest } = await import('@bulkhead/runner')
  const store = memoryStore()
  let plan: Plan | undefined
  const { error } = await runRequest({
    ...question,
    openStore: store.open,
    deliverReply: false,
    openLinks: () =>
      Promise.resolve(() => Promise.reject(new Error('The store of a test makes its own links'))),
    onPlan: (decided) => void (plan = decided),
  })
  return { error, plan, objects: store.objects }
}

function compareError(
  expected: NonNullable<TestFile['expect']['error']>,
  { error }: Outcome,
): readonly string[] {
  const { code, path } = typeof expected === 'string' ? { code: expected, path: undefined } : expected
  if (error === undefined) return [`expected the error ${code}, and the run completed`]
  if (!isBulkheadError(error)) throw error
  const found = [error, ...error.others]
  if (found.some((one) => one.code === code && (path === undefined || one.path === path))) return []
  const wanted = path === undefined ? code : `${code} at ${path}`
  const got = found
    .map((one) => (one.path === undefined ? one.code : `${one.code} at ${one.path}`))
    .join(', ')
  return [`expected the error ${wanted}, got ${got}: ${error.message}`]
}

/** The text of the one file that came out, whatever it is packed in. */
async function textOf({ plan, objects }: Outcome): Promise<string> {
  const [bytes, ...more] = objects.values()
  if (plan === undefined || bytes === undefined) throw fault('internal', 'A run completed without a file')
  const { format, compression, ageRecipients } = plan.output
  if (isPackedInside(format) || ageRecipients.length > 0 || more.length > 0)
    throw fault('manifest-invalid', 'The result is no single text file, and cannot be compared with one', {
      path: 'expect.file',
      fix: 'Expect `rows` instead',
    })
  const unpacked =
    compression === 'gzip'
      ? await promisify(gunzip)(bytes)
      : compression === 'zstd'
        ? await promisify(zstdDecompress)(bytes)
        : bytes
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(unpacked)
}

/** A row as it can be held against one that was written in YAML, which knows fewer types. */
function comparableRow(
  row: Row,
  fields: readonly Field[],
  expected: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fields.map(({ name, type }) => [name, comparable(row[name] ?? null, type.kind, expected?.[name])]),
  )
}

function comparable(value: Value, kind: Field['type']['kind'], expected: unknown): unknown {
  if (typeof value === 'bigint') return typeof expected === 'string' ? String(value) : exactNumber(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'number' && typeof expected === 'string') return String(value) // NaN, Infinity
  if (typeof value !== 'string' || typeof expected === 'string') return value
  if (kind === 'decimal' && typeof expected === 'number') return Number(value)
  if (kind === 'json') return JSON.parse(value) as unknown
  return value
}

function exactNumber(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
}
