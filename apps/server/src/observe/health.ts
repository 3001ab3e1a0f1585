import type { HealthReport } from '@bulkhead/contract'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import type { Repository } from '../repository/repository.ts'

/**
 * Whether this server is well. It depends on this process and the repository, never on one application: what one
 * declares or breaks changes nobody else's readiness (I7).
 */
export interface Health {
  /** Names a step of the start; the server is ready when every one is done. */
  starting(step: string): StartStep
  /** The server ends: it takes no more requests, so nobody should send any. */
  draining(): void
  startup(): HealthReport
  ready(): Promise<HealthReport>
}

export interface StartStep {
  done(): void
}

/** A slow repository is as good as none: a load balancer asks every few seconds. */
const PATIENCE_MS = 2_000
/** Probes of many load balancers are one question. */
const REMEMBERED_MS = 1_000

type Check = HealthReport['checks'][number]

export function createHealth(repository: Pick<Repository, 'check'>, now: () => number = Date.now): Health {
  const steps = new Map<string, Check>()
  let isDraining = false
  let lastCheck: { readonly at: number; readonly check: Promise<Check> } | undefined

  const checkRepository = (): Promise<Check> => {
    if (lastCheck === undefined || now() - lastCheck.at >= REMEMBERED_MS)
      lastCheck = { at: now(), check: repositoryCheck(repository) }
    return lastCheck.check
  }

  return {
    starting(name) {
      steps.set(name, { name, status: 'fail', reason: 'has not begun' })
      return {
        done: () => void steps.set(name, { name, status: 'pass' }),
      }
    },
    draining: () => void (isDraining = true),
    startup: () => report([...steps.values()]),
    async ready() {
      const notDone = [...steps.values()].filter(({ status }) => status === 'fail')
      const ending: Check[] = isDraining
        ? [{ name: 'server', status: 'fail', reason: 'it ends, and takes no more requests' }]
        : []
      return report([...ending, ...notDone, await checkRepository()])
    },
  }
}

async function repositoryCheck(repository: Pick<Repository, 'check'>): Promise<Check> {
  const name = 'repository'
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Check>((resolve) => {
    timer = setTimeout(
      () => resolve({ name, status: 'fail', reason: 'it does not answer in time' }),
      PATIENCE_MS,
    )
  })
  const answer = repository.check().then(
    (): Check => ({ name, status: 'pass' }),
    // its message may hold an address
    (error: unknown): Check => ({
      name,
      status: 'fail',
      reason: isBulkheadError(error) ? error.code : 'internal',
    }),
  )
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}

function report(checks: Check[]): HealthReport {
  return { status: checks.every(({ status }) => status === 'pass') ? 'pass' : 'fail', checks }
}
