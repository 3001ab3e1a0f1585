import type { SqlPiece, SqlText } from '@bulkhead/connector-sdk'

/**
 * Takes SQL of Athena apart by the lexical rules of Trino: `'…'` and `"…"` double their quotes and know no other
 * escape, `` `…` `` quotes names of Hive's statements, comments are `-- …` and `/* … *\/`, which do not nest. A colon
 * that touches the value before it is code: `json_object('a':b)` is a pair, `WHERE a = :b` has a parameter.
 * Never throws, and is linear in its length.
 *
 * @see https://trino.io/docs/current/language.html
 */
export function parseAthenaSql(sql: string): SqlText {
  const pieces: SqlPiece[] = []
  const names = new Set<string>()
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
    const pair = sql.slice(at, at + 2)
    if (char === "'" || char === '"' || char === '`') cut('quoted', endOfQuotes(sql, at + 1, char))
    else if (pair === '--') cut('comment', endOfLine(sql, at))
    else if (pair === '/*') cut('comment', after(sql, '*/', at + 2))
    else if (char === ';') cut('separator', at + 1)
    else if (char === '?') cut('positional', at + 1)
    else if (char === ':') {
      const name = /^[A-Za-z_]\w*/.exec(sql.slice(at + 1, at + 1 + maxNameLength))?.[0]
      if (name === undefined || touchesValue(sql.charAt(at - 1))) at += 1
      else {
        names.add(name)
        cut('parameter', at + 1 + name.length, name)
      }
    } else at += 1
  }
  if (at > codeStart) pieces.push({ kind: 'code', text: sql.slice(codeStart), offset: codeStart })
  return { pieces, names: [...names] }
}

/** Longest name of a parameter that is looked for; a longer one is cut, and then has no value. */
const maxNameLength = 200

/** Behind the closing quote; a doubled one does not close. */
function endOfQuotes(sql: string, from: number, quote: string): number {
  for (let at = from; ; at += 2) {
    at = sql.indexOf(quote, at)
    if (at === -1) return sql.length
    if (sql.charAt(at + 1) !== quote) return at + 1
  }
}

function after(sql: string, end: string, from: number): number {
  const at = sql.indexOf(end, from)
  return at === -1 ? sql.length : at + end.length
}

function endOfLine(sql: string, from: number): number {
  let at = from
  while (at < sql.length && sql.charAt(at) !== '\n' && sql.charAt(at) !== '\r') at += 1
  return at
}

function touchesValue(before: string): boolean {
  return /[\w)\]}'"`:]/.test(before)
}
