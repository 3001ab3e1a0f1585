import type { BulkheadError } from '@bulkhead/connector-sdk'
import { type EngineView, fault, ownEngine, type RolledOut, type RolloutBody } from '@bulkhead/contract'
import type { ChangePlan } from '@bulkhead/engine/application/change-plan'
import { reach } from '@bulkhead/engine/observe/moments'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { Actor, Repository } from '../repository/repository.ts'
import type { Engines, EngineState } from './engines.ts'

/** Putting applications on engines, and back. */
export interface Rollouts {
  /** What this server has, and who is on it; `missing` what others may have. */
  list(): readonly Omit<EngineView, 'applications'>[]
  /** Applications that are on an engine. */
  on(engine: string): readonly string[]
  /** What it would do. Changes nothing. @throws BulkheadError as `apply` */
  plan(wanted: RolloutBody): Promise<ChangePlan>
  /**
   * All of it, or nothing.
   * @throws BulkheadError `engine-unknown`, `engine-unusable`, `application-unknown`; `plan-stale`: somebody was quicker, or
   * the plan has another hash
   */
  apply(wanted: RolloutBody, actor: Actor): Promise<RolledOut['items']>
}

interface Move {
  readonly one: ServedApplication
  readonly name: string
  /** Null: the own one. */
  readonly before: string | null
}

export function createRollouts(options: {
  readonly engines: Engines
  readonly applications: Pick<Applications, 'working' | 'head' | 'follow' | 'planRunner'>
  readonly repository: Pick<Repository, 'setEngines'>
}): Rollouts {
  const { engines, applications, repository } = options
  const engineOf = (name: string): string | undefined => applications.head(name)?.engine

  function movesOf({ engine, applications: named, from }: RolloutBody): readonly Move[] {
    const all = applications.working().map((one): Move => {
      const { name } = one.application
      return { one, name, before: engineOf(name) ?? null }
    })
    const unknown = named?.find((name) => !all.some((move) => move.name === name))
    if (unknown !== undefined)
      throw fault('application-unknown', `There is no application "${unknown}" here`, {
        path: 'body.applications',
      })
    return all.filter(({ name, before }) => {
      const isFrom = from === undefined || (before ?? ownEngine) === from
      return isFrom && (named?.includes(name) ?? (before ?? ownEngine) !== engine)
    })
  }

  /** In digests: of what this server does not have no more than its name is known. */
  function runnerOf(engine: string | null): string {
    if (engine === null) return engines.own.identity
    const state = engines.state(engine)
    return state?.is === 'usable' ? state.engine.identity : `unknown engine ${engine}`
  }

  async function planned({ engine }: RolloutBody, moves: readonly Move[]): Promise<ChangePlan> {
    const after = runnerOf(engine === ownEngine ? null : engine)
    return await applications.planRunner(
      moves.map(({ one, before }) => ({ bundle: one.bundle, before: runnerOf(before), after })),
    )
  }

  async function requireUsable(name: string): Promise<void> {
    // another server may have moved some
    await applications.follow()
    if (name === ownEngine) return
    // it may have been put there a moment ago
    const state = await engines.heard(name)
    if (state?.is !== 'usable') throw unusable(name, state)
  }

  return {
    on: (engine) =>
      applications
        .working()
        .map(({ application }) => application.name)
        .filter((name) => (engineOf(name) ?? ownEngine) === engine)
        .toSorted(),
    list() {
      const there = engines.list()
      const wanted = applications.working().flatMap(({ application }) => engineOf(application.name) ?? [])
      const missing = new Set(wanted.filter((name) => engines.state(name) === undefined))
      const { own } = engines
      return [
        { name: ownEngine, state: 'usable' as const, version: own.version, build: own.identity },
        ...there.map(([name, state]) => viewOf(name, state)),
        ...[...missing].toSorted().map((name) => ({
          name,
          state: 'missing' as const,
          reason: 'It is not in the folder of engines of this server, which leaves its runs to other servers',
        })),
      ]
    },
    async plan(wanted) {
      await requireUsable(wanted.engine)
      return await planned(wanted, movesOf(wanted))
    },
    async apply(wanted, actor) {
      const { engine, planHash } = wanted
      await requireUsable(engine)
      const moves = movesOf(wanted)
      if (planHash !== undefined && (await planned(wanted, moves)).hash !== planHash)
        throw fault('plan-stale', 'The plan of this roll-out is another one now')
      reach('before-change')
      const result = await repository.setEngines({
        applications: moves.map(({ name, before }) => ({ application: name, before })),
        engine: engine === ownEngine ? null : engine,
        actor,
      })
      reach('after-change')
      await applications.follow()
      if (result.is !== 'rolled-out')
        throw fault('plan-stale', `"${result.application}" was put on another engine meanwhile`)
      return moves.map(({ name }) => ({
        application: name,
        is: result.moved.includes(name) ? ('moved' as const) : ('unchanged' as const),
        engine,
      }))
    },
  }
}

function viewOf(name: string, state: EngineState): Omit<EngineView, 'applications'> {
  if (state.is === 'asked') return { name, state: 'asked' }
  if (state.is === 'set-aside') return { name, state: 'set-aside', reason: state.message }
  const { version, identity } = state.engine
  return { name, state: 'usable', version, build: identity }
}

function unusable(name: string, state: EngineState | undefined): BulkheadError {
  return state?.is === 'set-aside'
    ? fault('engine-unusable', `"${name}": ${state.message}`, { path: 'body.engine' })
    : fault('engine-unknown', `There is no engine "${name}" in the folder of engines of this server`, {
        path: 'body.engine',
      })
}
