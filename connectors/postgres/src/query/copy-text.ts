import type { CsvOptions, ReadRequest } from '@bulkhead/connector-sdk'
import { postgresError } from '../errors.ts'

/** Options of CSV that COPY honours; with any other one that differs from its default the engine writes the CSV. */
export const csvOptions = ['delimiter', 'nullText', 'quote'] as const

/** The COPY of a query, in the encoding that the form asks for. */
export function copyText(query: string, { form, output }: Pick<ReadRequest, 'form' | 'output'>): string {
  return `COPY (\n${query}\n) TO STDOUT (${copyOptions(form, output).join(', ')})`
}

function copyOptions(form: ReadRequest['form'], output: ReadRequest['output']): string[] {
  if (form === 'columns') return ['FORMAT binary']
  const encoding = "ENCODING 'UTF8'"
  if (output.format === 'jsonl') return ['FORMAT text', encoding]
  const { delimiter, nullText, quote } = output.csv
  return [
    'FORMAT csv',
    encoding,
    `DELIMITER ${quoteText(delimiter)}`,
    `NULL ${quoteText(nullText)}`,
    ...(quote === 'all' ? ['FORCE_QUOTE *'] : []),
  ]
}

/**
 * What COPY refuses, before it does.
 * @throws BulkheadError `postgres-csv-option`
 */
export function checkCsvOptions({ delimiter, nullText }: CsvOptions): void {
  const code = delimiter.length === 1 ? delimiter.charCodeAt(0) : 0
  const fault =
    code > 0 && code < 0x80
      ? /["\r\n]/.test(delimiter)
        ? 'The delimiter is a quote or a line break'
        : undefined
      : 'The delimiter is not one ASCII character'
  if (fault !== undefined) throw postgresError('postgres-csv-option', fault, { path: 'output.csv.delimiter' })
  // oxlint-disable-next-line no-control-regex -- a NUL ends the text for the server
  if (/["\r\n\0]/.test(nullText) || nullText.includes(delimiter) || !nullText.isWellFormed())
    throw postgresError(
      'postgres-csv-option',
      'The text for null holds the delimiter, a quote or a line break',
      { path: 'output.csv.nullText' },
    )
}

/** A literal, under `standard_conforming_strings`. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
