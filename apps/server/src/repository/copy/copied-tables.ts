import type { TableName } from '../tables.ts'

export interface CopiedTable {
  readonly table: TableName
  /** In whose order it is read, a piece at a time. */
  readonly key: readonly [string, ...string[]]
  /** Rows of one piece: few where a row can be long (I8). */
  readonly rows: number
  /** The database goes on counting behind the highest. */
  readonly counter?: string
}

/** All tables, each row of which is in a copy. */
export const copiedTables: readonly CopiedTable[] = [
  { table: 'requests', key: ['digest'], rows: 500 },
  { table: 'runs', key: ['run_id'], rows: 100 },
  { table: 'bodies', key: ['run_id'], rows: 10 },
  { table: 'commands', key: ['id'], rows: 500 },
  { table: 'outbox', key: ['position'], rows: 100, counter: 'position' },
  { table: 'events', key: ['sequence'], rows: 500, counter: 'sequence' },
  { table: 'log_segments', key: ['run_id', 'position'], rows: 50 },
  { table: 'schedules', key: ['application', 'trigger'], rows: 500 },
  { table: 'tokens', key: ['id'], rows: 500 },
  { table: 'applications', key: ['name'], rows: 500 },
  { table: 'revisions', key: ['application', 'number'], rows: 1 },
  { table: 'shared_results', key: ['key'], rows: 500 },
]
