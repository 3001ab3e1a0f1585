/** What is compared: an export by Bulkhead, and the way to the same data by `psql`. */
import { join } from 'node:path'
import type { Output } from './bulkhead-command.ts'
import type { Command } from './measure/measure-command.ts'

export interface Lane {
  readonly name: string
  readonly output: Output
  /** What `peer` is, for the reader of the figures. */
  readonly peerName: string
  readonly peer: (psql: Psql) => Command
  /** Whether both must write as many bytes. */
  readonly sameBytes: boolean
}

export interface Psql {
  readonly database: string
  readonly query: string
  /** With a folder of `psql` in PATH. */
  readonly environment: NodeJS.ProcessEnv
  /** Folder for its file, `peer`. */
  readonly folder: string
}

const csv = 'WITH (FORMAT csv, HEADER)'

function psqlCommand({ database, environment }: Psql, command: string): Command {
  return { file: 'psql', args: [database, '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', command], environment }
}

function copyCsv(psql: Psql): Command {
  return psqlCommand(psql, `\\copy (${psql.query}) TO '${peerFile(psql)}' ${csv}`)
}

/** In the text format, which doubles every backslash: a reader has to undo that, but nothing is faster. */
function copyJson(psql: Psql): Command {
  return psqlCommand(psql, `\\copy (SELECT row_to_json(r) FROM (${psql.query}) AS r) TO '${peerFile(psql)}'`)
}

function copyGzip(psql: Psql): Command {
  const { database, environment } = psql
  // the values are arguments of sh, and not a part of its script
  const script = 'psql "$1" -X -q -v ON_ERROR_STOP=1 -c "$2" | gzip -1 > "$3"'
  const copy = `COPY (${psql.query}) TO STDOUT ${csv}`
  return { file: 'sh', args: ['-c', script, 'sh', database, copy, peerFile(psql)], environment }
}

export function peerFile({ folder }: Pick<Psql, 'folder'>): string {
  return join(folder, 'peer')
}

export const lanes: readonly Lane[] = [
  {
    name: 'csv',
    output: { format: 'csv' },
    peerName: 'psql \\copy, CSV',
    peer: copyCsv,
    sameBytes: true,
  },
  {
    name: 'csv-gzip',
    output: { format: 'csv', compression: 'gzip' },
    peerName: 'psql, CSV | gzip -1',
    peer: copyGzip,
    sameBytes: false,
  },
  {
    name: 'jsonl',
    output: { format: 'jsonl' },
    peerName: 'psql \\copy, row_to_json',
    peer: copyJson,
    sameBytes: false,
  },
  {
    name: 'parquet',
    output: { format: 'parquet' },
    peerName: 'psql \\copy, CSV',
    peer: copyCsv,
    sameBytes: false,
  },
]
