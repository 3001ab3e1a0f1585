import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DOUBLE,
  HUGEINT,
  INTEGER,
  LIST,
  listValue,
  SQLNULL,
  StatementType,
  VARCHAR,
  blobValue,
  type DuckDBConnection,
  type DuckDBPreparedStatement,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api'
import {
  checkSqlParameters,
  parseSqlText,
  replaceSqlParameters,
  type ParameterValue,
  type SqlText,
  type Value,
} from '@bulkhead/connector-sdk'
import { failure } from '../errors.ts'

/** One SELECT with its parameters bound, and the columns that it will yield. */
export interface Statement {
  readonly prepared: DuckDBPreparedStatement
  readonly columns: readonly { readonly name: string; readonly type: DuckDBType }[]
}

type Parameters = Readonly<Record<string, ParameterValue>>

/**
 * Takes the query apart and checks it as text.
 * @throws `parameter-missing`, `parameter-unknown`, `duckdb-query-not-select`, `duckdb-query-invalid`
 */
export function parseQuery(query: string, parameters: Parameters): SqlText {
  const whole = parseSqlText(query)
  const last = whole.pieces.findLastIndex((piece) => piece.kind !== 'separator' && !isBlank(piece))
  const sql = { pieces: whole.pieces.slice(0, last + 1), names: whole.names }
  if (last < 0) throw failure('duckdb-query-not-select', 'The query is empty', { path: 'query' })
  if (sql.pieces.some((piece) => piece.kind === 'separator')) {
    throw failure('duckdb-query-not-select', 'The query has more than one statement', { path: 'query' })
  }
  const positional = sql.pieces.find((piece) => piece.kind === 'positional')
  if (positional !== undefined) {
    throw failure('duckdb-query-invalid', `The query has the parameter ${positional.text}`, {
      path: 'query',
      fix: 'Write parameters as :name',
    })
  }
  const first = sql.pieces.find((piece) => piece.kind === 'code' && piece.text.trim() !== '')
  // DuckDB takes some of them for a SELECT.
  if (/^\s*pragma\b/i.test(first?.text ?? '')) {
    throw failure('duckdb-query-not-select', 'The query is a PRAGMA', { path: 'query' })
  }
  checkSqlParameters(sql, parameters)
  return sql
}

function isBlank({ kind, text }: SqlText['pieces'][number]): boolean {
  return kind === 'comment' || (kind === 'code' && text.trim() === '')
}

/**
 * Prepares the statement and binds its parameters. Runs nothing but, when there are parameters, the same statement
 * without rows: DuckDB knows the types of columns that depend on a parameter only then.
 */
export async function prepareStatement(
  connection: DuckDBConnection,
  sql: SqlText,
  parameters: Parameters,
): Promise<Statement> {
  // Names of parameters may have letters that DuckDB's may not.
  const text = replaceSqlParameters(sql, (name) => `$p${sql.names.indexOf(name) + 1}`)
  const prepared = await prepareOne(connection, text)
  bindAll(prepared, sql, parameters)
  if (sql.names.length === 0) return { prepared, columns: columnsOf(prepared) }
  const run = async (probe: string) => {
    const statement = await connection.prepare(probe)
    try {
      bindAll(statement, sql, parameters)
      return await statement.run()
    } finally {
      statement.destroySync()
    }
  }
  const types = (await run(`SELECT * FROM (${text}\n) LIMIT 0`)).columnTypes()
  // The names are asked for apart: a subquery gives those that occur twice a number.
  const names = (await (await run(`DESCRIBE ${text}`)).getRows()).map(([name]) => String(name))
  return { prepared, columns: types.map((type, index) => ({ name: names[index] ?? '', type })) }
}

async function prepareOne(connection: DuckDBConnection, text: string): Promise<DuckDBPreparedStatement> {
  const statements = await connection.extractStatements(text)
  if (statements.count !== 1) {
    // DuckDB itself takes a PIVOT without IN apart into several, one of which makes a type.
    throw failure('duckdb-query-not-select', 'The query is more than one statement to DuckDB', {
      path: 'query',
    })
  }
  const prepared = await statements.prepare(0)
  if (prepared.statementType === StatementType.SELECT) return prepared
  prepared.destroySync()
  throw failure('duckdb-query-not-select', 'The query is no SELECT', { path: 'query' })
}

function columnsOf(prepared: DuckDBPreparedStatement): Statement['columns'] {
  return Array.from({ length: prepared.columnCount }, (_, index) => ({
    name: prepared.columnName(index),
    type: prepared.columnType(index),
  }))
}

function bindAll(prepared: DuckDBPreparedStatement, sql: SqlText, parameters: Parameters): void {
  if (prepared.parameterCount !== sql.names.length) {
    throw failure('duckdb-query-invalid', 'The query has parameters of another form than :name', {
      path: 'query',
      fix: 'Write parameters as :name, not as ? or $name',
    })
  }
  for (const [index, name] of sql.names.entries()) {
    const value = parameters[name] ?? null
    const position = prepared.parameterIndex(`p${index + 1}`)
    if (!isList(value)) {
      const { type, bound } = scalar(name, value)
      prepared.bindValue(position, bound, type)
      continue
    }
    const items = value.map((item) => scalar(name, item))
    const type = commonType(items)
    prepared.bindValue(position, listValue(items.map((item) => widened(item, type))), LIST(type))
  }
}

function isList(value: ParameterValue): value is readonly Value[] {
  return Array.isArray(value)
}

interface Scalar {
  readonly type: DuckDBType
  readonly bound: DuckDBValue
}

/** A text stays untyped enough for DuckDB to compare it with a date, a decimal or a UUID. */
function scalar(name: string, value: Value): Scalar {
  if (value === null) return { type: SQLNULL, bound: null }
  if (typeof value === 'string') {
    // The binding would put another character in its place.
    if (!value.isWellFormed())
      throw failure('duckdb-parameter-invalid', `The parameter ${name} holds half of a character`, {
        path: `parameters.${name}`,
        fix: 'Give a text that is valid Unicode',
      })
    return { type: VARCHAR, bound: value }
  }
  if (typeof value === 'boolean') return { type: BOOLEAN, bound: value }
  if (value instanceof Uint8Array) return { type: BLOB, bound: blobValue(value) }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return { type: DOUBLE, bound: value }
  const whole = BigInt(value)
  if (BigInt.asIntN(32, whole) === whole) return { type: INTEGER, bound: Number(whole) }
  if (BigInt.asIntN(64, whole) === whole) return { type: BIGINT, bound: whole }
  if (BigInt.asIntN(128, whole) === whole) return { type: HUGEINT, bound: whole }
  throw failure('duckdb-parameter-invalid', `The parameter ${name} is a larger number than DuckDB has`, {
    path: `parameters.${name}`,
  })
}

function widened({ bound }: Scalar, type: DuckDBType): DuckDBValue {
  if (type === DOUBLE && bound !== null) return Number(bound)
  if ((type === BIGINT || type === HUGEINT) && typeof bound === 'number') return BigInt(bound)
  return bound
}

/** The type of a list: numbers widen to the widest among them. */
function commonType(items: readonly Scalar[]): DuckDBType {
  const order: readonly DuckDBType[] = [SQLNULL, INTEGER, BIGINT, HUGEINT, DOUBLE]
  const widest = items.reduce((rank, item) => Math.max(rank, order.indexOf(item.type)), 0)
  return items.find((item) => !order.includes(item.type))?.type ?? order[widest] ?? VARCHAR
}
