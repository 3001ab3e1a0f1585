/** The thirty as teams have them that share a broker: asked and answering by topics, results in a bucket, some on PostgreSQL. */
import type { Entry, Table } from '../../examples/thirty/table.ts'

/** Words of the table for the database that some read, and the bucket. */
export const databaseWord = 'DATABASE'
export const bucketWord = 'BUCKET'

/** Rows that are the same whenever they are asked for. */
const query = `SELECT i AS number, md5(i::text) AS mark, timestamptz '2026-01-01' + i * interval '7 minutes' AS at,
  (i % 997)::numeric(12,2) / 4 AS amount FROM generate_series(1, :rows::int) i ORDER BY i`

const onPostgres: Readonly<Record<string, Pick<Entry, 'writes' | 'asks' | 'process'>>> = {
  'ledger-lines': { writes: 'csv', asks: { rows: 20_000 } },
  'ledger-packed': { writes: 'csv.gz', asks: { rows: 30_000 } },
  'ledger-events': { writes: 'jsonl.zst', asks: { rows: 10_000 } },
  'ledger-columns': { writes: 'parquet', asks: { rows: 15_000 } },
  'ledger-blocks': { writes: 'avro', asks: { rows: 5_000 } },
  'ledger-some': { writes: 'jsonl', asks: { rows: 2_000 }, process: [{ select: ['number', 'mark'] }] },
}

/**
 * @param most    entries, those on PostgreSQL first
 * @param prefix  of the names of applications, and so of their topics, which a broker has once only
 */
export function teamTable(thirty: Table, most: number, prefix: string): Table {
  const ledgers = Object.entries(onPostgres).map(([name, entry]): [string, Entry] => [
    name,
    {
      owner: 'ledgers@example.com',
      about: 'Lines of a ledger',
      reads: { postgres: databaseWord },
      query,
      parameters: { rows: { type: 'integer' } },
      ...entry,
    },
  ])
  return Object.fromEntries(
    [...ledgers, ...Object.entries(thirty)].slice(0, most).map(([name, entry]) => [
      `${prefix}-${name}`,
      {
        ...entry,
        asked: 'topic',
        answers: 'topic',
        spec: { ...entry.spec, stores: { results: bucketWord } },
      },
    ]),
  )
}
