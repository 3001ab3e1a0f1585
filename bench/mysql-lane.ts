/** A table of MariaDB as CSV, by the command and by the server's own client, piped through an encoder of CSV. */
import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
import { startServices } from '../scripts/services/start.ts'
import { inTurn, type RunnableLane } from './compare-lane.ts'
import { type ExportRun, exportOnce } from './export-once.ts'
import { measureCommand } from './measure/measure-command.ts'
import type { LaneMeasuring } from './other-lane.ts'

const table = 'export_rows'
const query = `SELECT * FROM ${table}`

/** The columns of the wide rows of PostgreSQL, as far as MariaDB has their types. */
const columns = `
  seq AS id,
  CAST(seq * 7919 % 1000003 AS INT) AS customer,
  CAST(seq % 97 AS INT) AS quantity,
  CAST(seq * 37 % 10000000 / 100 AS DECIMAL(12, 2)) AS amount,
  CAST(seq * 7919 % 1000000007 / 10000 AS DECIMAL(18, 4)) AS balance,
  SQRT(seq) AS rate,
  DATE '2015-01-01' + INTERVAL (seq % 4000) DAY AS booked_on,
  TIMESTAMP '2020-01-01 00:00:00.000000' + INTERVAL (seq * 1370) * 1000 MICROSECOND AS created_at,
  ELT(1 + seq % 7, 'BE', 'DE', 'FR', 'NL', 'LU', 'PT', 'ES') AS country,
  CONCAT('Customer ', seq % 5000, IF(seq % 11 = 0, ' & Søn', '')) AS name,
  CASE seq % 5
    WHEN 0 THEN NULL
    WHEN 1 THEN CONCAT('said "yes", then', CHAR(10), 'left at ', seq)
    WHEN 2 THEN ''
    ELSE CONCAT('a plain note about order ', seq)
  END AS note,
  IF(seq % 10 < 9, MD5(seq), NULL) AS reference,
  JSON_OBJECT('k', seq % 100, 'ok', seq % 2 = 0) AS details`

/** Rows as the client prints them, unescaped, by the encoder that most machines have: Python's, which is C. */
const encoder = `
import csv, sys
names = {'0': '\\0', 't': '\\t', 'n': '\\n', '\\\\': '\\\\'}
def plain(text):
    if text == 'NULL': return None
    if '\\\\' not in text: return text
    parts = text.split('\\\\')
    out, skip = [parts[0]], False
    for part in parts[1:]:
        if skip: out.append(part); skip = False
        elif part == '': out.append('\\\\'); skip = True
        else: out.append(names.get(part[0], part[0]) + part[1:])
    return ''.join(out)
lines = open(0, encoding='utf-8', newline='\\n')
write = csv.writer(open(1, 'w', encoding='utf-8', newline=''), lineterminator='\\n').writerow
for line in lines: write([plain(text) for text in line[:-1].split('\\t')])
`

/**
 * Starts MariaDB, unless `BULKHEAD_TEST_MYSQL` says where one runs, and fills a table, which goes with the lane.
 * @returns a reason where there is no MariaDB on this machine
 */
export async function openMysqlLane(
  measuring: LaneMeasuring,
): Promise<(RunnableLane & AsyncDisposable) | { readonly reason: string }> {
  await using opened = new AsyncDisposableStack()
  const services = opened.use(await startServices(['mysql']))
  const where = services.environment['BULKHEAD_TEST_MYSQL'] ?? process.env['BULKHEAD_TEST_MYSQL']
  if (where === undefined)
    return { reason: services.missing['mysql'] ?? services.failed['mysql'] ?? 'there is no server' }
  const url = new URL(where)
  const database = `bulkhead_bench_${process.pid}`
  const execute = async (sql: string): Promise<void> => {
    const connection = await mysql.createConnection({
      uri: where,
      charset: 'utf8mb4',
      multipleStatements: true,
    })
    try {
      await connection.query(sql)
    } finally {
      await connection.end()
    }
  }
  await execute(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  opened.defer(() => execute(`DROP DATABASE ${database}`))
  measuring.say(`Generating ${measuring.rows} rows of MariaDB`)
  await execute(`USE ${database}; CREATE TABLE ${table} AS SELECT ${columns} FROM seq_1_to_${measuring.rows}`)
  const kept = opened.move()
  const target = { url, database }
  return {
    name: 'mysql',
    peerName: 'mariadb --batch --quick | CSV',
    run: (turn) =>
      inTurn(
        turn,
        () => runBulkhead(target, measuring),
        () => runClient(target, measuring),
      ),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

interface Target {
  readonly url: URL
  readonly database: string
}

function runBulkhead(
  { url, database }: Target,
  { command, folder, rows }: LaneMeasuring,
): Promise<ExportRun> {
  const config = {
    host: url.hostname,
    port: Number(url.port || 3306),
    database,
    user: decodeURIComponent(url.username),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
  }
  const source = { connector: 'mysql', config, query }
  return exportOnce({ command, source, folder, output: { format: 'csv' }, rows })
}

async function runClient({ url, database }: Target, { folder }: LaneMeasuring): Promise<ExportRun> {
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'peer')
  // the values are arguments of sh, and not a part of its script
  const client = 'mariadb --batch --quick --default-character-set=utf8mb4 --protocol=tcp'
  const script = `${client} -h "$1" -P "$2" -u "$3" -D "$4" -e "$5" | python3 -c "$6" > "$7"`
  const user = decodeURIComponent(url.username)
  const values = [url.hostname, url.port || '3306', user, database, query, encoder, file]
  try {
    const { stdout: _stdout, ...cost } = await measureCommand({
      file: 'sh',
      args: ['-c', script, 'sh', ...values],
      environment: { ...process.env, MYSQL_PWD: decodeURIComponent(url.password) },
    })
    return { cost, bytes: (await stat(file)).size }
  } finally {
    await rm(file, { force: true })
  }
}
