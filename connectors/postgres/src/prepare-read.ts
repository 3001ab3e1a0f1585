import {
  checkSqlParameters,
  type ConnectionLimits,
  defaultCsv,
  duplicateNames,
  type Field,
  type ReadRequest,
  replaceSqlParameters,
  type SqlText,
} from '@bulkhead/connector-sdk'
import type { Config } from './config.ts'
import { postgresError } from './errors.ts'
import { type Binding, bindParameters } from './query/binding.ts'
import { type ColumnPlan, planColumns, selectText } from './query/column-plan.ts'
import { checkCsvOptions, copyText, csvOptions } from './query/copy-text.ts'
import { queryError, type Stage } from './query/query-error.ts'
import { readQuery } from './query/query-text.ts'
import { lookUpTypes } from './query/server-type.ts'
import { beginRead, isUtc } from './query/session-settings.ts'
import type { Session, Statement, StatementResult } from './session/session.ts'
import { ServerError } from './wire/backend.ts'

/** A read of which everything is known but the rows. Its transaction is open. */
export interface PreparedRead {
  readonly columns: readonly ColumnPlan[]
  /** The COPY statement. */
  readonly copy: string
}

/**
 * Begins the transaction, learns types and columns, binds the parameters and lets the server plan the
 * query, so that everything wrong with it is known before the first row. Two or three round trips.
 */
export async function prepareRead(
  session: Session,
  config: Config,
  limits: ConnectionLimits,
  read: ReadRequest,
): Promise<PreparedRead> {
  checkRequest(read)
  const query = readQuery(read.query)
  checkSqlParameters(query, read.parameters)

  const { parameterOids, columns } = await describe(session, config, limits, query)
  const types = await lookUpTypes(session, [...parameterOids, ...columns.map(({ typeOid }) => typeOid)])
  const { form, output } = read
  const plan = planColumns(columns, types, { form, format: output.format, utc: isUtc(config.timeZone) })
  if (output.format !== 'csv' && output.format !== 'xlsx') refuseDuplicates(plan.map(({ field }) => field))

  const binding = bindParameters(query.names, parameterOids, types, read.parameters)
  const text = replaceSqlParameters(query, binding.replacement)
  const select = selectText(text, plan, read.maxRows)
  await bindAndPlan(session, limits, binding, select)

  // As it stands where it can: then the server plans what the author wrote, and nothing around it.
  const plain = read.maxRows === undefined && plan.every(({ convert }) => convert === undefined)
  return { columns: plan, copy: copyText(plain ? text : select, read) }
}

async function describe(
  session: Session,
  config: Config,
  { queryTimeoutMs }: ConnectionLimits,
  query: SqlText,
): Promise<{ parameterOids: readonly number[]; columns: NonNullable<StatementResult['columns']> }> {
  const numbers = new Map(query.names.map((name, index) => [name, `$${index + 1}`]))
  const sent = (name: string): string => numbers.get(name) ?? ''
  const begin = beginRead(config, session.reported('server_version'), queryTimeoutMs)
  const results = await run(
    session,
    [...begin, { describe: replaceSqlParameters(query, sent) }],
    queryTimeoutMs,
    (index) => (index < begin.length ? { kind: 'settings' } : { kind: 'query', query, sent }),
  )
  const described = results.at(-1)
  if (described?.columns === undefined)
    throw postgresError('postgres-not-a-query', 'The statement returns no rows', { path: 'query' })
  return { parameterOids: described.parameterOids, columns: described.columns }
}

/** EXPLAIN plans and checks rights as the COPY will, and runs nothing. */
async function bindAndPlan(
  session: Session,
  { queryTimeoutMs }: ConnectionLimits,
  { statements, names, types }: Binding,
  select: string,
): Promise<void> {
  await run(session, [...statements, { run: `EXPLAIN (COSTS OFF) ${select}` }], queryTimeoutMs, (index) => {
    const name = names[index]
    return name === undefined
      ? { kind: 'plan', parameters: names.length > 0 }
      : { kind: 'parameter', name, type: types[index] ?? '' }
  })
}

async function run(
  session: Session,
  statements: readonly Statement[],
  queryTimeoutMs: number,
  stageOf: (statement: number) => Stage,
): Promise<readonly StatementResult[]> {
  const started = performance.now()
  try {
    return await session.run(statements)
  } catch (error) {
    const stage = stageOf(error instanceof ServerError ? error.statement : 0)
    throw queryError(error, stage, { elapsedMs: performance.now() - started, queryTimeoutMs })
  }
}

/** What a plan could only ask by a fault in the platform, but for the characters of the CSV options. */
function checkRequest({ form, output }: ReadRequest): void {
  if (form === 'columns') return
  if (form !== 'bytes' || (output.format !== 'csv' && output.format !== 'jsonl'))
    throw new TypeError(`PostgreSQL yields no ${output.format} in the form ${form}`)
  if (output.format === 'jsonl') return
  const honoured = new Set<string>(['header', ...csvOptions])
  for (const [name, value] of Object.entries(output.csv))
    if (!honoured.has(name) && value !== defaultCsv[name as keyof typeof defaultCsv])
      throw new TypeError(`COPY has no option for ${name}`)
  checkCsvOptions(output.csv)
}

function refuseDuplicates(fields: readonly Field[]): void {
  const [name] = duplicateNames(fields)
  if (name !== undefined)
    throw postgresError('postgres-duplicate-column', `Two columns of the query are named "${name}"`, {
      path: 'query',
    })
}
