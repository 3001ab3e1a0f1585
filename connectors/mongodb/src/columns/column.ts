import type { Field } from '@bulkhead/connector-sdk'
import type { ColumnType } from '../query/query.ts'

/** A column of the result: what it is called, what it takes, and where its values are. */
export interface Column {
  readonly name: string
  readonly type: ColumnType
  /** Names of fields from the top of the document; empty for the whole document. */
  readonly path: readonly string[]
}

/** What the rows of a read are made of. */
export interface Columns {
  readonly columns: readonly Column[]
  /** Name of the column for the top-level fields that have none of their own. */
  readonly rest: string | undefined
  /** So many documents were looked at to find the columns; a field beside them is an error when there is no `rest`. */
  readonly discovered: number | undefined
}

const types: Readonly<Record<ColumnType, Field['type']>> = {
  text: { kind: 'text' },
  integer: { kind: 'integer', bits: 64 },
  float: { kind: 'float', bits: 64 },
  decimal: { kind: 'decimal' },
  boolean: { kind: 'boolean' },
  timestamp: { kind: 'timestamp', zoned: true },
  binary: { kind: 'binary' },
  json: { kind: 'json' },
}

/** The fields of the result: a document may lack any of them. */
export function fieldsOf({ columns, rest }: Columns): readonly Field[] {
  const fields = columns.map(({ name, type, path }): Field =>
    path.length === 0
      ? { name, type: types[type], nullable: false, isRecord: true }
      : { name, type: types[type], nullable: true },
  )
  return rest === undefined ? fields : [...fields, { name: rest, type: types.json, nullable: true }]
}
