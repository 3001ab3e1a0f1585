import type { DatabaseConnection } from 'kysely'
import type { ClientBase } from 'pg'

/** How kysely speaks to one connection of `pg`. */
export function postgresConnection(client: ClientBase): DatabaseConnection {
  return {
    async executeQuery<Row>({ sql, parameters }: { sql: string; parameters: readonly unknown[] }) {
      const { rows, rowCount, command } = await client.query(sql, parameters.map(withoutNul))
      return {
        rows: rows as Row[],
        ...(command !== 'SELECT' && rowCount !== null && { numAffectedRows: BigInt(rowCount) }),
      }
    },
    streamQuery() {
      throw new Error('Nothing is read in a stream')
    },
  }
}

/** PostgreSQL has no text with U+0000; it can stand in an error of some system, or in a line of a log. */
function withoutNul(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
}
