import type { PlatformSpec } from '@bulkhead/contract'
import type { SystemBudget, Waiting } from '../repository/claim.ts'
import type { ActiveRun } from './active-run.ts'
import { createShares } from './shares.ts'

/** The budgets of source systems, and who is next for a place at each. */
export interface SystemBudgets {
  readonly isEmpty: boolean
  begin(run: ActiveRun): void
  end(run: ActiveRun): void
  waits(lanes: Waiting['lanes']): void
  /** As a claim needs them. */
  of(applications: readonly string[]): readonly SystemBudget[]
  /** Systems at which there is no place. */
  full(running: Waiting['running']): ReadonlySet<string>
}

/**
 * How many runs are at a system is counted in the repository, for all servers; who of those that wait for it is next is
 * decided by each server for the places that it gets, by shares of the time at the system.
 */
export function createSystemBudgets(options: {
  readonly systems: PlatformSpec['systems']
  readonly weightOf: (application: string) => number
  readonly now: () => number
}): SystemBudgets {
  const { systems, weightOf, now } = options
  const shares = new Map(Object.keys(systems).map((name) => [name, createShares({ weightOf, now })]))

  function change({ record }: ActiveRun, by: 1 | -1): void {
    for (const system of record.lane.systems) shares.get(system)?.holds(record.application, by)
  }

  return {
    isEmpty: shares.size === 0,
    begin: (run) => change(run, 1),
    end: (run) => change(run, -1),
    waits(lanes) {
      for (const [name, share] of shares) {
        const waiting = lanes.filter((lane) => lane.systems.includes(name))
        share.waits(waiting.map(({ application }) => application))
      }
    },
    of: (applications) =>
      Object.entries(systems).map(([system, { runs }]) => ({
        system,
        runs,
        order: shares.get(system)?.order(applications) ?? [],
      })),
    full: (running) =>
      new Set(
        running
          .filter(({ system, runs }) => runs >= (systems[system]?.runs ?? Infinity))
          .map(({ system }) => system),
      ),
  }
}
