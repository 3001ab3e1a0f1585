import type { Request, PlatformSpec } from '@bulkhead/contract'
import type { Application, Catalog } from '@bulkhead/engine'
import { type KnownConnection, sourceSystems } from '@bulkhead/engine/platform/source-systems'
import type { Plan } from '@bulkhead/engine/plan/plan'
import { requestMustBeAlone } from './dispatch/must-be-alone.ts'
import type { Lane } from './repository/lane.ts'

/**
 * Says what a run needs to begin, when its request is taken: whether a process of its own, and which systems with a budget it may
 * read. It counts at each of them for as long as it runs, whether it reads from it or not: at its connection, those that
 * stand in for it, those whose files it gets, and all that its `prepare` may choose among.
 */
export function laneOfRun(options: {
  readonly systems: PlatformSpec['systems']
  readonly catalog: Catalog
  readonly foreignRoots: readonly string[]
}): (application: Application, request: Request, plan: Plan) => Lane {
  const systemsOf = sourceSystems(options.systems)
  return (application, request, plan) => ({
    alone: requestMustBeAlone(request, application, options.catalog, options.foreignRoots),
    systems: systemsOf(application.name, connectionsOf(application, plan)),
  })
}

function connectionsOf(
  { manifest }: Application,
  { source, preparation }: Pick<Plan, 'source' | 'preparation'>,
): readonly KnownConnection[] {
  const planned = [source, ...source.fallbacks, ...Object.values(source.reachable)]
  if (preparation === undefined || preparation.result !== undefined) return planned
  const chosen = Object.entries(manifest.spec.connections).map(([name, { config }]) => ({ name, config }))
  return [...planned, ...chosen]
}
