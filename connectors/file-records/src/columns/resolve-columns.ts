import { nearNames } from '@bulkhead/connector-sdk'
import { failure, shown } from '../errors.ts'
import type { Query, QueryColumn } from '../query.ts'
import { columnType } from './column-type.ts'
import type { ResultColumn } from './record-batches.ts'
import { valueReader } from './read-value.ts'

/** What the records become, and where each column stands in a record. */
export interface ResolvedColumns {
  readonly columns: readonly ResultColumn[]
  /** For each column its cell in a record. */
  readonly cells: Int32Array
}

/** @throws `file-records-query-invalid` for types and patterns that make no sense, and names that are there twice */
export function declaredColumns(query: Query): readonly ResultColumn[] | undefined {
  const names = new Set<string>()
  return query.columns?.map((column, index) => {
    const path = `query.columns.${index}`
    if (names.has(column.name))
      throw failure('file-records-query-invalid', `There are two columns ${shown(column.name)}`, { path })
    names.add(column.name)
    return declared(column, query.nullTexts, path)
  })
}

function declared(column: QueryColumn, nullTexts: readonly string[], path: string): ResultColumn {
  const type = columnType(column.type)
  if (type === undefined)
    throw failure('file-records-query-invalid', `${column.type} is no type`, { path: `${path}.type` })
  if (column.pattern !== undefined && type.kind !== 'date' && type.kind !== 'timestamp') {
    throw failure('file-records-query-invalid', `A pattern means nothing for ${column.type}`, {
      path: `${path}.pattern`,
    })
  }
  const options = { ...column, pattern: column.pattern }
  const reader = type.kind === 'text' ? undefined : valueReader(type, options)
  if (typeof reader === 'string') {
    throw failure('file-records-query-invalid', `Column ${shown(column.name)}: ${reader}`, {
      path: `${path}.${type.kind === 'boolean' ? 'trueTexts' : 'pattern'}`,
    })
  }
  const nulls = (column.nullTexts ?? nullTexts).map((text) => Buffer.from(text))
  return { name: column.name, type, reader, nullTexts: nulls, path }
}

/**
 * Finds the columns of the result in what a file names itself.
 * @throws `file-records-columns-differ`
 */
export function resolveColumns(
  query: Query,
  declaredAs: readonly ResultColumn[] | undefined,
  header: readonly string[] | undefined,
  file: string,
): ResolvedColumns {
  if (header === undefined) {
    // By place: that the query declares them was seen before the file was opened.
    const columns = declaredAs ?? []
    return { columns, cells: Int32Array.from(columns, (_, index) => index) }
  }
  const twice = header.find((name, index) => header.indexOf(name) < index)
  if (twice !== undefined) {
    throw differ(
      `${file} has two columns ${shown(twice)}`,
      'Set `header: false` and `skipLines`, and list `columns`',
    )
  }
  if (declaredAs === undefined) {
    const nullTexts = query.nullTexts.map((text) => Buffer.from(text))
    const columns = header.map((name, index): ResultColumn => {
      if (name === '')
        throw differ(`Column ${index + 1} of ${file} has no name`, 'Set `header: false`, and list `columns`')
      return { name, type: { kind: 'text' }, reader: undefined, nullTexts, path: undefined }
    })
    return { columns, cells: Int32Array.from(columns, (_, index) => index) }
  }
  const taken = new Set<number>()
  const cells = declaredAs.map(({ name, path }, index) => {
    const wanted = query.columns?.[index]?.from ?? name
    const cell = header.indexOf(wanted)
    if (cell >= 0) {
      taken.add(cell)
      return cell
    }
    const near = nearNames(wanted, header)
    const fix = near.length > 0 ? `Did you mean ${near.map(shown).join(', ')}?` : undefined
    throw differ(`${file} has no column ${shown(wanted)}`, fix, path)
  })
  const other = header.find((_, index) => !taken.has(index))
  if (other !== undefined && query.otherColumns === 'refuse') {
    throw differ(
      `${file} has the column ${shown(other)}, which the query does not list`,
      'List it under `columns`, or set `otherColumns: drop`',
    )
  }
  return { columns: declaredAs, cells: Int32Array.from(cells) }
}

/** @throws `file-records-columns-differ` unless the file has the columns of the first one, in the same order */
export function assertSameHeader(
  first: readonly string[] | undefined,
  header: readonly string[] | undefined,
  { file, firstFile }: { readonly file: string; readonly firstFile: string },
): void {
  if (first?.length === header?.length && (first ?? []).every((name, index) => name === header?.[index]))
    return
  throw differ(`${file} has other columns than ${firstFile}`, 'Read files of other columns apart')
}

function differ(message: string, fix?: string, path = 'query.columns'): Error {
  return failure('file-records-columns-differ', message, { path, ...(fix === undefined ? {} : { fix }) })
}
