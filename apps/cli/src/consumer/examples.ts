import { isDeepStrictEqual } from 'node:util'
import { type ReadRequest, type Source } from '@bulkhead/connector-sdk'
import { fault, readRequest } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import { fixtureSource } from '../test/fixture-source.ts'
import { fixtureRows, listTests, readTest } from '../test/test-file.ts'

/** Rows that an application gives for one question, from one of its tests. Plain data: it is handed to other processes. */
export interface Example {
  /** The test without ending. */
  readonly name: string
  readonly connection: string
  readonly query: unknown
  readonly parameters: ReadRequest['parameters']
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly types: Readonly<Record<string, string>>
}

/**
 * The examples of an application: its tests that have rows. Tests whose request is refused have none, and need none: the plan
 * refuses it here too.
 */
export async function readExamples(
  { folder, ...application }: Application,
  catalog: Catalog,
): Promise<readonly Example[]> {
  const examples: Example[] = []
  for (const one of await listTests(folder)) {
    const test = await readTest(folder, one)
    if (test.source === undefined || test.expect.error !== undefined) continue
    const request = readRequest({ requestId: one.name, ...test.request })
    const { source } = planRun({
      application: { folder, ...application },
      request,
      catalog,
      nowMs: Date.now(),
    })
    examples.push({
      name: one.name,
      connection: source.name,
      query: source.query,
      parameters: source.parameters,
      rows: await fixtureRows(test.source, folder),
      types: test.source.types ?? {},
    })
  }
  return examples
}

/**
 * A source that answers from examples: from the one with the same query and parameters, else from the first with
 * the same query.
 * @throws BulkheadError `example-missing`, when it is read, for a query that no test asks
 */
export function exampleSource(connection: string, examples: readonly Example[]): Source {
  const own = examples.filter((example) => example.connection === connection)
  return {
    check: () => Promise.resolve(`${own.length} examples`),
    prepare(read, signal) {
      const sameQuery = own.filter(({ query }) => isDeepStrictEqual(query, read.query))
      const example =
        sameQuery.find(({ parameters }) => isDeepStrictEqual(parameters, read.parameters)) ?? sameQuery[0]
      if (example === undefined)
        throw fault('example-missing', `No test of the application asks this of "${connection}"`, {
          path: 'tests',
          fix: 'Write tests/NAME.yaml with such a request and rows under `source`',
        })
      return fixtureSource(example.rows, example.types).prepare(read, signal)
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
