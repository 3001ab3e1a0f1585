import { checkSqlParameters, type ParameterValue, parseSqlText, type SqlPiece } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'

/** A value as the plugin takes it beside the text. */
export interface SqlParameter {
  readonly type: 'string' | 'long' | 'double' | 'boolean' | 'null'
  /** As JSON. */
  readonly value: string
}

export interface BoundSql {
  /** With `?` where a value stands. */
  readonly text: string
  readonly parameters: readonly SqlParameter[]
  /** A value has quotes or backslashes, which the plugin of OpenSearch 2 keeps as it escapes them. */
  readonly needsEscapes: boolean
  /** Numbers of rows that the author may have asked for. */
  readonly limits: ReadonlySet<number>
}

/** Characters of a statement. */
export const maxSqlLength = 100_000

/**
 * Makes a statement of the text, its parameters beside it. The plugin puts them into the text by itself: it looks for
 * `?` outside of '…', and knows neither comments nor other quotes. What it could read in another way than it is
 * read here is refused, so that no value can come to stand where it would be code.
 *
 * @throws BulkheadError kind `config` or `policy`, `path` beginning with `query` or `parameters`
 * @see https://docs.opensearch.org/latest/sql-and-ppl/sql-and-ppl-api/index/
 */
export function bindSql(written: string, values: Readonly<Record<string, ParameterValue>>): BoundSql {
  if (written.length > maxSqlLength)
    throw opensearchError('opensearch-query-invalid', 'The query is too long', { path: 'query' })
  const text = written.trim().replace(/;$/, '').trimEnd()
  // a comment before it could end elsewhere for the server, and hide another statement
  if (!/^(select|show|describe)\s/i.test(text)) {
    throw opensearchError(
      'opensearch-sql-refused',
      'The query is no SELECT, SHOW or DESCRIBE, or does not begin with it',
      {
        path: 'query',
      },
    )
  }
  const sql = parseSqlText(text)
  checkSqlParameters(sql, values)
  if (sql.names.length > 0) checkPieces(sql.pieces)
  const used = sql.pieces.flatMap(({ name }) => (name === undefined ? [] : [name]))
  return {
    text: sql.pieces.map((piece) => (piece.name === undefined ? piece.text : ' ? ')).join(''),
    parameters: used.map((name) => parameterOf(name, values[name])),
    needsEscapes: used.some((name) => typeof values[name] === 'string' && /['"\\]/.test(values[name])),
    limits: new Set([
      ...[...text.matchAll(/\blimit\s+(\d{1,9})(?:\s*,\s*(\d{1,9}))?/gi)].flatMap(([, a, b]) => [
        Number(a),
        Number(b),
      ]),
      ...used.map((name) => Number(values[name])),
    ]),
  }
}

/** That the plugin finds the same places for values in the text. */
function checkPieces(pieces: readonly SqlPiece[]): void {
  for (const [place, { kind, text }] of pieces.entries()) {
    const refused =
      kind === 'comment' || kind === 'positional' || kind === 'separator'
        ? `a ${kind === 'comment' ? 'comment' : kind === 'separator' ? 'semicolon' : 'place such as $1'}`
        : /[?\\]/.test(text)
          ? 'a question mark or a backslash'
          : kind === 'quoted' && !/^('|"[^']*"$)/.test(text)
            ? 'a text in quotes of PostgreSQL, or a single quote in a name'
            : kind === 'code' && (/#/.test(text) || text.split('`').length % 2 === 0)
              ? '# or a name that does not end'
              : kind === 'code' && pieces[place + 1]?.kind === 'parameter' && /-\s*$/.test(text)
                ? 'a minus before a parameter'
                : undefined
    if (refused !== undefined) {
      throw opensearchError('opensearch-sql-ambiguous', `A query with parameters holds ${refused}`, {
        path: 'query',
        fix: 'Take it out of the text: the server could find other places for the values. A text of its own can be a parameter too',
      })
    }
  }
}

function parameterOf(name: string, value: ParameterValue | undefined): SqlParameter {
  if (value === null) return { type: 'null', value: 'null' }
  if (typeof value === 'boolean') return { type: 'boolean', value: String(value) }
  if (typeof value === 'bigint' && BigInt.asIntN(64, value) === value)
    return { type: 'long', value: String(value) }
  if (typeof value === 'number' && Number.isFinite(value))
    return {
      type: Number.isSafeInteger(value) ? 'long' : 'double',
      value: Object.is(value, -0) ? '0' : String(value),
    }
  // the server writes these anew, and its engine does not read them back
  // oxlint-disable-next-line no-control-regex -- just these
  if (typeof value === 'string' && value.isWellFormed() && !/[\u0000-\u001f\u007f]/.test(value))
    return { type: 'string', value: JSON.stringify(value) }
  throw opensearchError(
    'opensearch-sql-parameter-unfit',
    `The server cannot take the value of the parameter ${name} as it is`,
    {
      path: `parameters.${name}`,
    },
  )
}
