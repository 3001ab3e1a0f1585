import { bindObjectParameters, orParameter, type ParameterValue, z } from '@bulkhead/connector-sdk'
import { cassandraError } from '../errors.ts'

/** Most columns and conditions of an object query. */
const most = 1000

const name = z.string().min(1).max(200)
const scalar = z.union([z.string(), z.number(), z.boolean()])
const value = orParameter(scalar)
const condition = z.union([
  value,
  z
    .strictObject({
      eq: value.optional().describe('Equal'),
      lt: value.optional().describe('Less than'),
      lte: value.optional().describe('Not more than'),
      gt: value.optional().describe('More than'),
      gte: value.optional().describe('Not less than'),
      in: orParameter(z.array(value).max(most)).optional().describe('One of these'),
      contains: value.optional().describe('A list, set or map that holds the value'),
      containsKey: value.optional().describe('A map that holds the key'),
    })
    .describe('Conditions that all must hold, by their operators'),
])

/** What a user writes to read a table by its token ranges. */
export const tableQuery = z
  .strictObject({
    table: name.meta({
      description: 'Table, or keyspace.table; case-sensitive',
      examples: ['telemetry.reading'],
    }),
    columns: z
      .array(name)
      .min(1)
      .max(most)
      .optional()
      .meta({ description: 'Names of columns, in this order; default: all, in the order of the table' }),
    where: z
      .record(name, condition)
      .optional()
      .meta({
        description:
          'Conditions on columns that are no part of the partition key, which the nodes filter by while they read all of the table (ALLOW FILTERING). A value means equality',
        examples: [{ country: { $param: 'country' }, day: { gte: '2026-10-01' } }],
      }),
  })
  .meta({
    description: 'A whole table, its token ranges read in parallel, rows in the order of their tokens',
  })

/** A table to read, with parameters bound. */
export interface TableRead {
  readonly keyspace: string
  readonly table: string
  readonly columns: readonly string[] | undefined
  readonly conditions: readonly Condition[]
}

export interface Condition {
  readonly column: string
  readonly operator: string
  readonly value: ParameterValue
  /** Of the value, for errors. */
  readonly path: string
}

const operators: Readonly<Record<string, string>> = {
  eq: '=',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  in: 'IN',
  contains: 'CONTAINS',
  containsKey: 'CONTAINS KEY',
}

const boundQuery = z.strictObject({
  table: name,
  columns: z.array(name).min(1).max(most).optional(),
  where: z.record(name, z.unknown()).optional(),
})

/**
 * Binds the parameters and checks the query.
 * @throws BulkheadError kind `config`, `path` beginning with `query`
 */
export function tableRead(
  written: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
  keyspace: string | undefined,
): TableRead {
  // Before the parameters are bound: none of them can bring an operator.
  const shape = tableQuery.safeParse(written)
  if (!shape.success) {
    const { path = [], message = '' } = shape.error.issues[0] ?? {}
    throw cassandraError('cassandra-not-a-query', `The query is not { table, columns, where }: ${message}`, {
      path: ['query', ...path].join('.'),
    })
  }
  const query = boundQuery.parse(bindObjectParameters(written, parameters))
  const parts = query.table.split('.')
  const [space, table] = parts.length === 1 ? [keyspace, parts[0]] : parts
  if (parts.length > 2 || space === undefined || table === undefined || space === '' || table === '') {
    throw cassandraError('cassandra-query-invalid', 'The table has no keyspace', {
      path: 'query.table',
      fix: 'Write keyspace.table, or set `keyspace` of the connection',
    })
  }
  const conditions = Object.entries(query.where ?? {}).flatMap(([column, given]) =>
    conditionsOf(column, given, isOperators(shape.data.where?.[column])),
  )
  return { keyspace: space, table, columns: query.columns, conditions }
}

function isOperators(written: unknown): boolean {
  return typeof written === 'object' && written !== null && !Object.hasOwn(written, '$param')
}

function conditionsOf(column: string, given: unknown, byOperator: boolean): Condition[] {
  const path = `query.where.${column}`
  if (!byOperator) return [{ column, operator: '=', value: given as ParameterValue, path }]
  const entries = Object.entries(given as Readonly<Record<string, ParameterValue>>)
  if (entries.length === 0)
    throw cassandraError('cassandra-not-a-query', `The condition on "${column}" is empty`, { path })
  return entries.map(([key, value]) => ({
    column,
    operator: operators[key] ?? '=',
    value,
    path: `${path}.${key}`,
  }))
}

/** A name as CQL takes it exactly. */
export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** The statement that reads a part of the table; its parameters are the bounds of the tokens, then the conditions. */
export function partStatement(read: TableRead, partitionKey: readonly string[]): string {
  const columns = read.columns?.map(quoted).join(', ') ?? '*'
  const token = `token(${partitionKey.map(quoted).join(', ')})`
  const conditions = read.conditions.map(({ column, operator }) => `${quoted(column)} ${operator} ?`)
  const where = [`${token} > ?`, `${token} <= ?`, ...conditions].join(' AND ')
  const filtering = conditions.length > 0 ? ' ALLOW FILTERING' : ''
  return `SELECT ${columns} FROM ${quoted(read.keyspace)}.${quoted(read.table)} WHERE ${where}${filtering}`
}
