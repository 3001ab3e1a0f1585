import { BulkheadError } from './errors.ts'

/**
 * Finds `:name` parameters in SQL text, so that every SQL connector binds them alike. A colon begins
 * a parameter only in code: not in `'…'`, `E'…'`, `"…"`, `$tag$…$tag$`, `-- …` or nested comments, not
 * as part of `::` or `:=`, and inside brackets or braces not when it touches the value before it
 * (`a[1:n]` is a slice, `{'a':b}` a struct; write `a[1 : :n]`, `{'a': :b}`).
 *
 * The lexical rules are those of PostgreSQL with `standard_conforming_strings` on, which DuckDB shares.
 * @see https://www.postgresql.org/docs/current/sql-syntax-lexical.html
 */
export interface SqlText {
  /** In order; their texts joined are the SQL, character for character. */
  readonly pieces: readonly SqlPiece[]
  /** Each parameter once, in the order of its first use. */
  readonly names: readonly string[]
}

export interface SqlPiece {
  /**
   * - `code`: keywords, names, numbers, operators, white space
   * - `quoted`: a string or a quoted name, also one that never ends
   * - `comment`
   * - `parameter`: `:name`
   * - `positional`: `$1`, which a connector with `:name` parameters should refuse
   * - `separator`: a semicolon
   */
  readonly kind: 'code' | 'quoted' | 'comment' | 'parameter' | 'positional' | 'separator'
  readonly text: string
  /** Where it begins in the SQL, in UTF-16 units. */
  readonly offset: number
  /** Of a parameter, without the colon. */
  readonly name?: string
}

/** Takes SQL apart. Never throws: text that the server will refuse is passed on as it is. Linear in its length. */
export function parseSqlText(sql: string): SqlText {
  const pieces: SqlPiece[] = []
  const names = new Set<string>()
  let depth = 0
  let codeStart = 0
  let at = 0
  const cut = (kind: SqlPiece['kind'], end: number, name?: string): void => {
    if (at > codeStart) pieces.push({ kind: 'code', text: sql.slice(codeStart, at), offset: codeStart })
    const piece = { kind, text: sql.slice(at, end), offset: at }
    pieces.push(name === undefined ? piece : { ...piece, name })
    at = codeStart = end
  }

  while (at < sql.length) {
    const char = sql.charAt(at)
    const next = sql.charAt(at + 1)
    if (char === "'") cut('quoted', endOfString(sql, at, false))
    else if (char === '"') cut('quoted', endOfQuotes(sql, at + 1, '"', false))
    else if (char === '-' && next === '-') cut('comment', endOfLine(sql, at))
    else if (char === '/' && next === '*') cut('comment', endOfBlockComment(sql, at))
    else if (char === ';') cut('separator', at + 1)
    else if (char === '$') {
      const quoted = endOfDollarQuotes(sql, at)
      const digits = endOf(sql, at + 1, isDigit)
      if (quoted !== undefined) cut('quoted', quoted)
      else if (digits > at + 1) cut('positional', digits)
      else at += 1
    } else if (char === ':') {
      const end = endOf(sql, at + 1, isNamePart)
      if (next === ':' || next === '=') at += 2
      else if (!isNameStart(next) || (depth > 0 && touchesValue(sql, at))) at += 1
      else {
        const name = sql.slice(at + 1, end)
        names.add(name)
        cut('parameter', end, name)
      }
    } else if (isNameStart(char)) {
      // A whole word at once: `foo$1` is a name and no parameter, and E'…' needs its letter.
      const end = endOf(sql, at, isWordPart)
      const escapes = end === at + 1 && (char === 'E' || char === 'e') && sql.charAt(end) === "'"
      if (escapes) cut('quoted', endOfString(sql, end, true))
      else at = end
    } else {
      if (char === '[' || char === '{') depth += 1
      else if (char === ']' || char === '}') depth = Math.max(0, depth - 1)
      at = isDigit(char) ? endOf(sql, at, isWordPart) : at + 1
    }
  }
  if (at > codeStart) pieces.push({ kind: 'code', text: sql.slice(codeStart), offset: codeStart })
  return { pieces, names: [...names] }
}

/** SQL with every parameter written anew; all else stays, character for character. */
export function replaceSqlParameters(sql: SqlText, replacement: (name: string) => string): string {
  return sql.pieces.map((piece) => (piece.name === undefined ? piece.text : replacement(piece.name))).join('')
}

