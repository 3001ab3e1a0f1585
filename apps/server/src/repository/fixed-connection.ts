import { CompiledQuery, type DatabaseConnection, type Dialect, type Driver } from 'kysely'

/** What kysely ships for a database, but for its driver. */
export type DialectParts = Omit<Dialect, 'createDriver'>

/**
 * A dialect of kysely over one connection that is open already. Its homes begin and end transactions themselves;
 * only the migrator asks for one here.
 */
export function fixedConnection(parts: DialectParts, connection: DatabaseConnection): Dialect {
  return {
    createAdapter: () => parts.createAdapter(),
    createIntrospector: (db) => parts.createIntrospector(db),
    createQueryCompiler: () => parts.createQueryCompiler(),
    createDriver: () => driverOf(connection),
  }
}

function driverOf(connection: DatabaseConnection): Driver {
  const run = async (command: string): Promise<void> => {
    await connection.executeQuery(CompiledQuery.raw(command))
  }
  const nothing = (): Promise<void> => Promise.resolve()
  return {
    init: nothing,
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: () => run('begin'),
    commitTransaction: () => run('commit'),
    rollbackTransaction: () => run('rollback'),
    releaseConnection: nothing,
    destroy: nothing,
  }
}
