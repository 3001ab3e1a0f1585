import { duplicateNames, type Field } from '@bulkhead/connector-sdk'
import { opensearchError } from '../errors.ts'
import type { BoundQuery } from '../query/query.ts'
import { type MetadataName, metadataNames } from '../search/scan-page.ts'
import { type Reading, readingAs, readingOf } from './field-type.ts'
import type { Mapping } from './mapping.ts'

/** Where the values of a column come from. */
export type Origin =
  | { readonly from: 'field'; readonly path: string }
  | { readonly from: 'metadata'; readonly which: number }
  | { readonly from: 'document' }
  /** The line of JSON Lines: the document, with metadata when the query asks for some. */
  | { readonly from: 'line' }

export interface Column {
  readonly field: Field
  readonly origin: Origin
  readonly reading: Reading
}

export interface ColumnSet {
  readonly columns: readonly Column[]
  /** A field of a document that is none of the columns is an error, and not left out. */
  readonly isComplete: boolean
}

const json: Reading = { type: { kind: 'json' } }
const metadataReadings: Readonly<Record<MetadataName, Reading>> = {
  _index: { type: { kind: 'text' } },
  _id: { type: { kind: 'text' } },
  _version: { type: { kind: 'integer', bits: 64 } },
  _seq_no: { type: { kind: 'integer', bits: 64 } },
  _primary_term: { type: { kind: 'integer', bits: 64 } },
  _score: { type: { kind: 'float', bits: 64 } },
  _routing: { type: { kind: 'text' } },
}

/** The column of whole documents: what JSON Lines are made of, in whatever form they travel. */
export const recordSet: ColumnSet = {
  columns: [column('document', { from: 'line' }, json)],
  isComplete: false,
}

/**
 * The columns of a query.
 * @param mapping  undefined where every value is kept as it is stored
 * @throws BulkheadError kind `config`
 */
export function columnSet(query: BoundQuery, mapping: Mapping | undefined): ColumnSet {
  const isTyped = mapping !== undefined
  const added = (query.metadata ?? []).map((name) => metadataColumn(name, name, isTyped))
  const columns =
    query.columns === undefined
      ? (mapping?.names ?? []).map((name) =>
          fieldColumn(name, name, mapping === undefined ? json : readingIn(mapping, name, 'query.columns')),
        )
      : query.columns.map((written, place) => {
          const { path, name = path, type } = typeof written === 'string' ? { path: written } : written
          return columnFor(path, name, type, mapping, `query.columns.${place}`)
        })
  const all = [...added, ...columns]
  const [twice] = duplicateNames(all.map(({ field }) => field))
  if (twice !== undefined) {
    throw opensearchError('opensearch-duplicate-column', `The column ${twice} is there more than once`, {
      path: 'query.columns',
    })
  }
  return { columns: all, isComplete: query.columns === undefined }
}

type Written = Exclude<NonNullable<BoundQuery['columns']>[number], string>

function columnFor(
  path: string,
  name: string,
  type: Written['type'],
  mapping: Mapping | undefined,
  place: string,
): Column {
  if (path === '_source') return column(name, { from: 'document' }, json)
  const metadata = metadataNames.find((known) => known === path)
  if (metadata !== undefined) return metadataColumn(metadata, name, mapping !== undefined)
  if (mapping === undefined) return fieldColumn(name, path, json)
  return fieldColumn(name, path, type === undefined ? readingIn(mapping, path, place) : readingAs(type))
}

function readingIn(mapping: Mapping, path: string, place: string): Reading {
  const mapped = mapping.find(path)
  if (mapped === undefined) {
    throw opensearchError('opensearch-column-unknown', `The mapping has no field ${path}`, { path: place })
  }
  if (mapped === 'conflict') {
    throw opensearchError('opensearch-mapping-conflict', `The field ${path} has several types`, {
      path: place,
    })
  }
  return readingOf(mapped)
}

function fieldColumn(name: string, path: string, reading: Reading): Column {
  return column(name, { from: 'field', path }, reading)
}

function metadataColumn(which: MetadataName, name: string, isTyped: boolean): Column {
  const reading = isTyped ? metadataReadings[which] : json
  return column(name, { from: 'metadata', which: metadataNames.indexOf(which) }, reading)
}

function column(name: string, origin: Origin, reading: Reading): Column {
  const { type, sourceType } = reading
  const field: Field = {
    name,
    type,
    nullable: true,
    ...(origin.from === 'line' && { isRecord: true as const }),
    ...(sourceType !== undefined && { sourceType }),
  }
  return { field, origin, reading }
}