/**
 * That the values fit the names: each name of the query has a value, each value a name.
 * @throws BulkheadError `parameter-missing` at `query`, `parameter-unknown` at `parameters.NAME`
 */
export function checkSqlParameters(sql: SqlText, values: Readonly<Record<string, unknown>>): void {
  const missing = sql.names.filter((name) => !Object.hasOwn(values, name) || values[name] === undefined)
  if (missing.length > 0)
    throw new BulkheadError({
      kind: 'config',
      code: 'parameter-missing',
      message: `The query uses parameters without a value: ${missing.join(', ')}`,
      path: 'query',
      fix: `Give a value for ${missing.map((name) => `parameters.${name}`).join(', ')}`,
    })
  const unknown = Object.keys(values).filter((name) => !sql.names.includes(name))
  if (unknown.length > 0)
    throw new BulkheadError({
      kind: 'config',
      code: 'parameter-unknown',
      message: `The query does not use the parameters: ${unknown.join(', ')}`,
      path: `parameters.${unknown[0]}`,
      fix: 'Remove them, or use them in the query as :NAME outside strings and comments',
    })
}

function endOfString(sql: string, quote: number, escapes: boolean): number {
  let end = endOfQuotes(sql, quote + 1, "'", escapes)
  // An E'…' goes on in the next literal when only white space with a line break lies between.
  while (escapes) {
    const more = continuation(sql, end)
    if (more === undefined) break
    end = endOfQuotes(sql, more + 1, "'", true)
  }
  return end
}

/** Behind the closing quote; a doubled one does not close. */
function endOfQuotes(sql: string, from: number, quote: string, escapes: boolean): number {
  for (let at = from; at < sql.length; at += 1) {
    const char = sql.charAt(at)
    if (escapes && char === '\\') at += 1
    else if (char === quote) {
      if (sql.charAt(at + 1) !== quote) return at + 1
      at += 1
    }
  }
  return sql.length
}

function continuation(sql: string, from: number): number | undefined {
  let lineBreak = false
  let at = from
  for (;;) {
    const char = sql.charAt(at)
    if (char === '\n' || char === '\r') lineBreak = true
    else if (char === "'") return lineBreak ? at : undefined
    else if (char === '-' && sql.charAt(at + 1) === '-') at = endOfLine(sql, at) - 1
    else if (char === '' || !' \t\f\v'.includes(char)) return undefined
    at += 1
  }
}

function endOfLine(sql: string, from: number): number {
  let at = from
  while (at < sql.length && sql.charAt(at) !== '\n' && sql.charAt(at) !== '\r') at += 1
  return at
}

function endOfBlockComment(sql: string, from: number): number {
  let depth = 0
  for (let at = from; at < sql.length; at += 1) {
    const pair = sql.slice(at, at + 2)
    if (pair === '/*') depth += 1
    else if (pair === '*/') depth -= 1
    else continue
    at += 1
    if (depth === 0) return at + 1
  }
  return sql.length
}

function endOfDollarQuotes(sql: string, from: number): number | undefined {
  const tagEnd = isNameStart(sql.charAt(from + 1)) ? endOf(sql, from + 1, isNamePart) : from + 1
  if (sql.charAt(tagEnd) !== '$') return undefined
  const tag = sql.slice(from, tagEnd + 1)
  const close = sql.indexOf(tag, tagEnd + 1)
  return close === -1 ? sql.length : close + tag.length
}

function touchesValue(sql: string, colon: number): boolean {
  const before = sql.charAt(colon - 1)
  return (
    isWordPart(before) ||
    before === ')' ||
    before === ']' ||
    before === '}' ||
    before === "'" ||
    before === '"'
  )
}

function endOf(sql: string, from: number, belongs: (char: string) => boolean): number {
  let at = from
  while (at < sql.length && belongs(sql.charAt(at))) at += 1
  return at
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9'
}
/** Letters, underscore and every character beyond ASCII, as in PostgreSQL's names. */
function isNameStart(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || char === '_' || char >= '\u0080'
}
function isNamePart(char: string): boolean {
  return isNameStart(char) || isDigit(char)
}
function isWordPart(char: string): boolean {
  return isNamePart(char) || char === '$'
}
