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
import type { Actor } from '../repository/repository.ts'
import type { ApplicationHead, ChangeResult, NewChange, NewRevision } from '../repository/revision-keeping.ts'
import type { Applications, ChangeDecision, RunnerMove, WantedChange } from './applications.ts'
import { type BundleReader, openNamed } from './open-bundle.ts'
import type { ServedApplication } from './served-application.ts'

/** What became of one application of a change. */
export interface ChangedRevision {
  readonly application: string
  readonly is: 'applied' | 'unchanged' | 'removed'
  readonly number: number
  readonly revision: string
}

export interface PlanChangesOptions {
  readonly reader: BundleReader
  readonly around: Surroundings
  readonly runnerOf: (application: string) => string | undefined
  readonly get: (name: string) => ServedApplication | undefined
  readonly head: (name: string) => ApplicationHead | undefined
  /** All of it, or nothing. */
  readonly applyAll: (
    revisions: readonly (Pick<NewRevision, 'expected' | 'changed'> & { readonly bundle: Bundle })[],
    removals: NewChange['removals'],
    actor: Actor,
  ) => Promise<ChangeResult>
}

type State = Pick<ApplicationsState, 'applications' | 'setAside'>

/** Changes of several applications at once: what they would do here, and doing just that. */
export function planChanges(options: PlanChangesOptions): Pick<
  Applications,
  'plan' | 'planRunner' | 'change'
> & {
  /** What of an application a bundle would make another, for the history; undefined when nobody knows. Never rejects. */
  changed(bundle: Bundle): Promise<readonly string[] | undefined>
} {
  const { reader, around, runnerOf, get, head, applyAll } = options

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

  function servedOf(names: readonly string[]): ReadonlyMap<string, ServedApplication> {
    return new Map(
      names.flatMap((name) => {
        const one = get(name)
        return one === undefined ? [] : [[name, one] as const]
      }),
    )
  }

  async function change(
    wanted: WantedChange,
    { actor, planHash }: ChangeDecision,
  ): Promise<readonly ChangedRevision[]> {
    const names = namesOf(wanted)
    const before = servedOf(names)
    const plan = await planned(wanted.bundles, before)
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
    // what the plan was made against: another server, or the folder, may be quicker
    const expected = (name: string): string | null => before.get(name)?.revision ?? null
    const result = await applyAll(
      wanted.bundles.map((bundle) => ({
        bundle,
        expected: expected(bundle.application),
        changed: placesIn(plan, bundle.application),
      })),
      wanted.remove.map((application) => ({ application, expected: expected(application) })),
      actor,
    )
    if (result.is === 'stale')
      throw fault('plan-stale', `Another revision of "${result.application}" became current meanwhile`)
    return [
      ...result.applied.map(({ is, head }) => ({
        application: head.application,
        is,
        number: head.number,
        revision: head.digest,
      })),
      ...wanted.remove.flatMap((application): ChangedRevision[] => {
        const known = head(application)
        if (known === undefined) return []
        const is = result.removed.includes(application) ? 'removed' : 'unchanged'
        return [{ application, is, number: known.number, revision: known.digest }]
      }),
    ]
  }

  /** Those of a change, each once. */
  function namesOf({ bundles, remove }: WantedChange): readonly string[] {
    const names = [...bundles.map(({ application }) => application), ...remove]
    if (new Set(names).size < names.length)
      throw fault('call-invalid', 'An application is in the change twice', { path: 'body' })
    const unknown = remove.find((name) => head(name) === undefined)
    if (unknown !== undefined)
      throw fault('application-unknown', `There is no application "${unknown}" here`, { path: 'body.remove' })
    return names
  }

  return {
    plan: async (wanted) => await planned(wanted.bundles, servedOf(namesOf(wanted))),
    planRunner,
    change,
    async changed(bundle) {
      const { application } = bundle
      try {
        return placesIn(await planned([bundle], servedOf([application])), application)
      } catch {
        return undefined // it is only told
      }
    },
  }
}

/** More are not told in a history. */
const mostPlaces = 50

/** Which fields and files of an application are others than before; undefined when it was not there. */
function placesIn({ applications }: ChangePlan, name: string): readonly string[] | undefined {
  const change = applications.find(({ application }) => application === name)
  return change?.before === undefined
    ? undefined
    : change.changes.slice(0, mostPlaces).map(({ place }) => place)
}
