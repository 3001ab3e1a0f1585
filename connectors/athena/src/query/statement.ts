import {
  BulkheadError,
  checkSqlParameters,
  type ParameterValue,
  type SqlPiece,
} from '@bulkhead/connector-sdk'
import { athenaError } from '../errors.ts'
import { literalsOf } from './literal.ts'
import { parseAthenaSql } from './sql-text.ts'

/** Longest query of Athena, bytes. */
export const maxQueryBytes = 262_144

/** What Athena is sent. */
export interface Statement {
  readonly sql: string
  /** SQL literals, one for each `?` of `sql`, in order. */
  readonly values: readonly string[]
  /** Whether it yields the rows of a query, and does not describe something. */
  readonly isSelect: boolean
}

/**
 * That the text is one statement that reads, and its parameters as `?` with their values apart. A list becomes as
 * many parameters as it has values, for `IN (:list)`.
 *
 * @throws BulkheadError `path` beginning with `query` or `parameters`
 */
export function bindStatement(
  query: unknown,
  parameters: Readonly<Record<string, ParameterValue>>,
): Statement {
  if (typeof query !== 'string')
    throw new BulkheadError({
      kind: 'config',
      code: 'query-invalid',
      message: 'The query is not text',
      path: 'query',
      fix: 'Write the query as SQL text',
    })
  if (Buffer.byteLength(query) > maxQueryBytes)
    throw athenaError('athena-not-a-query', `The query is longer than ${maxQueryBytes} bytes`, {
      path: 'query',
      fix: 'Write a shorter query, or put a part of it into a view',
    })
  const text = parseAthenaSql(query)
  const pieces = oneStatement(text.pieces)
  const isSelect = checkReads(pieces)
  if (pieces.some(({ kind }) => kind === 'positional'))
    throw athenaError('athena-positional-parameter', 'The query has a parameter without name: ?', {
      path: 'query',
    })
  checkSqlParameters(text, parameters)
  const literals = new Map(
    text.names.map((name) => [name, literalsOf(parameters[name] ?? null, `parameters.${name}`)] as const),
  )
  const values: string[] = []
  const sql = pieces.map((piece, index) => {
    const bound = literals.get(piece.name ?? '')
    if (piece.kind !== 'parameter' || bound === undefined) return piece.text
    values.push(...bound)
    // a minus before a negative number must never begin a comment, however the values get into the query
    const apart = pieces[index - 1]?.text.endsWith('-') === true ? ' ' : ''
    return apart + bound.map(() => '?').join(', ')
  })
  return { sql: sql.join(''), values, isSelect }
}

/** Without white space, comments and semicolons at the end; a semicolon before that separates statements. */
function oneStatement(pieces: readonly SqlPiece[]): readonly SqlPiece[] {
  const last = pieces.findLastIndex((piece) => !isSpace(piece) && piece.kind !== 'separator')
  const statement = pieces.slice(0, last + 1)
  if (last === -1) throw athenaError('athena-not-a-query', 'The query is empty', { path: 'query' })
  if (statement.some(({ kind }) => kind === 'separator'))
    throw athenaError('athena-not-a-query', 'The query is more than one statement', { path: 'query' })
  return statement
}

const reading = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE'])
const showing = new Set(['SHOW', 'DESCRIBE', 'DESC'])
const writing = new Set(
  'INSERT UPDATE DELETE MERGE TRUNCATE CREATE ALTER DROP MSCK GRANT REVOKE UNLOAD VACUUM OPTIMIZE CALL ANALYZE'.split(
    ' ',
  ),
)

/**
 * By its first words: no statement of Trino that begins so writes, as far as its tables and functions only read.
 * @returns whether it is a query
 */
function checkReads(pieces: readonly SqlPiece[]): boolean {
  const [first, ...others] = wordsOf(pieces)
  if (first !== undefined && reading.has(first)) return true
  if (first !== undefined && showing.has(first)) return false
  const decisive = first === 'EXPLAIN' ? others.find((word) => !explaining.has(word)) : first
  if (decisive !== undefined && writing.has(decisive))
    throw athenaError('athena-write-refused', `The query is a ${decisive} and would change something`, {
      path: 'query',
    })
  // EXPLAIN ANALYZE runs what it explains
  if (first === 'EXPLAIN' && decisive !== undefined && reading.has(decisive)) return false
  throw athenaError('athena-not-a-query', 'The query is no statement that reads', { path: 'query' })
}

const explaining = new Set(['ANALYZE', 'VERBOSE'])

/** The first words of the code, in capitals, without brackets around them and without the options of EXPLAIN. */
function wordsOf(pieces: readonly SqlPiece[]): readonly string[] {
  const code = pieces
    .slice(0, 50)
    .map(({ kind, text }) =>
      kind === 'comment' ? ' ' : kind === 'code' ? text.slice(0, 2000) : ' ' + quotedMark,
    )
    .join('')
    .toUpperCase()
  const plain = code.replace(/^\s*EXPLAIN\s*\((?:\s*(?:FORMAT|TYPE)\s+[A-Z]+\s*,?)+\s*\)/, 'EXPLAIN ')
  return plain
    .replace(/^(\s*(?:EXPLAIN\s+(?:ANALYZE\s+)?(?:VERBOSE\s+)?)?)[\s(]*/, '$1 ')
    .trim()
    .split(/[^A-Z_]+/, 5)
}

/** Stands for a quoted name or text: no word that could be taken for a statement. */
const quotedMark = '_'

function isSpace({ kind, text }: SqlPiece): boolean {
  return kind === 'comment' || (kind === 'code' && text.trim() === '')
}
