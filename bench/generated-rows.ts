/** Rows that are the same on every machine, as SQL: nothing is random and nothing is stored beside it. */

/**
 * 15 columns of all common types, 214 bytes of CSV a row: texts with quotes and line breaks, nulls, empty
 * texts, letters beyond ASCII. `i` is the number of the row.
 */
const wideColumns = `
  i::bigint AS id,
  (i * 7919 % 1000003)::integer AS customer,
  (i % 97)::smallint AS quantity,
  ((i * 37 % 10000000) / 100.0)::numeric(12, 2) AS amount,
  ((i * 7919 % 1000000007) / 10000.0)::numeric(18, 4) AS balance,
  sqrt(i)::double precision AS rate,
  i % 3 = 0 AS active,
  date '2015-01-01' + (i % 4000)::integer AS booked_on,
  timestamp '2020-01-01' + i * interval '1.37 seconds' AS created_at,
  timestamptz '2020-01-01 00:00:00+00' + i * interval '2.741 seconds' AS changed_at,
  (ARRAY['BE', 'DE', 'FR', 'NL', 'LU', 'PT', 'ES'])[1 + i % 7] AS country,
  'Customer ' || (i % 5000) || CASE i % 11 WHEN 0 THEN ' & Søn' ELSE '' END AS name,
  CASE i % 5
    WHEN 0 THEN NULL
    WHEN 1 THEN 'said "yes", then' || chr(10) || 'left at ' || i
    WHEN 2 THEN ''
    ELSE 'a plain note about order ' || i
  END AS note,
  CASE WHEN i % 10 < 9 THEN md5(i::text)::uuid END AS reference,
  jsonb_build_object('k', i % 100, 'ok', i % 2 = 0) AS details`

/** Every type of the wide rows in 75 bytes of CSV, so that many millions fit on a disk. */
const narrowColumns = `
  i::bigint AS id,
  (i % 97)::smallint AS quantity,
  (i % 100000 / 100.0)::numeric(12, 2) AS amount,
  (i % 1000)::double precision AS rate,
  i % 3 = 0 AS active,
  date '2015-01-01' + (i % 4000)::integer AS booked_on,
  timestamptz '2020-01-01 00:00:00+00' + i * interval '1 second' AS changed_at,
  CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN 'a "b"' ELSE 'plain' END AS note,
  '{"k": 1}'::jsonb AS details`

/** Statements that make a table of wide rows, as a table is that nobody has written to for a while. */
export function createWideTable(table: string, rows: number): readonly string[] {
  return [
    `CREATE TABLE ${table} AS SELECT ${wideColumns} FROM generate_series(1::bigint, ${rows}) AS i`,
    `VACUUM (FREEZE, ANALYZE) ${table}`,
  ]
}

/** A query that makes its rows while it is read. */
export function narrowRows(rows: number): string {
  return `SELECT ${narrowColumns} FROM generate_series(1::bigint, ${rows}) AS i`
}
