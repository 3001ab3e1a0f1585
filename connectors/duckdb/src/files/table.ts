import { extname } from 'node:path'
import type { DataFile } from '../config.ts'
import { failure } from '../errors.ts'

/** A table of the settings: where its files come from is checked, and what they hold is known. */
export interface Table {
  readonly name: string
  readonly source:
    | { readonly kind: 'local'; readonly path: string }
    | { readonly kind: 'fetched'; readonly connection: string; readonly query: unknown }
  readonly file: DataFile
}

type Format = 'csv' | 'jsonl' | 'json' | 'parquet'

const byEnding: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.tsv': 'csv',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
  '.json': 'json',
  '.parquet': 'parquet',
}

/** @throws `duckdb-config-invalid` */
export function tablesOf(files: Readonly<Record<string, DataFile>>): readonly Table[] {
  const taken = new Set<string>()
  return Object.entries(files).map(([name, file]) => {
    const path = `config.files.${name}`
    // SQL does not tell names apart by upper and lower case.
    if (taken.has(name.toLowerCase())) {
      throw failure('duckdb-config-invalid', `There are two tables ${name}`, { path })
    }
    taken.add(name.toLowerCase())
    return { name, source: sourceOf(name, file), file }
  })
}

function sourceOf(name: string, { path, connection, fetch }: DataFile): Table['source'] {
  if (path !== undefined && connection === undefined && fetch === undefined) return { kind: 'local', path }
  if (path === undefined && connection !== undefined && fetch !== undefined) {
    return { kind: 'fetched', connection, query: fetch }
  }
  throw failure(
    'duckdb-config-invalid',
    `${name} needs either a path, or a connection and what to fetch from it`,
    {
      path: `config.files.${name}`,
    },
  )
}

/**
 * What the files of a table hold: what the settings say, else what the ending of the first says.
 * @throws `duckdb-config-invalid`
 */
function formatOf(table: Table, paths: readonly string[]): Format {
  const name = (paths[0] ?? '').toLowerCase().replace(/\.(gz|zst)$/, '')
  const format = table.file.format ?? byEnding[extname(name)]
  if (format !== undefined) return format
  throw failure(
    'duckdb-config-invalid',
    `The ending of the files of ${table.name} does not say what they hold`,
    {
      path: `config.files.${table.name}.format`,
      fix: 'Set `format` to csv, jsonl, json or parquet',
    },
  )
}

/**
 * The call of DuckDB's function that reads the files. All values are quoted: paths and settings never
 * become SQL.
 */
export function readerOf(table: Table, paths: readonly string[]): string {
  const list = `[${paths.map(quote).join(', ')}]`
  const { columns, csv } = table.file
  const typed = columns === undefined ? '' : `, columns = {${Object.entries(columns).map(pair).join(', ')}}`
  switch (formatOf(table, paths)) {
    case 'parquet':
      return `read_parquet(${list})`
    case 'jsonl':
      return `read_json(${list}, format = 'newline_delimited'${typed})`
    case 'json':
      return `read_json(${list}, format = 'auto'${typed})`
    case 'csv': {
      const options = Object.entries({
        delim: csv?.delimiter,
        header: csv?.header,
        quote: csv?.quote,
        escape: csv?.escape,
        nullstr: csv?.nullText,
        skip: csv?.skipLines,
        encoding: csv?.encoding,
        dateformat: csv?.dateFormat,
        timestampformat: csv?.timestampFormat,
        decimal_separator: csv?.decimalSeparator === ',' ? ',' : undefined,
        all_varchar: csv?.allText === true ? true : undefined,
      })
      const given = options.filter(([, value]) => value !== undefined)
      const written = given.map(
        ([option, value]) => `, ${option} = ${typeof value === 'string' ? quote(value) : value}`,
      )
      return `read_csv(${list}${written.join('')}${typed})`
    }
  }
}

function pair([name, type]: readonly [string, string]): string {
  return `${quote(name)}: ${quote(type)}`
}

/** A text as SQL writes it. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

/** A name as SQL writes it. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
