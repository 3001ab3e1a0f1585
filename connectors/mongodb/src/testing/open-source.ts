import { defaultCsv, type ReadRequest, type Source } from '@bulkhead/connector-sdk'
import { testContext } from '@bulkhead/connector-sdk/testing'
import mongodb from '../index.ts'

/** Opens the connector as the engine does. */
export async function openSource(
  config: unknown,
  limits: Parameters<typeof testContext>[0]['limits'] = {},
  signal = new AbortController().signal,
): Promise<Source> {
  const context = testContext({ config: mongodb.config.parse(config), limits, signal })
  return mongodb.source!.open(context)
}

/** A request of all rows, by default as JSON Lines. */
export function readRequest(query: unknown, more: Partial<ReadRequest> = {}): ReadRequest {
  return {
    query,
    parameters: {},
    form: 'bytes',
    output: { format: 'jsonl', csv: defaultCsv },
    maxRows: undefined,
    batchRows: 10_000,
    batchBytes: 1024 * 1024,
    ...more,
  }
}

/** The lines of a result as JSON Lines. Only for results that fit in memory. */
export async function readLines(
  source: Source,
  request: ReadRequest,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly string[]> {
  await using extract = await source.prepare(request, signal)
  const parts: Buffer[] = []
  for await (const batch of extract.read(signal))
    if (batch.form === 'bytes') parts.push(Buffer.from(batch.bytes))
  return Buffer.concat(parts).toString().split('\n').slice(0, -1)
}

/** The error of what must fail. */
export async function failureOf(
  run: Promise<unknown>,
): Promise<Error & { readonly code?: string; readonly kind?: string; readonly path?: string }> {
  return run.then(
    () => {
      throw new Error('It did not fail')
    },
    (error: unknown) => error as Error,
  )
}
