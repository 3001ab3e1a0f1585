import type { StoredReply } from '@bulkhead/contract'
import type { Change, OutboxMessage, Repository } from '../repository/repository.ts'

type Row = { -readonly [Field in keyof OutboxMessage]: OutboxMessage[Field] } & { leasedUntil: number }

/** The outbox of a repository in memory, with leases, for tests of what stands before it. */
export function memoryOutbox() {
  const rows: Row[] = []
  const listeners = new Set<(change: Change) => void>()
  const outbox = {
    rows,
    /** Times that messages were asked for. */
    asked: 0,
    fails: false,
    add(message: Partial<OutboxMessage> & Pick<OutboxMessage, 'destination'>): Row {
      const number = rows.length + 1
      const row: Row = {
        id: `event-${number}`,
        runId: `run-${number}`,
        application: 'shop',
        message: 'completed',
        reply: storedReply(`r-${number}`),
        delivery: undefined,
        revision: 'rev-1',
        requestSource: '',
        state: 'due',
        tries: 0,
        dueAtMs: Date.now(),
        lastError: undefined,
        traceparent: undefined,
        leasedUntil: 0,
        ...message,
      }
      rows.push(row)
      for (const listener of listeners) listener('messages')
      return row
    },
  }
  const of = (id: string): Row => rows.find((row) => row.id === id) ?? raise(`no message ${id}`)
  const repository: Pick<
    Repository,
    'takeMessages' | 'messagesSent' | 'messageFailed' | 'giveBackMessages' | 'onChange'
  > = {
    async takeMessages({ most, leaseMs, except = [] }) {
      outbox.asked++
      if (outbox.fails) throw new Error('the repository is away')
      const now = Date.now()
      const due = rows.filter(
        ({ state, dueAtMs, leasedUntil, application, destination }) =>
          state === 'due' &&
          dueAtMs <= now &&
          leasedUntil <= now &&
          !except.includes(`${application}/${destination}`),
      )
      return due.slice(0, most).map((row) => {
        row.leasedUntil = now + leaseMs
        return { ...row }
      })
    },
    async messagesSent(ids) {
      if (outbox.fails) throw new Error('the repository is away')
      for (const id of ids) of(id).state = 'sent'
    },
    async giveBackMessages(ids) {
      for (const id of ids) of(id).leasedUntil = 0
    },
    async messageFailed({ id, error, retryAt, givenUp }) {
      const row = of(id)
      row.tries++
      row.lastError = error
      row.dueAtMs = retryAt
      row.leasedUntil = 0
      if (givenUp) row.state = 'failed'
    },
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return { outbox, repository }
}

export function storedReply(requestId: string): StoredReply {
  return {
    requestId,
    runId: `run of ${requestId}`,
    application: 'shop',
    attempt: 1,
    sequence: 1,
    status: 'completed',
    warnings: [],
    acceptedAt: '2026-11-21T09:00:00.000Z',
    finishedAt: '2026-11-21T09:00:01.000Z',
  }
}

function raise(message: string): never {
  throw new Error(message)
}
