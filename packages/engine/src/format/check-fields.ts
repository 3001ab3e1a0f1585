import { duplicateNames, type Field, type OutputFormat } from '@bulkhead/connector-sdk'
import { fault } from '@bulkhead/contract'
import { avroSchema } from './avro-schema.ts'
import { fileFormats, mostSheetColumns, mostSheetRows } from './file-format.ts'
import { mostCellCharacters } from './xlsx-text.ts'

/**
 * Refuses columns that a format cannot have, before the first row is read.
 *
 * @throws BulkheadError `column-duplicate`, `output-unsupported`, `xlsx-limit-exceeded`
 */
export function checkFields(format: OutputFormat, fields: readonly Field[]): void {
  switch (format) {
    case 'jsonl':
      return refuseDuplicates(fields, format)
    case 'parquet':
      refuseNone(fields, format)
      return refuseDuplicates(fields, format)
    case 'avro':
      avroSchema(fields)
      return
    case 'xlsx':
      refuseNone(fields, format)
      return refuseWideSheet(fields)
    case 'csv':
    case 'binary':
      return
  }
  return format satisfies never
}

function refuseNone(fields: readonly Field[], format: OutputFormat): void {
  if (fields.length > 0) return
  throw fault('output-unsupported', `${fileFormats[format].title} needs at least one column`, {
    path: 'output.format',
  })
}

function refuseDuplicates(fields: readonly Field[], format: OutputFormat): void {
  const [name] = duplicateNames(fields)
  if (name === undefined) return
  throw fault('column-duplicate', `${fileFormats[format].title} cannot hold two columns named "${name}"`, {
    path: 'output.format',
  })
}

function refuseWideSheet(fields: readonly Field[]): void {
  if (fields.length > mostSheetColumns)
    throw fault(
      'xlsx-limit-exceeded',
      `The result has ${fields.length} columns, and a sheet of Excel holds ${mostSheetColumns}`,
      { path: 'output.format', fix: 'Read fewer columns, or choose another format' },
    )
  const long = fields.findIndex(({ name }) => name.length > mostCellCharacters)
  if (long !== -1)
    throw fault(
      'xlsx-limit-exceeded',
      `The name of column ${long + 1} has more than ${mostCellCharacters} characters, which no cell of Excel can hold`,
      { path: 'output.format', fix: 'Give the column a shorter name' },
    )
}

/** One sheet cannot hold the rows of a result. */
export function tooManySheetRows(): Error {
  return fault(
    'xlsx-limit-exceeded',
    `The result has more than ${mostSheetRows} rows, which is all that a sheet of Excel holds`,
    {
      fix: 'Split the result by `output.split.rows`, narrow the query, or choose another format',
    },
  )
}
