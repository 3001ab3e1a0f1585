import { fault } from '@bulkhead/contract'
import type { Applications } from '../applications/applications.ts'
import type { Caller } from '../auth/scopes.ts'
import { type Handlers, ok } from './call.ts'
import type { Gate } from './gate.ts'

/** Changing applications by calls. Each change is an event of the repository, with who made it. */
export function changeHandlers(
  applications: Pick<Applications, 'plan' | 'change' | 'makeCurrent'>,
  gate: Gate,
): Handlers<'planChange' | 'applyChange' | 'makeRevisionCurrent'> {
  const requireAll = (caller: Caller, bundles: readonly { readonly application: string }[]): void => {
    for (const { application } of bundles) gate.require(caller, { right: 'apply', application })
  }
  return {
    async planChange({ body, caller }) {
      const { bundles } = body()
      requireAll(caller, bundles)
      return ok(await applications.plan(bundles))
    },
    async applyChange({ body, caller }) {
      const { bundles, planHash } = body()
      requireAll(caller, bundles)
      const heads = await applications.change(bundles, { actor: caller.actor, planHash })
      return ok({ items: heads })
    },
    async makeRevisionCurrent({ params: { application, number }, caller }) {
      const applied = await applications.makeCurrent(application, number, { actor: caller.actor })
      if (applied.is === 'unknown' || applied.is === 'stale')
        throw fault('revision-unknown', `"${application}" has no revision ${number}`)
      return ok({ application, is: applied.is, number, revision: applied.head.digest })
    },
  }
}
