import type { PlatformSpec } from '@bulkhead/contract'
import type { Repository } from './repository.ts'
import { type RepositoryPlace, sqlitePath } from './repository-place.ts'
import { repositoryOfHome } from './repository-of-home.ts'
import { connectionSettings } from './postgres/connection-settings.ts'
import { openPostgresHome } from './postgres/postgres-home.ts'
import { openSqliteHome } from './sqlite/sqlite-home.ts'

const defaultCallMs = 6_000

export interface RepositoryOptions extends Pick<RepositoryPlace, 'stateFolder'> {
  /** Default: of this process. */
  readonly environment?: RepositoryPlace['environment']
  /** How long requests are remembered: `retention.requests`. */
  readonly memoryMs: number
  /** Epoch milliseconds, instead of the repository's own clock. */
  readonly clock?: () => number
  /** A call of PostgreSQL that has no answer by then has failed; default 6 seconds. */
  readonly callMs?: number
  readonly log: (level: 'info' | 'warn' | 'error', message: string) => void
}

/**
 * Opens what the server remembers, and brings its tables up to date.
 *
 * @throws BulkheadError `repository-in-use`, `repository-newer`, `repository-unusable`, `repository-unavailable`
 */
export async function openRepository(
  spec: PlatformSpec['repository'],
  options: RepositoryOptions,
): Promise<Repository> {
  const { stateFolder, memoryMs, clock, log } = options
  const onListenerError = (error: unknown): void =>
    log('error', `A listener of changes failed: ${String(error)}`)
  if ('sqlite' in spec) {
    const path = sqlitePath(spec.sqlite, stateFolder)
    const home = await openSqliteHome({ path, clock: clock ?? Date.now, onListenerError })
    return repositoryOfHome(home, memoryMs)
  }
  const { postgres } = spec
  const home = await openPostgresHome({
    settings: await connectionSettings(postgres, options.environment ?? process.env),
    schema: postgres.schema,
    connections: postgres.connections,
    clock,
    callMs: options.callMs ?? defaultCallMs,
    onListenerError,
  })
  return repositoryOfHome(home, memoryMs)
}
