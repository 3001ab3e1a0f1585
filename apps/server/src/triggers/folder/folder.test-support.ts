import type { TestContext } from 'node:test'
import { isBulkheadError } from '@bulkhead/connector-sdk'
import { readRequest, requestIdentityOf } from '@bulkhead/contract'
import type { ServedApplication } from '../../applications/applications.ts'
import type { Arrival, Intake } from '../../intake/intake.ts'
import { requestText } from '../../intake/request-text.ts'
import { startFolderTrigger } from './folder-trigger.ts'

/** An intake that keeps the ids of requests where `keep` says, and reads them as the real one does. */
export function intakeTo(keep: (id: string, arrival: Arrival) => void | Promise<void>): Intake {
  return {
    async take(arrival) {
      const text = requestText(arrival)
      const { id } = requestIdentityOf(text)
      try {
        readRequest(text)
      } catch (error) {
        if (!isBulkheadError(error)) throw error
        return id === undefined ? { is: 'unreadable', error } : { is: 'refused', error, run: undefined }
      }
      await keep(id ?? '', arrival)
      return { is: 'new', run: {} as never }
    },
  }
}

export function startFolder(
  t: Pick<TestContext, 'after'>,
  folder: string,
  intake: Intake,
  { settle = 'PT0.1S', warnings = [] }: { settle?: string; warnings?: string[] } = {},
) {
  const trigger = startFolderTrigger(
    { folder: { path: 'inbox', settle } },
    {
      served: { application: { name: 'shop' }, baseFolder: folder } as unknown as ServedApplication,
      name: 'drop',
      intake,
      repository: {} as never,
      clusters: new Map(),
      retention: { requests: 'P30D', runs: 'P90D', logs: 'P14D', revisions: 'P365D' },
      log: { debug: () => {}, info: () => {}, warn: (message) => warnings.push(message) },
      now: Date.now,
    },
  )
  t.after(() => trigger.stop())
  return trigger
}
