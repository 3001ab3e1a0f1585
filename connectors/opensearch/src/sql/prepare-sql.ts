import {
  type BytesBatch,
  type ColumnsBatch,
  duplicateNames,
  type Extract,
  type Field,
  type ReadRequest,
} from '@bulkhead/connector-sdk'
import { ByteBuffer } from '../byte-buffer.ts'
import type { Reading } from '../columns/field-type.ts'
import { Span } from '../encode/document-line.ts'
import { tidyDocument } from '../encode/tidy-document.ts'
import { valueReader } from '../encode/value-reader.ts'
import { opensearchError } from '../errors.ts'
import type { Client } from '../http/client.ts'
import { jsonBody } from '../search/json-body.ts'
import { OPEN_LIST, OPEN_OBJECT } from '../search/json-bytes.ts'
import { bindSql } from './bind-sql.ts'
import type { SqlAnswer } from './sql-answer.ts'
import { SqlCursor } from './sql-cursor.ts'
import { sqlReading } from './sql-reading.ts'

interface Column {
  readonly field: Field
  readonly reading: Reading
}

/** Usual size of a line or a value; larger ones borrow memory. */
const USUAL = 256 * 1024
/** A value of fixed width, or the offset of one of variable width, and its bit of validity. */
const BYTES_A_VALUE = 9
/** Behind the quote and `2026-11-21`. */
const BLANK_AT = 11

export interface SqlRead {
  readonly client: Client
  readonly text: string
  readonly read: ReadRequest
  /** Most bytes of one answer. */
  readonly mostBytes: number
  readonly queryTimeoutMs: number
}

