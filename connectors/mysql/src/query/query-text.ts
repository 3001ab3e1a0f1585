import type { SqlPiece, SqlText } from '@bulkhead/connector-sdk'
import { mysqlError } from '../errors.ts'

/**
 * Takes SQL apart by the lexical rules of MySQL, which are not those of the SDK's reader: a backslash
 * hides a quote, `"…"` is a string, `` `…` `` a name, `#` begins a comment and `--` only before a blank.
 * The session fixes `sql_mode`, on which these rules depend. Linear in its length.
 * @see https://dev.mysql.com/doc/refman/8.4/en/language-structure.html
 */
export function parseQuery(sql: string): SqlText {
  const pieces: SqlPiece[] = []
  const names = new Set<string>()
  let codeStart = 0
  const cut = (kind: SqlPiece['kind'], at: number, end: number, name?: string): void => {
    if (at > codeStart) pieces.push({ kind: 'code', text: sql.slice(codeStart, at), offset: codeStart })
    const piece = { kind, text: sql.slice(at, end), offset: at }
    pieces.push(name === undefined ? piece : { ...piece, name })
    codeStart = end
  }
  special.lastIndex = 0
  for (let found = special.exec(sql); found !== null; found = special.exec(sql)) {
    const at = found.index
    const char = found[0]
    let end = at + char.length
    if (char === "'" || char === '"' || char === '`') {
      end = endOfQuotes(sql, at, char)
      cut('quoted', at, end)
    } else if (char === '/*') {
      const close = sql.indexOf('*/', end)
      end = close === -1 ? sql.length : close + 2
      cut('comment', at, end)
    } else if (char === '#' || char.startsWith('--')) {
      const close = sql.indexOf('\n', at)
      end = close === -1 ? sql.length : close
      cut('comment', at, end)
    } else if (char === '?') cut('positional', at, end)
    else if (char === ';') cut('separator', at, end)
    else {
      names.add(char.slice(1))
      cut('parameter', at, end, char.slice(1))
    }
    special.lastIndex = end
  }
  if (sql.length > codeStart) pieces.push({ kind: 'code', text: sql.slice(codeStart), offset: codeStart })
  return { pieces, names: [...names] }
}

/**
 * Whatever is no plain code. A colon before `=` or behind another one begins no name. What may follow
 * the two hyphens of a comment is ASCII: the server takes other blanks for parts of names.
 */
const special =
  /['"`#?;]|\/\*|--(?=[\0-\x20\x7f]|$)|(?<!:):[\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*/gu

function endOfQuotes(sql: string, start: number, quote: string): number {
  for (let at = start + 1; at < sql.length; at += 1) {
    const char = sql.charAt(at)
    if (char === '\\' && quote !== '`') at += 1
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1
      at += 1
    }
  }
  return sql.length
}

/**
 * The reserved word INTO: unquoted it is a name only behind a dot, and part of one behind a letter. It
 * follows numbers that no name can begin with, `1e5INTO`, `1.INTO`, and `\N`, without a blank. It is looked
 * for first, so that what lies before it is read only there.
 */
const intoKeyword =
  /(?=INTO)(?:(?<![\w$.@\u0080-\uffff]|\.\s+)|(?<=\\N|(?<![\w$@\u0080-\uffff])(?:\d+\.\d*|\.\d+)(?:e[+-]?\d+)?\s*|(?<![\w$.@\u0080-\uffff])\d+e[+-]?\d+))INTO(?![\w$\u0080-\uffff])/i

/**
 * Reads the query of a request, and refuses what no server needs to see.
 * @throws BulkheadError with `path` `query`
 */
export function readQuery(query: unknown): SqlText {
  if (typeof query !== 'string') throw notAQuery('The query is not a text')
  if (query.includes('\0') || !query.isWellFormed())
    throw notAQuery('The query holds a character that no text may hold')
  const parsed = parseQuery(query)
  // A semicolon at the end belongs to the habits of terminals, not to the statement.
  const last = parsed.pieces.findLastIndex(({ kind, text }) => kind !== 'comment' && text.trim() !== '')
  const closed = parsed.pieces[last]?.kind === 'separator'
  const pieces = closed ? parsed.pieces.filter((_, index) => index !== last) : parsed.pieces
  refusePieces(pieces)
  const code = pieces.map(({ kind, text }) => (kind === 'code' ? text : kind === 'comment' ? ' ' : '?'))
  const text = code.join('')
  if (!/^[\s(]*(SELECT|WITH|VALUES|TABLE)\b/i.test(text))
    throw notAQuery('The query does not begin with SELECT, WITH, VALUES or TABLE')
  if (intoKeyword.test(text))
    throw mysqlError('mysql-write-refused', 'The query puts its rows INTO a file or a variable', {
      path: 'query',
    })
  return { pieces, names: parsed.names }
}

function refusePieces(pieces: readonly SqlPiece[]): void {
  for (const { kind, text } of pieces) {
    if (kind === 'separator') throw notAQuery('The query has more than one statement')
    if (kind === 'positional')
      throw mysqlError('mysql-positional-parameter', 'The query has a parameter without a name', {
        path: 'query',
      })
    // The server runs what stands there, and nobody else reads it.
    if (kind === 'comment' && /^\/\*M?!/.test(text))
      throw notAQuery('The query has a comment that the server would run', 'Write /*! … */ as plain SQL')
  }
}

function notAQuery(message: string, fix?: string): Error {
  return mysqlError('mysql-not-a-query', message, { path: 'query', ...(fix === undefined ? {} : { fix }) })
}
