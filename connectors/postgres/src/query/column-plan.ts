import type { Field, Form, OutputFormat } from '@bulkhead/connector-sdk'
import type { DescribedColumn } from '../wire/backend.ts'
import { displayName, type Encoding, logicalType, type ServerType, type TypesByOid } from './server-type.ts'

/** How one column travels. */
export interface ColumnPlan {
  readonly field: Field
  readonly encoding: Encoding
  /** What the server makes of the column before it sends it; undefined: nothing. */
  readonly convert: ((column: string) => string) | undefined
}

export interface Wanted {
  readonly form: Form
  readonly format: OutputFormat
  /** Whether the session's time zone is UTC. */
  readonly utc: boolean
}

/**
 * Decides for each column what the server converts and what is decoded here. Whatever is not well
 * understood here is written by the server: as JSON where the format keeps structures, else as the
 * text of the type's own output function.
 */
export function planColumns(
  columns: readonly DescribedColumn[],
  types: TypesByOid,
  wanted: Wanted,
): readonly ColumnPlan[] {
  return columns.map(({ name, typeOid, typeModifier }) => {
    const type = types.get(typeOid)
    if (type === undefined) throw new TypeError(`The type ${typeOid} was not looked up`)
    const encoding = encodingFor(type.encoding, wanted)
    return {
      field: {
        name,
        type: logicalType(encoding, typeModifier),
        nullable: true,
        sourceType: displayName(type, typeModifier),
        ...(encoding === 'boolean' ? { booleanText: ['f', 't'] as const } : {}),
      },
      encoding,
      convert: conversion(encoding, type, wanted.form),
    }
  })
}

function encodingFor(encoding: Encoding, { form, format, utc }: Wanted): Encoding {
  if (encoding === 'nested' && format === 'csv') return 'text'
  // Columns hold instants, which the engine writes in UTC: text of another zone has to come from the server.
  const isText = format === 'csv' || format === 'jsonl'
  if (encoding === 'timestamptz' && !utc && form === 'columns' && isText)
    return format === 'jsonl' ? 'nested' : 'text'
  return encoding
}

function conversion(encoding: Encoding, { name, output }: ServerType, form: Form): ColumnPlan['convert'] {
  if (encoding === 'nested') return (column) => `pg_catalog.to_json(${column})`
  // COPY as text and as CSV calls the output functions by itself.
  // The cast takes a domain off, which the output function of an enum would not.
  return encoding === 'text' && form === 'columns' ? (column) => `${output}(${column}::${name})` : undefined
}

/**
 * The query that COPY runs.
 * @param query    in which parameters are already replaced
 * @param maxRows  undefined: all
 */
export function selectText(
  query: string,
  columns: readonly ColumnPlan[],
  maxRows: number | undefined,
): string {
  const limit = maxRows === undefined ? '' : `\nLIMIT ${Math.max(0, Math.trunc(maxRows))}`
  // A line break: the query may end in a comment.
  if (columns.every(({ convert }) => convert === undefined))
    return `SELECT * FROM (\n${query}\n) AS bulkhead_query${limit}`
  // Names of our own, because those of the query may occur twice.
  const names = columns.map((_, index) => `c${index + 1}`)
  const list = columns.map(({ convert }, index) => {
    const column = `bulkhead_query.c${index + 1}`
    return convert === undefined ? column : convert(column)
  })
  return `SELECT ${list.join(', ')} FROM (\n${query}\n) AS bulkhead_query (${names.join(', ')})${limit}`
}
