/** Waiting until nothing is under way any more, for as long as anything moves. */
import { setTimeout as sleep } from 'node:timers/promises'
import { execute, type TestDatabase } from '../support/postgres.ts'

/** What the repository says of its runs and messages. */
interface Count {
  readonly requests: number
  readonly open: number
  readonly unsent: number
}

export interface SettleOptions {
  readonly repository: TestDatabase
  /** How many requests must have been accepted. */
  readonly requests: number
  /** Given up when nothing has moved for so long. */
  readonly stillMs: number
  readonly tell: (line: string) => void
}

/**
 * Waits until every request was accepted, every run is over, and every message was sent.
 * @returns what is not over, when nothing moved for too long: none is well
 */
export async function settle({
  repository,
  requests,
  stillMs,
  tell,
}: SettleOptions): Promise<readonly string[]> {
  let last = ''
  let movedAt = performance.now()
  let toldAt = movedAt
  for (;;) {
    const count = await countOf(repository)
    if (count.requests >= requests && count.open === 0 && count.unsent === 0) return []
    const now = performance.now()
    const text = JSON.stringify(count)
    if (text !== last) movedAt = now
    last = text
    if (now - toldAt > 10_000) {
      tell(`${count.requests} of ${requests} accepted, ${count.open} open, ${count.unsent} unsent`)
      toldAt = now
    }
    if (now - movedAt > stillMs) break
    await sleep(250)
  }
  return [`${requests} requests, of which the repository says ${last}`, ...(await stuckIn(repository))]
}

/** How many requests were accepted and are over. */
export async function finishedIn(repository: TestDatabase): Promise<number> {
  const { requests, open } = await countOf(repository)
  return requests - open
}

async function countOf(repository: TestDatabase): Promise<Count> {
  const [row = {}] = await execute(
    repository,
    `SELECT (SELECT count(*) FROM bulkhead.requests) AS requests,
            (SELECT count(*) FROM bulkhead.runs WHERE state IN ('queued', 'running')) AS open,
            (SELECT count(*) FROM bulkhead.outbox WHERE state <> 'sent') AS unsent`,
  ).catch((error: unknown) => {
    // no server has made its tables yet
    if ((error as { readonly code?: string }).code === '42P01') return []
    throw error
  })
  const number = (name: string): number => Number(row[name] ?? 0)
  return { requests: number('requests'), open: number('open'), unsent: number('unsent') }
}

async function stuckIn(repository: TestDatabase): Promise<readonly string[]> {
  const rows = (await execute(
    repository,
    `SELECT 'run ' || run_id || ' is ' || state AS what FROM bulkhead.runs WHERE state IN ('queued', 'running')
     UNION ALL SELECT 'message ' || id || ' is ' || state FROM bulkhead.outbox WHERE state <> 'sent'`,
  )) as readonly { readonly what: string }[]
  return rows.map(({ what }) => what)
}

/** Looks until there are no faults, or they have stayed the same for too long: what is removed in the end may be removed late. */
export async function settled<T extends { readonly faults: readonly string[] }>(
  look: () => Promise<T>,
  stillMs: number,
): Promise<T> {
  let movedAt = performance.now()
  for (let last = ''; ;) {
    const found = await look()
    const text = found.faults.join('\n')
    if (text !== last) movedAt = performance.now()
    last = text
    if (found.faults.length === 0 || performance.now() - movedAt > stillMs) return found
    await sleep(1_000)
  }
}
