import { isBulkheadError } from '@bulkhead/connector-sdk'
import {
  type ApplicationsState,
  type Behaviour,
  type Bundle,
  detailsOf,
  errorOf,
  fault,
} from '@bulkhead/contract'
import { behaviourOf, type Surroundings } from '@bulkhead/engine/application/behaviour'
import { catalogFaults } from '@bulkhead/engine/application/catalog-faults'
import { type ChangePlan, planChange } from '@bulkhead/engine/application/change-plan'
import type { RevisionApplied } from '../repository/revision-keeping.ts'
import type { Applications, ChangeDecision, Decision, RunnerMove } from './applications.ts'
import { type BundleReader, openNamed } from './open-bundle.ts'
import type { ServedApplication } from './served-application.ts'

/** What became of one application of a change. */
export interface ChangedRevision {
  readonly application: string
  readonly is: 'applied' | 'unchanged'
  readonly number: number
  readonly revision: string
}

export interface PlanChangesOptions {
  readonly reader: BundleReader
  readonly around: Surroundings
  readonly runnerOf: (application: string) => string | undefined
  readonly get: (name: string) => ServedApplication | undefined
  readonly apply: (bundle: Bundle, by: Decision) => Promise<RevisionApplied>
}

type State = Pick<ApplicationsState, 'applications' | 'setAside'>

/** Changes of several applications at once: what they would do here, and doing just that. */
export function planChanges(
  options: PlanChangesOptions,
): Pick<Applications, 'plan' | 'planRunner' | 'change'> {
  const { reader, around, runnerOf, get, apply } = options

  const behaviour = (bundle: Bundle, runner = runnerOf(bundle.application)): Promise<Behaviour> =>
    reader.open(bundle, (application) =>
      behaviourOf(application, { ...around, ...(runner !== undefined && { runner }) }),
    )

  async function planRunner(moves: readonly RunnerMove[]): Promise<ChangePlan> {
    const then: Behaviour[] = []
    const now: Behaviour[] = []
    for (const { bundle, before, after } of moves) {
      then.push(await behaviour(bundle, before))
      now.push(await behaviour(bundle, after))
    }
    return planChange({ applications: then, setAside: [] }, { applications: now, setAside: [] })
  }

  async function planned(
    bundles: readonly Bundle[],
    before: ReadonlyMap<string, ServedApplication>,
  ): Promise<ChangePlan> {
    const then: Behaviour[] = []
    for (const { bundle } of before.values()) then.push(await behaviour(bundle))
    return planChange({ applications: then, setAside: [] }, await wanted(bundles))
  }

  async function wanted(bundles: readonly Bundle[]): Promise<State> {
    const applications: Behaviour[] = []
    const setAside: State['setAside'][number][] = []
    for (const bundle of bundles) {
      try {
        const faults = catalogFaults(await openNamed(reader, bundle), around.catalog)
        if (faults.length > 0) throw errorOf([...faults])
        applications.push(await behaviour(bundle))
      } catch (error) {
        if (!isBulkheadError(error)) throw error
        const [{ code, message, path } = error] = detailsOf(error)
        const told = { code, message, ...(path !== undefined && { path }) }
        setAside.push({ name: bundle.application, error: told })
      }
    }
    return { applications, setAside }
  }

  function servedOf(bundles: readonly Bundle[]): ReadonlyMap<string, ServedApplication> {
    return new Map(
      bundles.flatMap(({ application }) => {
        const one = get(application)
        return one === undefined ? [] : [[application, one] as const]
      }),
    )
  }

  async function change(
    bundles: readonly Bundle[],
    { actor, planHash }: ChangeDecision,
  ): Promise<readonly ChangedRevision[]> {
    if (new Set(bundles.map(({ application }) => application)).size < bundles.length)
      throw fault('call-invalid', 'An application is in the change twice', { path: 'body.bundles' })
    const before = servedOf(bundles)
    const plan = await planned(bundles, before)
    if (planHash !== undefined && plan.hash !== planHash)
      throw fault('plan-stale', 'The plan of this change is another one now')
    const [broken] = plan.applications.flatMap(({ application, error }) =>
      error === undefined
        ? []
        : [
            fault(
              'manifest-invalid',
              `"${application}": ${error.message}`,
              error.path === undefined ? {} : { path: error.path },
            ),
          ],
    )
    if (broken !== undefined) throw broken
    const changed: ChangedRevision[] = []
    for (const bundle of bundles) {
      const { application } = bundle
      // what the plan was made against: another server, or the folder, may be quicker
      const applied = await apply(bundle, { actor, expected: before.get(application)?.revision ?? null })
      if (applied.is === 'stale' || applied.is === 'unknown')
        throw fault('plan-stale', `Another revision of "${application}" became current meanwhile`)
      const { number, digest } = applied.head
      changed.push({ application, is: applied.is, number, revision: digest })
    }
    return changed
  }

  return { plan: (bundles) => planned(bundles, servedOf(bundles)), planRunner, change }
}
