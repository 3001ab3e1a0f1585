import { fault } from '@bulkhead/contract'
import type { Applications, WantedChange } from '../applications/applications.ts'
import type { Caller } from '../auth/scopes.ts'
import { type Handlers, ok } from './call.ts'
import type { Gate } from './gate.ts'

/** Changing applications by calls. Each change is an event of the repository, with who made it. */
export function changeHandlers(
  applications: Pick<Applications, 'plan' | 'change' | 'makeCurrent'>,
  gate: Gate,
): Handlers<'planChange' | 'applyChange' | 'makeRevisionCurrent'> {
  const requireAll = (caller: Caller, { bundles, remove }: WantedChange): void => {
    for (const application of [...bundles.map((one) => one.application), ...remove])
      gate.require(caller, { right: 'apply', application })
  }
  return {
    async planChange({ body, caller }) {
      const change = body()
      requireAll(caller, change)
      return ok(await applications.plan(change))
    },
    async applyChange({ body, caller }) {
      const { planHash, ...change } = body()
      requireAll(caller, change)
      return ok({ items: await applications.change(change, { actor: caller.actor, planHash }) })
    },
    async makeRevisionCurrent({ params: { application, number }, caller }) {
      const applied = await applications.makeCurrent(application, number, { actor: caller.actor })
      if (applied.is === 'unknown' || applied.is === 'stale')
        throw fault('revision-unknown', `"${application}" has no revision ${number}`)
      return ok({ application, is: applied.is, number, revision: applied.head.digest })
    },
  }
}
