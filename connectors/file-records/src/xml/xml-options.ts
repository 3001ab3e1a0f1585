import { failure, shown } from '../errors.ts'
import type { Query } from '../query.ts'
import { valueTree } from './value-tree.ts'
import type { XmlOptions } from './xml-file.ts'
import { valuePathPattern } from './xml-schema.ts'

/** @throws `file-records-query-invalid` for columns that are missing, or in each other's way */
export function xmlOptions(
  { columns = [], otherColumns }: Query,
  format: { readonly record: string },
  maxRecordBytes: number,
): XmlOptions {
  if (columns.length === 0)
    throw invalid('columns', 'Elements of XML do not name their columns', 'List them under `columns`')
  for (const [index, { name, from }] of columns.entries()) {
    if (valuePathPattern.test(from ?? name)) continue
    throw invalid(
      `columns.${index}.from`,
      `${shown(from ?? name)} is no path of a value`,
      'Write customer/name, @id, customer/@id, or . for the text of the record itself',
    )
  }
  const values = valueTree(
    columns.map(({ name, from, type }) => ({ path: from ?? name, isJson: type === 'json' })),
  )
  if (typeof values === 'number') {
    throw invalid(`columns.${values}.from`, 'Another column takes the same value', 'Leave one of them out')
  }
  const record = format.record.replace(/^\//, '').split('/')
  return { record, values, columns, refusesOthers: otherColumns === 'refuse', maxRecordBytes }
}

function invalid(field: string, message: string, fix: string): Error {
  return failure('file-records-query-invalid', message, { path: `query.${field}`, fix })
}
