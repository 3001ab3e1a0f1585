import { isDeepStrictEqual } from 'node:util'
import { isBulkheadError, type ReadRequest, type Source } from '@bulkhead/connector-sdk'
import { fault, readRequest, type Request } from '@bulkhead/contract'
import type { Application, Catalog, Plan } from '@bulkhead/engine'
import { planRun } from '@bulkhead/engine/plan/plan-run'
import { fixtureSource } from '../test/fixture-source.ts'
import { fixtureRows, listTests, readTest } from '../test/test-file.ts'

/** Rows that an application gives for one question, from one of its tests. Plain data: it is handed to other processes. */
export interface Example {
  /** The test without ending. */
  readonly name: string
  /** Absent for a request without one. */
  readonly job?: string
  /** Parameters as the request gave them. */
  readonly asked: Readonly<Record<string, unknown>>
  /** What the endpoint that prepares the job would answer, where the test says it. */
  readonly prepared?: unknown
  readonly connection: string
  readonly query: unknown
  readonly parameters: ReadRequest['parameters']
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly types: Readonly<Record<string, string>>
}

/**
 * The examples of an application: its tests that have rows. A test whose request the plan refuses gives none: that it
 * should not be refused is for `bulkhead test` to say.
 */
export async function readExamples(
  { folder, ...application }: Application,
  catalog: Catalog,
): Promise<readonly Example[]> {
  const examples: Example[] = []
  for (const one of await listTests(folder)) {
    const test = await readTest(folder, one)
    if (test.source === undefined || test.expect.error !== undefined) continue
    const planned = planOf({ folder, ...application }, { requestId: one.name, ...test.request }, catalog)
    if (planned === undefined) continue
    const { source, request } = planned
    examples.push({
      name: one.name,
      ...(request.data.job !== undefined && { job: request.data.job }),
      asked: request.data.parameters,
      ...(test.prepared !== undefined && { prepared: test.prepared }),
      connection: source.name,
      query: source.query,
      parameters: source.parameters,
      rows: await fixtureRows(test.source, folder),
      types: test.source.types ?? {},
    })
  }
  return examples
}

function planOf(
  application: Application,
  message: unknown,
  catalog: Catalog,
): { readonly request: Request; readonly source: Plan['source'] } | undefined {
  try {
    const request = readRequest(message)
    return { request, source: planRun({ application, request, catalog, nowMs: Date.now() }).source }
  } catch (error) {
    if (isBulkheadError(error)) return undefined
    throw error
  }
}

/** What somebody asks, besides the query that comes of it. */
export interface AskedJob {
  readonly job: string | undefined
  readonly parameters: Readonly<Record<string, unknown>>
  /** Its query is written anew for each request, and need not be the one of any test. */
  readonly isPrepared: boolean
}

/**
 * A source that answers from examples: from the one with the same query and parameters, else from the first with
 * the same query. A query that was prepared is known by the request, too, or by the job.
 * @throws BulkheadError `example-missing`, when it is read, for a query that no test asks
 */
export function exampleSource(connection: string, examples: readonly Example[], asked: AskedJob): Source {
  const own = examples.filter((example) => example.connection === connection)
  return {
    check: () => Promise.resolve(`${own.length} examples`),
    prepare(read, signal) {
      const sameQuery = own.filter(({ query }) => isDeepStrictEqual(query, read.query))
      const example =
        sameQuery.find(({ parameters }) => isDeepStrictEqual(parameters, read.parameters)) ??
        sameQuery[0] ??
        (asked.isPrepared ? sameRequest(examples, asked) : undefined)
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

/** What the endpoint that prepares a job would answer, as the test with the same request says. @throws BulkheadError `example-missing` */
export function examplePrepared(examples: readonly Example[], { job, parameters }: AskedJob): unknown {
  const example = examples.find(
    (one) => one.job === job && one.prepared !== undefined && isDeepStrictEqual(one.asked, parameters),
  )
  if (example !== undefined) return example.prepared
  throw fault('example-missing', `Neither contract nor tests say what prepares "${job ?? ''}" for this`, {
    path: 'prepared',
    fix: 'Write `prepared` beside the request, in the contract or in tests/NAME.yaml',
  })
}

function sameRequest(examples: readonly Example[], { job, parameters }: AskedJob): Example | undefined {
  const sameJob = examples.filter((example) => example.job === job)
  return sameJob.find(({ asked }) => isDeepStrictEqual(asked, parameters)) ?? sameJob[0]
}
