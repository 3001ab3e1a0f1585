import { connectorErrors } from '@bulkhead/connector-sdk'

/** Codes that only this connector throws. */
export const { errors, error: failure } = connectorErrors({
  'duckdb-folder-relative': {
    kind: 'config',
    meaning: 'The folder is a relative path, and there is no application folder to start from',
    fix: 'Give an absolute path',
  },
  'duckdb-folder-missing': {
    kind: 'config',
    meaning: 'The folder does not exist, or is not a folder',
    fix: 'Correct `folder`, or mount the volume',
  },
  'duckdb-config-invalid': {
    kind: 'config',
    meaning: 'A file of the settings has no source, two sources, an unknown format, or a name that is taken',
    fix: 'Give each file either `path`, or `connection` and `fetch`, and a name of its own',
  },
  'duckdb-file-missing': {
    kind: 'config',
    meaning: 'No file has the path of the settings, or matches it',
    fix: 'Correct the path; it is relative to `folder`',
  },
  'duckdb-file-outside': {
    kind: 'config',
    meaning: 'A path or a link leads out of the folder',
    fix: 'Name files below the folder; links may only lead to files below it',
  },
  'duckdb-file-invalid': {
    kind: 'config',
    meaning: 'A file is not what its format, columns or options say',
    fix: 'Correct the file, or `format`, `columns` and `csv` of the settings',
  },
  'duckdb-file-changed': {
    kind: 'transient',
    meaning: 'A file was changed, replaced or removed while it was read',
    fix: 'Write files under another name and rename them when they are complete',
  },
  'duckdb-file-unreadable': {
    kind: 'environment',
    meaning: 'The operating system refuses to read a file',
    fix: 'Give the user that runs Bulkhead the right to read it',
  },
  'duckdb-query-invalid': {
    kind: 'config',
    meaning: 'The query is no SQL that DuckDB takes, or names something that is not there',
    fix: 'Correct the query where the message says',
  },
  'duckdb-query-not-select': {
    kind: 'config',
    meaning: 'The query is not one statement that only reads',
    fix: 'Write one SELECT; a PIVOT needs its values listed by IN',
  },
  'duckdb-query-refused': {
    kind: 'policy',
    meaning: 'The query reaches for files, the network, extensions or settings',
    fix: 'Read only the tables that the settings list under `files`',
  },
  'duckdb-type-unsupported': {
    kind: 'config',
    meaning: 'A column has a type that cannot be passed on exactly',
    fix: 'Cast the column in the query, for example to JSON or VARCHAR',
  },
  'duckdb-parameter-invalid': {
    kind: 'config',
    meaning: 'A parameter has a value that DuckDB has no type for, or is no valid Unicode',
    fix: 'Give a whole number of at most 128 bits, or the number as text; and text that is valid Unicode',
  },
  'duckdb-value-invalid': {
    kind: 'config',
    meaning: 'The query met a value that it cannot convert or compute with',
    fix: 'Use TRY_CAST, or leave such rows out',
  },
  'duckdb-nanoseconds': {
    kind: 'config',
    meaning: 'A TIMESTAMP_NS has a fraction of a microsecond, which would be lost',
    fix: 'Cast the column: to VARCHAR to keep the nanoseconds, to TIMESTAMP to drop them',
  },
  'duckdb-out-of-memory': {
    kind: 'environment',
    meaning: 'The query needs more memory than `memoryLimit`',
    fix: 'Raise `memoryLimit`, lower `threads`, or make the query need less',
  },
  'duckdb-spill-full': {
    kind: 'environment',
    meaning: 'The query needs more temporary disk space than `spillLimit`, or than the disk has',
    fix: 'Raise `spillLimit` or `memoryLimit`, or free some disk space',
  },
  'duckdb-query-timeout': {
    kind: 'config',
    meaning: 'The query worked longer than `limits.queryTimeout` of the connection',
    fix: 'Make the query cheaper, or raise `limits.queryTimeout`',
  },
  'duckdb-failed': {
    kind: 'environment',
    meaning: 'DuckDB failed in a way that is not the fault of the query',
    fix: 'Look at the log of the run; try with more memory or fewer threads',
  },
})
