import type { Writable } from 'node:stream'
import type { DatabaseConnection } from 'kysely'
import type { ClientBase } from 'pg'

/** Statements that a connection keeps prepared: those of operations; what has a list of another length each time comes later. */
const mostPrepared = 150

/** Name of a prepared statement by its text, the same on all connections. */
const names = new Map<string, string>()

/** How kysely speaks to one connection of `pg`. */
export function postgresConnection(client: ClientBase): DatabaseConnection {
  return {
    async executeQuery<Row>({ sql, parameters }: { sql: string; parameters: readonly unknown[] }) {
      gather(client)
      const { rows, rowCount, command } = await client.query({
        ...named(sql),
        text: sql,
        values: parameters.map(withoutNul),
      })
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

/**
 * What a transaction says at the same time goes out as one packet: else each statement is a call of the system, and wakes
 * the database anew.
 */
function gather(client: ClientBase): void {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Writable } }).connection
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** To parse and plan costs more than to find a row. */
function named(sql: string): { readonly name?: string } {
  const known = names.get(sql)
  if (known !== undefined) return { name: known }
  if (names.size >= mostPrepared) return {}
  const name = `bulkhead_${names.size}`
  names.set(sql, name)
  return { name }
}

/** PostgreSQL has no text with U+0000; it can stand in an error of some system, or in a line of a log. */
function withoutNul(value: unknown): unknown {
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value
}
