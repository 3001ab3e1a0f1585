import type { Migration } from 'kysely/migration'
import { firstTables } from './2026-11-21-first-tables.ts'
import { lostEpochs } from './2026-11-21-lost-epochs.ts'
import { revisions } from './2026-11-21-revisions.ts'
import { rollouts } from './2026-11-21-rollouts.ts'
import { storedResults } from './2026-11-21-stored-results.ts'
import { toldOfApplications } from './2026-11-21-told-of-applications.ts'
import { waitingLanes } from './2026-11-21-waiting-lanes.ts'
import { sharedResults } from './2026-11-22-shared-results.ts'

/** What a migration needs to know of the database. */
export interface ColumnTypes {
  /** Numbers past 32 bits. */
  readonly bigInteger: 'bigint' | 'integer'
  /** A key that counts by itself. */
  readonly counter: 'identity' | 'autoincrement'
  /** Statements of one database only, after all others of the migration that they are named after. */
  readonly after: Readonly<Record<string, readonly string[]>>
}

/** All steps to the tables of today, in order of their names. They go forward only: a backup is the way back. */
export function migrationsOf(types: ColumnTypes): Readonly<Record<string, Migration>> {
  return {
    '2026-11-21-first-tables': firstTables(types, types.after['2026-11-21-first-tables'] ?? []),
    '2026-11-21-lost-epochs': lostEpochs(),
    '2026-11-21-revisions': revisions(types),
    '2026-11-21-rollouts': rollouts(),
    '2026-11-21-stored-results': storedResults(types),
    '2026-11-21-told-of-applications': toldOfApplications(),
    '2026-11-21-waiting-lanes': waitingLanes(types),
    '2026-11-22-shared-results': sharedResults(types),
  }
}
