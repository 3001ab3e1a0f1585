import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { DatabaseConnection } from 'kysely'

/** Prepared statements that are kept; operations have fewer, but for lists of different lengths. */
const mostStatements = 400

interface Prepared {
  readonly statement: StatementSync
  readonly returnsRows: boolean
}

/** How kysely speaks to `node:sqlite`: synchronous below, so that a call never waits between its statements. */
export function sqliteConnection(database: DatabaseSync): DatabaseConnection {
  const statements = new Map<string, Prepared>()

  function prepared(sql: string): Prepared {
    const known = statements.get(sql)
    if (known !== undefined) {
      statements.delete(sql)
      statements.set(sql, known)
      return known
    }
    const statement = database.prepare(sql)
    const made = { statement, returnsRows: statement.columns().length > 0 }
    statements.set(sql, made)
    const [oldest] = statements.keys()
    if (statements.size > mostStatements && oldest !== undefined) statements.delete(oldest)
    return made
  }

  return {
    executeQuery<Row>({ sql, parameters }: { sql: string; parameters: readonly unknown[] }) {
      try {
        const { statement, returnsRows } = prepared(sql)
        const values = parameters as readonly SQLInputValue[]
        if (returnsRows) return Promise.resolve({ rows: statement.all(...values) as Row[] })
        const { changes } = statement.run(...values)
        return Promise.resolve({ rows: [] as Row[], numAffectedRows: BigInt(changes) })
      } catch (error) {
        return Promise.reject(error as Error)
      }
    },
    streamQuery() {
      throw new Error('Nothing is read in a stream')
    },
  }
}
