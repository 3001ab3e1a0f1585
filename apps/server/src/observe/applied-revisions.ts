import type { Applications } from '../applications/applications.ts'
import type { AppliedRevision } from './metrics.ts'

/** One without a name is counted under none. */
const nameless = ''

/** For every application that is served, or should be, what is: as many as folders and revisions, and no more. */
export function appliedRevisions(
  applications: Pick<Applications, 'list' | 'head' | 'setAside'>,
): readonly AppliedRevision[] {
  const aside = new Set(applications.setAside().map(({ name = nameless }) => name))
  const served = applications.list().map(({ application: { name } }) => name)
  return [...new Set([...served, ...aside])].map((application) => ({
    application,
    number: served.includes(application) ? applications.head(application)?.number : undefined,
    setAside: aside.has(application) ? 1 : 0,
  }))
}
