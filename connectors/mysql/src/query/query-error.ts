import { isBulkheadError } from '@bulkhead/connector-sdk'
import { mysqlError, type MysqlErrorCode } from '../errors.ts'
import { ServerError } from '../wire/server-packets.ts'

/** What was under way when the server gave an error: only while it parses has it seen no data. */
export type Stage = 'settings' | 'parse' | 'rows'

/**
 * What the user reads of an error of the server. Its message is passed on only where it cannot hold
 * row data or values of parameters: while the query is parsed.
 */
export function queryError(error: unknown, stage: Stage, queryTimeoutMs: number): unknown {
  if (isBulkheadError(error) || !(error instanceof ServerError)) return error
  const { number, sqlState } = error
  const code = codeOf(number, sqlState, stage)
  const details = stage === 'settings' ? {} : { path: 'query' }
  if (code === 'mysql-query-timeout')
    return mysqlError(code, `The query took longer than ${queryTimeoutMs / 1000} s`, details)
  if (stage === 'parse' && (code === 'mysql-query-invalid' || code === 'mysql-permission-denied'))
    return mysqlError(code, `${sentence(error.text)} (${number})`, details)
  return mysqlError(code, `${meanings[code] ?? 'The server ended the query'} (${number})`, details)
}

/** @see https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html, https://mariadb.com/kb/en/mariadb-error-code-reference/ */
const numbers: readonly (readonly [MysqlErrorCode, readonly number[]])[] = [
  // Read-only transaction; --read-only and --secure-file-priv; read-only mode.
  ['mysql-write-refused', [1792, 1290, 1836, 1223]],
  ['mysql-permission-denied', [1044, 1142, 1143, 1227, 1345, 1356, 1370, 1449]],
  ['mysql-not-a-query', [1295, 1065]],
  ['mysql-query-timeout', [1028, 1969, 3024]],
  ['mysql-query-cancelled', [1317, 1927, 1094]],
  ['mysql-lock-timeout', [1205, 3572]],
  ['mysql-conflict', [1213, 1412, 1020, 1615, 1684]],
  [
    'mysql-out-of-resources',
    [3, 5, 28, 1021, 1023, 1024, 1026, 1030, 1037, 1038, 1041, 1114, 1135, 1461, 1815],
  ],
  ['mysql-unavailable', [1040, 1053, 1077, 1079, 1203, 1226]],
  ['mysql-value-cut', [1153, 1301]],
  [
    'mysql-value-refused',
    [
      1139, 1242, 1265, 1292, 1365, 1366, 1406, 1411, 1416, 1441, 1690, 3037, 3055, 3064, 3140, 3141, 3143,
      3144, 3146, 4037, 4038, 4042,
    ],
  ],
  ['mysql-function-failed', [1644, 1336, 1415, 1422, 1424, 1456]],
  ['mysql-query-invalid', [1064, 1054, 1146, 1052, 1267, 1270, 1271, 1210, 1582, 1583]],
  ['mysql-parameter-invalid', [1390]],
]
const codes = new Map(numbers.flatMap(([code, list]) => list.map((number) => [number, code] as const)))

function codeOf(number: number, sqlState: string, stage: Stage): MysqlErrorCode {
  const code = codes.get(number)
  if (code !== undefined) return code
  if (stage === 'parse') return 'mysql-query-invalid'
  if (sqlState.startsWith('22')) return 'mysql-value-refused'
  // Whatever a function raises by SIGNAL.
  if (sqlState.startsWith('45')) return 'mysql-function-failed'
  return 'mysql-query-failed'
}

/** What the message says where that of the server is not passed on. */
const meanings: Readonly<Partial<Record<MysqlErrorCode, string>>> = {
  'mysql-write-refused': 'The query tries to change data in a read-only transaction',
  'mysql-permission-denied': 'The user may not read what the query reads',
  'mysql-not-a-query': 'The statement is none that can be prepared',
  'mysql-query-cancelled': 'Someone on the side of the server killed the query',
  'mysql-lock-timeout': 'Another session held a lock for too long',
  'mysql-conflict': 'The query conflicted with another transaction',
  'mysql-out-of-resources': 'The server is out of memory, disk or another resource',
  'mysql-unavailable': 'The server stops, or takes no more queries of this user',
  'mysql-value-cut': 'A value is larger than the server allows',
  'mysql-value-refused': 'A value cannot be computed or converted',
  'mysql-function-failed': 'A function of the database failed',
  'mysql-query-invalid': 'The server cannot run the query with these values',
  'mysql-parameter-invalid': 'The parameters have too many values',
}

/** On one line, without a full stop, and bounded. */
function sentence(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '').slice(0, 500)
}
