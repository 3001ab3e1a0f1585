import { opensearchError } from '../errors.ts'
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  endOfString,
  endOfValue,
  NotJson,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  skipSpace,
} from '../search/json-bytes.ts'

export interface SqlColumn {
  readonly name: string
  readonly alias?: string
  readonly type: string
}

/** One answer of the SQL plugin in its format `jdbc`: where in its bytes each value lies. Used again for the next one. */
export class SqlAnswer {
  bytes: Buffer = Buffer.alloc(0)
  rows = 0
  /** Undefined in a later page that does not repeat it. */
  schema: readonly SqlColumn[] | undefined
  /** Of the next page; undefined: this is the last one. */
  cursor: string | undefined
  #columns = 0
  #places = new Int32Array(1024)

  start(row: number, column: number): number {
    return this.#places[2 * (row * this.#columns + column)]!
  }

  end(row: number, column: number): number {
    return this.#places[2 * (row * this.#columns + column) + 1]!
  }

  /** @throws BulkheadError `opensearch-unexpected-answer` */
  scan(bytes: Buffer, columns?: number): void {
    this.bytes = bytes
    this.rows = 0
    this.schema = undefined
    this.cursor = undefined
    try {
      // an answer may name its columns behind its rows
      const fields = this.#fields()
      const schema = fields.get('schema')
      if (schema !== undefined) this.schema = JSON.parse(schema.text()) as readonly SqlColumn[]
      const cursor = fields.get('cursor')
      const next: unknown = cursor === undefined ? undefined : JSON.parse(cursor.text())
      if (typeof next === 'string' && next !== '') this.cursor = next
      this.#columns = columns ?? this.schema?.length ?? 0
      const rows = fields.get('datarows')
      if (rows === undefined || this.#columns === 0) throw new NotJson('There are no rows')
      this.#rows(rows.at)
    } catch (error) {
      if (!(error instanceof NotJson) && !(error instanceof SyntaxError)) throw error
      throw opensearchError('opensearch-unexpected-answer', 'The answer to a query in SQL cannot be read')
    }
  }

  #fields(): Map<string, { readonly at: number; readonly text: () => string }> {
    const { bytes } = this
    const size = bytes.length
    const fields = new Map<string, { at: number; text: () => string }>()
    let at = skipSpace(bytes, 0, size)
    if (bytes[at] !== OPEN_OBJECT) throw new NotJson('There is no object')
    at = skipSpace(bytes, at + 1, size)
    while (bytes[at] !== CLOSE_OBJECT) {
      if (bytes[at] !== QUOTE) throw new NotJson('A key is missing')
      const keyEnd = endOfString(bytes, at, size)
      const key = bytes.toString('utf8', at + 1, keyEnd - 1)
      const colon = skipSpace(bytes, keyEnd, size)
      if (bytes[colon] !== COLON) throw new NotJson('A value is missing')
      const start = skipSpace(bytes, colon + 1, size)
      const end = endOfValue(bytes, start, size)
      fields.set(key, { at: start, text: () => bytes.toString('utf8', start, end) })
      at = this.#next(end, CLOSE_OBJECT)
    }
    return fields
  }

  #rows(from: number): void {
    const { bytes } = this
    if (bytes[from] !== OPEN_LIST) throw new NotJson('There is no list of rows')
    let at = skipSpace(bytes, from + 1, bytes.length)
    while (bytes[at] !== CLOSE_LIST) at = this.#next(this.#row(at), CLOSE_LIST)
  }

  #row(from: number): number {
    const { bytes } = this
    if (bytes[from] !== OPEN_LIST) throw new NotJson('A row is no list')
    let place = 2 * this.rows * this.#columns
    const behind = place + 2 * this.#columns
    if (behind > this.#places.length) {
      const larger = new Int32Array(2 * behind)
      larger.set(this.#places)
      this.#places = larger
    }
    let at = skipSpace(bytes, from + 1, bytes.length)
    while (bytes[at] !== CLOSE_LIST) {
      if (place === behind) throw new NotJson('A row has too many values')
      const end = endOfValue(bytes, at, bytes.length)
      this.#places[place++] = at
      this.#places[place++] = end
      at = this.#next(end, CLOSE_LIST)
    }
    if (place !== behind) throw new NotJson('A row has too few values')
    this.rows++
    return at + 1
  }

  /** The next item behind one, or the end of them. */
  #next(from: number, close: number): number {
    const at = skipSpace(this.bytes, from, this.bytes.length)
    if (this.bytes[at] === COMMA) return skipSpace(this.bytes, at + 1, this.bytes.length)
    if (this.bytes[at] !== close) throw new NotJson('A list has no end')
    return at
  }
}
