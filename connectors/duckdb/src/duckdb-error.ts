import { basename } from 'node:path'
import { isBulkheadError, type BulkheadError } from '@bulkhead/connector-sdk'
import { failure } from './errors.ts'

/**
 * What an error of DuckDB means here. Its texts quote values of rows, so that only those parts are
 * passed on that come from the query, the settings, or count lines; the error itself is not kept as
 * the cause, which would carry the rows into logs.
 */

/** Where the error came up: while a file of the settings was opened, the query was bound, or rows were read. */
export type Stage = { readonly file: string } | 'query' | 'rows'

/** Longest piece of DuckDB's text in a message. */
const MAX_TEXT = 300

export function fromDuckdb(error: unknown, stage: Stage): BulkheadError {
  if (isBulkheadError(error)) return error
  if (error instanceof TypeError || error instanceof RangeError) throw error // Ours, not DuckDB's.
  const text = error instanceof Error ? error.message : String(error)
  const [, type = '', detail = ''] =
    /^(?:Failed to extract statements: )?([A-Za-z][A-Za-z -]*?) Error: ([^]*)$/.exec(text) ?? []
  return resourceError(type, detail) ?? contentError(detail, stage) ?? queryError(type, detail, stage)
}

function resourceError(type: string, detail: string): BulkheadError | undefined {
  if (/max_temp_directory_size|No space left on device|not enough disk space/i.test(detail)) {
    return failure('duckdb-spill-full', 'The query needs more temporary disk space than it may use')
  }
  if (type === 'Out of Memory')
    return failure('duckdb-out-of-memory', 'The query needs more memory than it may use')
  return undefined
}

/** Faults of the files' contents; found at any stage, since DuckDB reads as little as it can. */
function contentError(detail: string, stage: Stage): BulkheadError | undefined {
  const path = typeof stage === 'object' ? `config.files.${stage.file}` : 'config.files'
  const csvLine = /CSV Error on Line: (\d+)/.exec(detail)?.[1]
  if (csvLine !== undefined) {
    const column = /Error when converting column "([^"\n]{1,80})"/.exec(detail)?.[1]
    const type = /to '([A-Z0-9(), ]{1,60})'/.exec(detail)?.[1]
    const file = fileName(/file = (\S+)/.exec(detail)?.[1])
    const what =
      column === undefined
        ? 'it has another form'
        : `the value of ${column} is no ${type ?? 'value of its type'}`
    return failure('duckdb-file-invalid', `Cannot read line ${csvLine}${file} as CSV: ${what}`, {
      path,
      fix: 'Correct the line, give `columns`, or set csv.allText: true',
    })
  }
  const json = /Malformed JSON in file "([^"]+)", at byte \d+ in (?:line|record\/value) (\d+)/.exec(detail)
  if (json !== null) {
    // DuckDB counts by its buffers, and may be off by one.
    return failure('duckdb-file-invalid', `Cannot read near line ${json[2]}${fileName(json[1])} as JSON`, {
      path,
    })
  }
  const transform = /JSON transform error in file "([^"]+)", in (?:line|record\/value) (\d+)/.exec(detail)
  if (transform !== null) {
    return failure(
      'duckdb-file-invalid',
      `A value in line ${transform[2]}${fileName(transform[1])} has another type than its column`,
      { path, fix: 'Correct the line, or give `columns`' },
    )
  }
  if (
    /No magic bytes|too small to be a Parquet|not a Parquet|Parquet file|parquet|snappy|zstd|Thrift/i.test(
      detail,
    ) &&
    stage !== 'query'
  ) {
    return failure(
      'duckdb-file-invalid',
      `A file${fileName(/'([^'\n]+)'/.exec(detail)?.[1])} is no sound Parquet file`,
      { path },
    )
  }
  if (typeof stage === 'object') {
    return failure(
      'duckdb-file-invalid',
      `Cannot open the files of ${stage.file} as the table that the settings describe`,
      { path },
    )
  }
  return undefined
}

function queryError(type: string, detail: string, stage: Stage): BulkheadError {
  switch (type) {
    case 'Parser':
    case 'Binder':
    case 'Catalog':
    case 'Syntax':
    case 'Not implemented':
      return failure('duckdb-query-invalid', `Cannot use the query: ${firstLine(detail)}${lineOf(detail)}`, {
        path: 'query',
        ...suggestion(detail),
      })
    case 'Permission':
      return failure('duckdb-query-refused', 'The query reaches for something outside its files', {
        path: 'query',
      })
    case 'Conversion':
    case 'Mismatch Type':
    case 'Out of Range':
    case 'Invalid Input':
    case 'Invalid type':
    case 'Constraint':
      return failure('duckdb-value-invalid', valueMessage(detail), { path: 'query' })
    case 'IO':
      return failure('duckdb-file-changed', 'A file could no longer be read')
    default:
      return failure(
        'duckdb-failed',
        `DuckDB failed by an error of type ${type === '' ? 'unknown' : type}${stage === 'rows' ? ' while it read' : ''}`,
      )
  }
}

/** Only words that cannot come from a row: a name as SQL writes it, a type of DuckDB. */
function valueMessage(detail: string): string {
  const column = /casting from source column ([A-Za-z_]\w{0,79})$/m.exec(detail)?.[1]
  const type =
    /(?:^|' )to '?(U?INT\d+|BOOL|FLOAT|DOUBLE|DECIMAL\(\d+, ?\d+\)|DATE|TIME|TIMESTAMP|UUID|INTERVAL)\b/.exec(
      detail,
    )?.[1]
  if (type === undefined) return 'The query met a value that it cannot convert or compute with'
  return `A value${column === undefined ? '' : ` of the column ${column}`} cannot be converted to ${type}`
}

function firstLine(detail: string): string {
  return (detail.split('\n', 1)[0] ?? '').replace(/[.!]+$/, '').slice(0, MAX_TEXT)
}

function lineOf(detail: string): string {
  const line = /^LINE (\d+):/m.exec(detail)?.[1]
  return line === undefined ? '' : ` (line ${line})`
}

function suggestion(detail: string): { readonly fix?: string } {
  const near = /^(?:Did you mean|Candidate bindings:) ?(.{1,300})$/m.exec(detail)?.[1]
  return near === undefined ? {} : { fix: `Did you mean ${near.replace(/\?$/, '')}?` }
}

function fileName(path: string | undefined): string {
  return path === undefined ? '' : ` of ${basename(path)}`
}
