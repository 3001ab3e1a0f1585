import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { execute } from '../../../test/support/mysql.ts'
import { openConnection, readAll } from './testing/open-connection.ts'
import { startOwnServer } from './testing/own-server.ts'

// A server of its own: its global settings would be those of other tests too.
const database = await startOwnServer()

describe('a session', () => {
  it('does not depend on what the server, and who connects, has set', async () => {
    const settings = {
      sql_mode:
        "'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,ONLY_FULL_GROUP_BY,PAD_CHAR_TO_FULL_LENGTH'",
      time_zone: "'+05:30'",
      sql_select_limit: '2',
      group_concat_max_len: '4',
      div_precision_increment: '0',
      lc_time_names: "'de_DE'",
      default_week_format: '3',
      character_set_client: "'latin1'",
      character_set_results: "'latin1'",
      collation_connection: "'latin1_german2_ci'",
      completion_type: "'RELEASE'",
      tx_read_only: '0',
      tx_isolation: "'READ-UNCOMMITTED'",
      autocommit: '0',
      net_write_timeout: '1',
    }
    const query = `SELECT "it's \\"é\\"" AS text, 1 || 0 AS ored, DAYNAME('2026-10-31') AS day, WEEK('2026-01-01') AS week, 1/3 AS third,
      TIMESTAMPDIFF(HOUR, UTC_TIMESTAMP(), NOW()) AS hours, COLLATION('x') AS collation, GROUP_CONCAT('abc', seq) AS joined,
      FROM_UNIXTIME(0) AS epoch, (SELECT COUNT(*) FROM seq_1_to_5) AS n FROM seq_1_to_3
      UNION ALL SELECT NULL, 1, 1, 1, 1, 1, 1, 1, NULL, 1 UNION ALL SELECT NULL, 1, 1, 1, 1, 1, 1, 1, NULL, 1`
    const read = async (): Promise<unknown> => {
      await using own = await openConnection(database)
      return await readAll(own, query)
    }
    const plain = await read()
    for (const [name, value] of Object.entries(settings))
      await execute(database, `SET GLOBAL ${name} = ${value}`)
    assert.deepEqual(await read(), plain)
    assert.equal((plain as { text: string }[])[0]?.text, 'it\'s "é"')
    assert.equal((plain as unknown[]).length, 3)
  })
})
