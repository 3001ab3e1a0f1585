/** Formats of a result file. `binary` is a file copied as it is. */
export const outputFormats = ['csv', 'jsonl', 'parquet', 'avro', 'xlsx', 'binary'] as const
export type OutputFormat = (typeof outputFormats)[number]

/** Whether files of a format are compressed inside, if at all: then no ending and no media type says so. */
export function isPackedInside(format: OutputFormat): boolean {
  return format === 'parquet' || format === 'avro' || format === 'xlsx'
}

/** How CSV is written. The defaults are those of PostgreSQL's `COPY ... CSV HEADER`. */
export interface CsvOptions {
  /** One character. */
  readonly delimiter: string
  readonly header: boolean
  /** What stands for null. An empty text is written as `""` when this is empty. */
  readonly nullText: string
  /** `minimal`: only where needed; `all`: every value that is not null. */
  readonly quote: 'minimal' | 'all'
  readonly lineEnding: 'lf' | 'crlf'
  /** An encoding name that `iconv-lite` knows; a character that it lacks is an error. */
  readonly encoding: string
  /** Puts `'` before text that a spreadsheet would take for a formula. */
  readonly formulaGuard: boolean
}

export const defaultCsv: CsvOptions = {
  delimiter: ',',
  header: true,
  nullText: '',
  quote: 'minimal',
  lineEnding: 'lf',
  encoding: 'utf-8',
  formulaGuard: false,
}
