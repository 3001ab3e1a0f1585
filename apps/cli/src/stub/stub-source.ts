import { isDeepStrictEqual } from 'node:util'
import type { Extract, ReadRequest, Row, Source } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import type { Example } from '../consumer/examples.ts'
import { fixtureSource } from '../test/fixture-source.ts'

/** What is asked of the source besides the query. */
export interface StubRead {
  readonly job: string | undefined
  /** Parameters of the request. */
  readonly asked: Readonly<Record<string, unknown>>
  /** Undefined: as many as the example has. */
  readonly rows: number | undefined
  readonly seed: number
}

/**
 * A source that gives the rows of the example that fits best. More rows than it has are drawn from it by chance, the same
 * ones for the same seed: each is one that the application's own test has.
 */
export function stubSource(connection: string, examples: readonly Example[], read: StubRead): Source {
  return {
    check: () => Promise.resolve('a stub: nothing was reached'),
    async prepare(request, signal) {
      const example = fittingExample(connection, examples, read, request)
      const fixture = await fixtureSource(example.rows, example.types).prepare(
        { ...request, maxRows: undefined },
        signal,
      )
      const rows: Row[] = []
      for await (const batch of fixture.read(signal)) if (batch.form === 'rows') rows.push(...batch.rows)
      const wanted = rows.length === 0 ? 0 : (read.rows ?? rows.length)
      const most = Math.min(wanted, request.maxRows ?? wanted)
      return request.output.format === 'binary'
        ? copied(fixture, example)
        : { ...fixture, read: () => drawn(rows, most, request.batchRows, read.seed) }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** By the question itself; a query that code wrote is known by the request for which it was written. */
function fittingExample(
  connection: string,
  examples: readonly Example[],
  { job, asked }: StubRead,
  { query, parameters }: ReadRequest,
): Example {
  // of those that fit alike, one with something in it
  const withRows = examples.toSorted((a, b) => Math.sign(b.rows.length) - Math.sign(a.rows.length))
  const own = withRows.filter((example) => example.connection === connection)
  const sameQuery = own.filter((example) => isDeepStrictEqual(example.query, query))
  const sameJob = job === undefined ? [] : withRows.filter((example) => example.job === job)
  const example =
    sameQuery.find((one) => isDeepStrictEqual(one.parameters, parameters)) ??
    sameJob.find((one) => isDeepStrictEqual(one.asked, asked)) ??
    sameQuery[0] ??
    sameJob[0]
  if (example !== undefined) return example
  throw fault('example-missing', `No test of the application asks this of "${connection}"`, {
    path: 'tests',
    fix: 'Have its team write tests/NAME.yaml with such a request and rows under `source`',
  })
}

async function* drawn(rows: readonly Row[], most: number, batchRows: number, seed: number) {
  const chance = chanceOf(seed)
  for (let start = 0; start < most; start += batchRows) {
    const length = Math.min(batchRows, most - start)
    yield {
      form: 'rows' as const,
      rows: Array.from(
        { length },
        (_, index) => rows[start + index] ?? (rows[Math.floor(chance() * rows.length)] as Row),
      ),
    }
  }
}

/** Of a file that is copied as it is an example knows rows at most: a file of them stands for it. */
function copied(fixture: Extract, { rows }: Example): Extract {
  const lines = rows.map((row) => `${JSON.stringify(row)}\n`).join('')
  return {
    ...fixture,
    async *read() {
      yield { form: 'bytes' as const, bytes: Buffer.from(lines), rows: null }
    },
  }
}

/** Numbers from 0 to 1, as evenly as it matters here. @see Mulberry32 */
function chanceOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
