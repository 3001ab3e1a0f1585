import type { ColumnsBatch } from '@bulkhead/connector-sdk'
import type { Column, ColumnSet } from '../columns/column-set.ts'
import { type Obstacle, PathMatcher } from '../columns/path-matcher.ts'
import { opensearchError } from '../errors.ts'
import type { Hits } from '../search/scan-page.ts'
import { type DocumentReader, type LineReader, Span } from './document-line.ts'
import { type ValueReader, valueReader } from './value-reader.ts'

/** A value of fixed width, or the offset of one of variable width, and its bit of validity. */
const BYTES_A_VALUE = 9

/** Takes the values of all columns out of hits. */
export class RowReader {
  readonly #set: ColumnSet
  readonly #documents: DocumentReader
  readonly #lines: LineReader
  readonly #readers: readonly ValueReader[]
  readonly #matcher: PathMatcher
  /** Columns that come from a field, in the order of the matcher's paths; the column's place in the set. */
  readonly #fieldColumns: readonly number[]
  readonly #needsDocument: boolean
  readonly #needsLine: boolean
  readonly #document = new Span()
  readonly #line = new Span()
  #seen = 0

  constructor(set: ColumnSet, documents: DocumentReader, lines: LineReader, usualBytes: number) {
    this.#set = set
    this.#documents = documents
    this.#lines = lines
    this.#readers = set.columns.map(({ reading }) => valueReader(reading, usualBytes))
    const paths = set.columns.flatMap(({ origin }, place) =>
      origin.from === 'field' ? [{ place, path: origin.path }] : [],
    )
    // two columns may be of one field
    this.#matcher = new PathMatcher([...new Set(paths.map(({ path }) => path))], set.isComplete)
    const order = [...new Set(paths.map(({ path }) => path))]
    this.#fieldColumns = set.columns.map(({ origin }) =>
      origin.from === 'field' ? order.indexOf(origin.path) : -1,
    )
    this.#needsDocument = paths.length > 0 || set.columns.some(({ origin }) => origin.from === 'document')
    this.#needsLine = set.columns.some(({ origin }) => origin.from === 'line')
  }

  /**
   * Looks at a hit.
   * @returns bytes that its row has at most
   * @throws BulkheadError when the document has no content, or something stands in the way of a value
   */
  begin(hits: Hits, hit: number): number {
    this.#seen++
    if (this.#needsLine) this.#lines.read(hits, hit, this.#line)
    if (this.#needsDocument || this.#set.isComplete) this.#documents.read(hits, hit, this.#document)
    if (this.#needsDocument || this.#set.isComplete) {
      const { bytes, start, end } = this.#document
      const obstacle = this.#matcher.match(bytes, start, end)
      if (obstacle !== undefined) throw this.#blocked(obstacle)
    }
    let bound = 0
    for (let place = 0; place < this.#set.columns.length; place++) {
      const { start, end } = this.value(hits, hit, place)
      bound += BYTES_A_VALUE + end - start
    }
    return bound
  }

  /** Takes the values of the hit that was looked at last. */
  add(hits: Hits, hit: number, row: number): void {
    for (let place = 0; place < this.#readers.length; place++) {
      const { bytes, start, end } = this.value(hits, hit, place)
      const reader = this.#readers[place]!
      const isNull = start === end || (bytes[start] === 0x6e && end - start === 4)
      if (isNull) reader.addNull(row)
      else if (!reader.add(row, bytes, start, end)) throw this.#unfit(this.#set.columns[place]!)
    }
  }

  build(rows: number, bytes: number): ColumnsBatch {
    return { form: 'columns', rows, columns: this.#readers.map((reader) => reader.build(rows)), bytes }
  }

  reset(): void {
    for (const reader of this.#readers) reader.reset()
  }

  /** Where the value of a column is, of the hit that was looked at last; empty when there is none. Used again. */
  value(hits: Hits, hit: number, place: number): Span {
    const { origin } = this.#set.columns[place]!
    switch (origin.from) {
      case 'field': {
        const path = this.#fieldColumns[place]!
        found.set(this.#document.bytes, this.#matcher.starts[path]!, this.#matcher.ends[path]!)
        return found
      }
      case 'metadata':
        found.set(hits.bytes, hits.metadataStart(hit, origin.which), hits.metadataEnd(hit, origin.which))
        return found
      case 'document':
        return this.#document
      case 'line':
        return this.#line
    }
    return origin satisfies never
  }

  #unfit({ field }: Column): Error {
    return opensearchError(
      'opensearch-value-unfit',
      `A value of the column ${field.name} cannot be kept as ${field.type.kind} (row ${this.#seen})`,
      { path: 'query.columns' },
    )
  }

  #blocked({ kind, path }: Obstacle): Error {
    const at = `${path} (row ${this.#seen})`
    switch (kind) {
      case 'unknown-field':
        return opensearchError(
          'opensearch-field-unmapped',
          `A document has the field ${at}, which is no column`,
          {
            path: 'query.columns',
          },
        )
      case 'list-on-the-way':
        return opensearchError(
          'opensearch-value-unfit',
          `A document has a list at ${at}, below which a column lies`,
          {
            path: 'query.columns',
            fix: `List ${path} itself under \`columns\`, with the type \`json\``,
          },
        )
      case 'given-twice':
        return opensearchError('opensearch-value-unfit', `A document gives the field ${at} twice`, {
          path: 'query.columns',
          fix: 'List `_source` under `columns`, which keeps both',
        })
    }
    return kind satisfies never
  }
}

const found = new Span()