/** Runs a statement by the SQL plugin, as far as its first page, which tells the columns. */
export async function prepareSql(wanted: SqlRead, signal: AbortSignal): Promise<Extract> {
  const { client, text, read, mostBytes, queryTimeoutMs } = wanted
  const sql = bindSql(text, read.parameters)
  await using opened = new AsyncDisposableStack()
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(timeoutError(queryTimeoutMs)), queryTimeoutMs)
  opened.defer(() => clearTimeout(timer))
  const inTime = AbortSignal.any([signal, late.signal])
  if (sql.needsEscapes) await checkEscapes(client, inTime)
  const cursor = opened.use(new SqlCursor(client, mostBytes))
  await cursor.begin(sql, read.maxRows, inTime)
  const columns = columnsOf(cursor.answer)
  const owned = opened.move()
  return {
    fields: columns.map(({ field }) => field),
    consistency: 'none',
    read: (readSignal) => {
      const pages = pagesOf(cursor, AbortSignal.any([readSignal, late.signal]))
      return read.form === 'bytes' ? sqlLines(pages, columns, read) : sqlColumns(pages, columns, read)
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function timeoutError(ms: number): Error {
  return opensearchError('opensearch-query-timeout', `The read took longer than ${ms / 1000} s`, {
    path: 'query',
  })
}

/** The plugin escapes quotes in values; that of OpenSearch 2 does not always take the escapes away again. */
async function checkEscapes(client: Client, signal: AbortSignal): Promise<void> {
  const { version } = jsonBody(await client.send({ method: 'GET', path: '/' }, signal)) as {
    readonly version?: { readonly number?: unknown }
  }
  if (Number.parseInt(String(version?.number), 10) >= 3) return
  throw opensearchError(
    'opensearch-sql-parameter-unfit',
    'A parameter holds a quote or a backslash, which SQL of OpenSearch before 3 may read in another way',
    { path: 'parameters' },
  )
}

function columnsOf({ schema = [] }: SqlAnswer): readonly Column[] {
  const columns = schema.map(({ name, alias, type }): Column => {
    const reading = sqlReading(type)
    const sourceType = reading.sourceType === undefined ? {} : { sourceType: reading.sourceType }
    return { reading, field: { name: alias ?? name, type: reading.type, nullable: true, ...sourceType } }
  })
  const [twice] = duplicateNames(columns.map(({ field }) => field))
  if (twice === undefined) return columns
  throw opensearchError('opensearch-duplicate-column', `The column ${twice} is there more than once`, {
    path: 'query',
    fix: 'Name it anew by AS',
  })
}

async function* pagesOf(cursor: SqlCursor, signal: AbortSignal): AsyncGenerator<SqlAnswer> {
  do {
    signal.throwIfAborted()
    yield cursor.answer
  } while (await cursor.advance(signal))
}

/** One value of a row, in one line. */
class Cell extends Span {
  readonly #own = new ByteBuffer(USUAL)

  read(answer: SqlAnswer, row: number, column: number): void {
    const [start, end] = [answer.start(row, column), answer.end(row, column)]
    this.set(answer.bytes, start, end)
    const first = answer.bytes[start]
    // the server prints lists and objects over several lines
    if (first !== OPEN_OBJECT && first !== OPEN_LIST) return
    this.#own.begin()
    tidyDocument(answer.bytes, start, end, this.#own)
    this.set(this.#own.bytes, 0, this.#own.length)
  }

  /** The server writes a blank between them, and ISO 8601 a T. */
  joinDateAndTime(): void {
    if (this.bytes[this.start + BLANK_AT] !== 0x20) return
    this.#own.begin()
    this.#own.add(this.bytes, this.start, this.end)
    this.#own.bytes[BLANK_AT] = 0x54
    this.set(this.#own.bytes, 0, this.#own.length)
  }
}

/** JSON Lines, each value as the server wrote it. */
async function* sqlLines(
  pages: AsyncIterable<SqlAnswer>,
  columns: readonly Column[],
  { batchRows, batchBytes, maxRows = Infinity }: ReadRequest,
): AsyncGenerator<BytesBatch> {
  const keys = columns.map(({ field }, place) =>
    Buffer.from(`${place === 0 ? '{' : ','}${JSON.stringify(field.name)}:`),
  )
  const cell = new Cell()
  const line = new ByteBuffer(USUAL)
  const out = new ByteBuffer(batchBytes)
  let [rows, left] = [0, maxRows]
  for await (const answer of pages) {
    for (let row = 0; row < answer.rows && left > 0; row++, left--) {
      line.begin()
      for (const [place, key] of keys.entries()) {
        line.add(key)
        cell.read(answer, row, place)
        line.add(cell.bytes, cell.start, cell.end)
      }
      line.add(Buffer.from('}\n'))
      if (rows > 0 && (rows === batchRows || out.length + line.length > batchBytes)) {
        yield { form: 'bytes', bytes: out.view(), rows }
        out.begin()
        rows = 0
      }
      out.add(line.bytes, 0, line.length)
      rows++
    }
    if (left === 0) break
  }
  if (rows > 0) yield { form: 'bytes', bytes: out.view(), rows }
}

async function* sqlColumns(
  pages: AsyncIterable<SqlAnswer>,
  columns: readonly Column[],
  { batchRows, batchBytes, maxRows = Infinity }: ReadRequest,
): AsyncGenerator<ColumnsBatch> {
  const cell = new Cell()
  const readers = columns.map(({ reading }) => valueReader(reading, batchBytes))
  let [rows, bytes, left, seen] = [0, 0, maxRows, 0]
  const build = (): ColumnsBatch => ({
    form: 'columns',
    rows,
    columns: readers.map((reader) => reader.build(rows)),
    bytes,
  })
  for await (const answer of pages) {
    for (let row = 0; row < answer.rows && left > 0; row++, left--) {
      seen++
      let size = 0
      for (let place = 0; place < columns.length; place++)
        size += BYTES_A_VALUE + answer.end(row, place) - answer.start(row, place)
      if (rows > 0 && (rows === batchRows || bytes + size > batchBytes)) {
        yield build()
        for (const reader of readers) reader.reset()
        rows = bytes = 0
      }
      for (const [place, reader] of readers.entries()) {
        const column = columns[place]!
        cell.read(answer, row, place)
        if (column.field.type.kind === 'timestamp') cell.joinDateAndTime()
        const { bytes: from, start, end } = cell
        // the first letter of null
        if (from[start] === 0x6e) reader.addNull(rows)
        else if (!reader.add(rows, from, start, end)) throw unfit(column, seen)
      }
      rows++
      bytes += size
    }
    if (left === 0) break
  }
  if (rows > 0) yield build()
}

function unfit({ field }: Column, row: number): Error {
  return opensearchError(
    'opensearch-value-unfit',
    `A value of the column ${field.name} cannot be kept as ${field.type.kind} (row ${row})`,
    {
      path: 'query',
      fix: `Give it another type in the query, such as CAST(${field.name} AS STRING), or leave it out`,
    },
  )
}
