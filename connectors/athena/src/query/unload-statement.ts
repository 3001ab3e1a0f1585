import { athenaError } from '../errors.ts'
import { literalsOf } from './literal.ts'
import type { Statement } from './statement.ts'

/** Where and as what Athena writes. */
export interface Unload {
  /** `s3://bucket/folder/`, empty. */
  readonly folder: string
  readonly format: string
  readonly compression: string | undefined
}

/**
 * The statement that writes what a query yields.
 * @throws BulkheadError `athena-not-a-query` when it is no SELECT
 * @see https://docs.aws.amazon.com/athena/latest/ug/unload.html
 */
export function unloadStatement(
  { sql, values, isSelect }: Statement,
  { folder, format, compression }: Unload,
): Statement {
  if (!isSelect)
    throw athenaError('athena-not-a-query', 'Athena writes files of a SELECT only', {
      path: 'query',
      fix: 'Write one SELECT or WITH, or choose another output format',
    })
  const options = [
    `format = ${literal(format)}`,
    ...(compression === undefined ? [] : [`compression = ${literal(compression)}`]),
  ]
  // the line break ends a comment at the end of the query
  return {
    sql: `UNLOAD (\n${sql}\n)\nTO ${literal(folder)}\nWITH (${options.join(', ')})`,
    values,
    isSelect: false,
  }
}

function literal(text: string): string {
  return literalsOf(text, 'config.unload').join('')
}
