import { z } from '@bulkhead/connector-sdk'

const size = z
  .string()
  .regex(/^[1-9]\d*(\.\d+)? ?(KiB|MiB|GiB|TiB)$/, 'Write a number and KiB, MiB, GiB or TiB, as in 256MiB')

const csv = z.strictObject({
  delimiter: z
    .string()
    .min(1)
    .max(4)
    .optional()
    .describe('What separates values; found out from the file when it is left out'),
  header: z
    .boolean()
    .optional()
    .describe(
      'Whether the first line has the names of the columns; found out from the file when it is left out',
    ),
  quote: z
    .string()
    .max(1)
    .optional()
    .describe('What encloses a value that holds a delimiter; empty: nothing does'),
  escape: z
    .string()
    .max(1)
    .optional()
    .describe('What stands before a quote inside quotes; default: the quote itself'),
  nullText: z.string().optional().describe('Text that stands for null; default: an empty value is null'),
  skipLines: z.int().min(0).default(0).describe('Lines to leave out at the beginning of each file'),
  encoding: z
    .enum(['utf-8', 'utf-16', 'latin-1'])
    .default('utf-8')
    .describe('Encoding of the files. Bytes that are not valid in it fail the read'),
  dateFormat: z
    .string()
    .optional()
    .describe('How dates read, as strptime writes it: %d.%m.%Y; default: found out from the file'),
  timestampFormat: z
    .string()
    .optional()
    .describe('How timestamps read, as strptime writes it; default: found out from the file'),
  decimalSeparator: z.enum(['.', ',']).default('.').describe('What separates the fraction of a number'),
  allText: z
    .boolean()
    .default(false)
    .describe(
      'Whether every column is text. By default types are guessed from the first rows, which loses leading zeros of numbers and reads fractions as floating point',
    ),
})

const dataFile = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      'A file below `folder`, or several by *, ?, [a-z] and **: they are read as one table and must have the same columns. Give either this, or `connection` and `fetch`',
    ),
  connection: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Another connection of the application, which brings the files to the temporary folder of the run first: the disk must hold them, and they count against its limit',
    )
    .meta({ connection: true })
    .meta({ connection: true }),
  fetch: z
    .record(z.string(), z.json())
    .optional()
    .describe(
      'What that connection takes as its query to copy files: { path } for `files`, { key }, { prefix } or { glob } for `s3`',
    ),
  format: z
    .enum(['csv', 'jsonl', 'json', 'parquet'])
    .optional()
    .describe(
      'What the files hold; `json` is one list of objects, or objects one after the other. Default: by their ending .csv, .tsv, .jsonl, .ndjson, .json or .parquet, before which .gz or .zst of CSV and JSON does not count',
    ),
  columns: z
    .record(z.string().min(1), z.string().min(1))
    .optional()
    .describe(
      'Names and types of all columns of CSV or JSON Lines, in order: { "id": "VARCHAR", "amount": "DECIMAL(18,2)" }. Without it types are guessed from the first rows: give it when numbers have leading zeros or must be exact',
    ),
  csv: csv.optional().describe('How CSV is written; by default found out from the file'),
})
export type DataFile = z.output<typeof dataFile>

/** Settings of a connection. */
export const config = z.strictObject({
  folder: z
    .string()
    .min(1)
    .default('.')
    .describe(
      'Folder below which the files of `files.*.path` lie; no query reads anything else. A relative path starts at the folder of the application, and is refused in an ad hoc request of a server',
    ),
  files: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/), dataFile)
    .describe(
      'Tables for the query, by the name that it uses: { "flights": { "path": "flights/*.parquet" } }',
    )
    .meta({ examples: [{ flights: { path: 'flights/*.parquet' } }] }),
  memoryLimit: size
    .default('256MiB')
    .describe(
      'Memory that DuckDB may use for one query, besides that of the runner. A sort or join that needs more goes to the disk; a few operations cannot, and fail',
    ),
  spillLimit: size
    .default('2GiB')
    .describe(
      'Disk space in the temporary folder of the run that one query may use when memory does not suffice',
    ),
  threads: z
    .int()
    .min(1)
    .max(64)
    .default(1)
    .describe(
      'Threads of one query. One suffices for an export, which waits for what comes after it; more speed up sorts, joins and aggregations, need more memory, and take the processors from other runs',
    ),
})
export type Config = z.output<typeof config>
