import type { SqlPiece, SqlText } from '@bulkhead/connector-sdk'
import { cassandraError } from '../errors.ts'

/**
 * Takes CQL apart, so that `:name` is found in code only: not in `'…'`, `"…"`, `$$…$$` or comments
 * (`-- …`, `// …`, `/* … *\/`, which do not nest), and inside brackets and braces not when the colon
 * touches the value before it: `{street:'a'}` is a literal, `{street: :name}` has a parameter.
 *
 * @see https://cassandra.apache.org/doc/latest/cassandra/developing/cql/definitions.html
 */
export function parseCql(cql: string): SqlText {
  const pieces: SqlPiece[] = []
  const names = new Set<string>()
  let codeStart = 0
  let at = 0
  let depth = 0
  const cut = (kind: SqlPiece['kind'], end: number, name?: string): void => {
    if (at > codeStart) pieces.push({ kind: 'code', text: cql.slice(codeStart, at), offset: codeStart })
    const piece = { kind, text: cql.slice(at, end), offset: at }
    pieces.push(name === undefined ? piece : { ...piece, name })
    at = codeStart = end
  }

  while (at < cql.length) {
    const char = cql.charAt(at)
    const pair = cql.slice(at, at + 2)
    if (char === "'" || char === '"') cut('quoted', endOfQuotes(cql, at + 1, char))
    else if (pair === '$$') cut('quoted', after(cql, '$$', at + 2))
    else if (pair === '--' || pair === '//') cut('comment', endOfLine(cql, at))
    else if (pair === '/*') cut('comment', after(cql, '*/', at + 2))
    else if (char === ';') cut('separator', at + 1)
    else if (char === '?') cut('positional', at + 1)
    else if (char === ':') {
      const name = /^[A-Za-z_]\w*/.exec(cql.slice(at + 1, at + 1 + maxNameLength))?.[0]
      if (name === undefined || (depth > 0 && touchesValue(cql.charAt(at - 1)))) at += 1
      else {
        names.add(name)
        cut('parameter', at + 1 + name.length, name)
      }
    } else {
      if (char === '[' || char === '{') depth += 1
      else if (char === ']' || char === '}') depth = Math.max(0, depth - 1)
      at += 1
    }
  }
  if (at > codeStart) pieces.push({ kind: 'code', text: cql.slice(codeStart), offset: codeStart })
  return { pieces, names: [...names] }
}

/** Longest name of a parameter that is looked for; a longer one is cut, and then has no value. */
const maxNameLength = 200

/** A statement whose parameters are `?`, and the names that stand for them, in order. */
export interface Statement {
  readonly cql: string
  readonly names: readonly string[]
}

/**
 * That the text is one SELECT, which is the one kind of statement of CQL that cannot write; and its
 * parameters as markers.
 * @throws BulkheadError `cassandra-not-a-query`, `cassandra-write-refused`, `cassandra-positional-parameter`
 */
export function statementOf(text: SqlText): Statement {
  const end = text.pieces.findLastIndex(
    ({ kind, text: each }) => !isSpace(kind, each) && kind !== 'separator',
  )
  const pieces = text.pieces.slice(0, end + 1)
  const first = pieces.find(({ kind, text: each }) => !isSpace(kind, each))
  const word = /^\s*([A-Za-z]+)/.exec(first?.kind === 'code' ? first.text : '')?.[1]?.toUpperCase()
  if (word !== undefined && writing.has(word)) {
    throw cassandraError('cassandra-write-refused', `The query is a ${word} and would change data`, {
      path: 'query',
    })
  }
  if (word !== 'SELECT')
    throw cassandraError('cassandra-not-a-query', 'The query is no SELECT', { path: 'query' })
  if (pieces.some(({ kind }) => kind === 'separator')) {
    throw cassandraError('cassandra-not-a-query', 'The query is more than one statement', { path: 'query' })
  }
  if (pieces.some(({ kind }) => kind === 'positional')) {
    throw cassandraError('cassandra-positional-parameter', 'The query has a parameter without name: ?', {
      path: 'query',
    })
  }
  return {
    cql: pieces.map(({ kind, text: each }) => (kind === 'parameter' ? '?' : each)).join(''),
    names: pieces.flatMap(({ name }) => (name === undefined ? [] : [name])),
  }
}

const writing = new Set([
  'INSERT',
  'UPDATE',
  'DELETE',
  'BEGIN',
  'TRUNCATE',
  'CREATE',
  'ALTER',
  'DROP',
  'GRANT',
  'REVOKE',
  'USE',
])

function isSpace(kind: SqlPiece['kind'], text: string): boolean {
  return kind === 'comment' || (kind === 'code' && text.trim() === '')
}

/** Behind the closing quote; a doubled one does not close. */
function endOfQuotes(cql: string, from: number, quote: string): number {
  for (let at = from; ; at += 2) {
    at = cql.indexOf(quote, at)
    if (at === -1) return cql.length
    if (cql.charAt(at + 1) !== quote) return at + 1
  }
}

function after(cql: string, end: string, from: number): number {
  const at = cql.indexOf(end, from)
  return at === -1 ? cql.length : at + end.length
}

function endOfLine(cql: string, from: number): number {
  let at = from
  while (at < cql.length && cql.charAt(at) !== '\n' && cql.charAt(at) !== '\r') at += 1
  return at
}

function touchesValue(before: string): boolean {
  return /[\w)\]}'"]/.test(before)
}
