import { allows } from '../auth/scopes.ts'
import type { Applications } from '../applications/applications.ts'
import type { Rollouts } from '../engines/roll-out.ts'
import { type Handlers, ok } from './call.ts'

/** Engines, and which applications are on which. Each roll-out is an event of every application that it moves. */
export function engineHandlers(
  rollouts: Rollouts,
  applications: Pick<Applications, 'working' | 'head'>,
): Handlers<'listEngines' | 'planRollout' | 'rollOut'> {
  return {
    listEngines({ caller }) {
      const mayRead = (application: string): boolean => allows(caller.scopes, { right: 'read', application })
      const items = rollouts
        .list()
        .map((engine) => ({ ...engine, applications: rollouts.on(engine.name).filter(mayRead) }))
      const setAside = applications
        .working()
        .map(({ application }) => application.name)
        .filter(mayRead)
        .flatMap((application) => {
          const aside = applications.head(application)?.engineAside
          return aside === undefined ? [] : [{ application, ...aside }]
        })
      return Promise.resolve(ok({ items, setAside }))
    },
    async planRollout({ body }) {
      return ok(await rollouts.plan(body()))
    },
    async rollOut({ body, caller }) {
      return ok({ items: await rollouts.apply(body(), caller.actor) })
    },
  }
}
