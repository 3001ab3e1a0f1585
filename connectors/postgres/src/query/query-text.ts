import { parseSqlText, type SqlPiece, type SqlText } from '@bulkhead/connector-sdk'
import { postgresError } from '../errors.ts'

/** Most characters of a query: the server parses it several times, and errors are looked up in it (I8). */
export const maxQueryLength = 1_000_000

/** What returns rows and can stand in parentheses, by its first word. */
const readers = new Set(['select', 'values', 'table', 'with'])
const writers = new Set([
  'insert',
  'update',
  'delete',
  'merge',
  'truncate',
  'create',
  'alter',
  'drop',
  'grant',
  'revoke',
])

/**
 * Checks what can be checked without the server: exactly one statement that reads, named parameters.
 * @returns the query without a semicolon at its end
 */
export function readQuery(query: unknown): SqlText {
  if (typeof query !== 'string' || query.trim() === '') throw notAQuery('The query is not a text')
  if (query.length > maxQueryLength)
    throw notAQuery(`The query has ${query.length} characters, more than ${maxQueryLength}`)
  if (query.includes('\0') || !query.isWellFormed())
    throw postgresError('postgres-query-invalid', 'The query holds a character that no text may hold', {
      path: 'query',
    })

  const { pieces, names } = parseSqlText(query)
  const positional = pieces.find(({ kind }) => kind === 'positional')
  if (positional !== undefined)
    throw postgresError(
      'postgres-positional-parameter',
      `The query uses ${positional.text} (${place(query, positional.offset)})`,
      { path: 'query' },
    )
  const end = pieces.findLastIndex((piece) => !isBlank(piece) && piece.kind !== 'separator') + 1
  const kept = pieces.slice(0, end)
  const separator = kept.find(({ kind }) => kind === 'separator')
  if (separator !== undefined)
    throw notAQuery(`There is more than one statement (${place(query, separator.offset)})`)

  const word = firstWord(kept)
  if (writers.has(word))
    throw postgresError('postgres-write-refused', `The query is ${word.toUpperCase()}, which changes data`, {
      path: 'query',
    })
  if (!readers.has(word)) throw notAQuery('The query is not a SELECT, VALUES, TABLE or WITH')
  return { pieces: kept, names }
}

/** Where an offset of a text is, for people: `line 3, column 14`. */
export function place(text: string, offset: number): string {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/)
  return `line ${lines.length}, column ${Array.from(lines.at(-1) ?? '').length + 1}`
}

/**
 * Where the server saw an error, in the query as its author wrote it.
 * @param sent      the query with its parameters replaced, as `replaceSqlParameters` does it
 * @param position  of the server: in characters, from 1
 */
export function placeInQuery(
  query: SqlText,
  replacement: (name: string) => string,
  position: number,
): string {
  const original = query.pieces.map(({ text }) => text).join('')
  let characters = position - 1
  for (const { text, name, offset } of query.pieces) {
    const sent = Array.from(name === undefined ? text : replacement(name))
    if (characters < sent.length)
      return place(original, offset + (name === undefined ? sent.slice(0, characters).join('').length : 0))
    characters -= sent.length
  }
  return place(original, original.length)
}

function firstWord(pieces: readonly SqlPiece[]): string {
  for (const piece of pieces) {
    if (isBlank(piece)) continue
    const [, word] = piece.kind === 'code' ? (/^[\s(]*([A-Za-z_]*)/.exec(piece.text) ?? []) : []
    if (word !== '' || !/^[\s(]+$/.test(piece.text)) return (word ?? '').toLowerCase()
  }
  return ''
}

function isBlank({ kind, text }: SqlPiece): boolean {
  return kind === 'comment' || (kind === 'code' && text.trim() === '')
}

function notAQuery(message: string): Error {
  return postgresError('postgres-not-a-query', message, { path: 'query' })
}
