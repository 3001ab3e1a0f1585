import { randomUUID } from 'node:crypto'
import { handMessages } from './handed-messages.ts'
import type { Home } from './home.ts'
import type { Change, FinishedRun, Recovered, Repository } from './repository.ts'

/** Messages whose time has come are found so late at most, however many are handed on. */
const lookEveryMs = 500

/** @param memoryMs  how long requests are remembered */
export function repositoryOfHome(home: Home, memoryMs: number): Repository {
  const handed = handMessages(() => performance.now())
  const listeners = new Set<(change: Change) => void>()
  /** When the outbox was last looked through, and whether anything was written to it since. */
  let lookedAtMs = -Infinity
  let isChanged = true
  home.onChange((change) => {
    if (change === 'messages') isChanged = true
  })

  async function finish(finished: FinishedRun): Promise<'finished' | 'lease-lost'> {
    const { is, leased } = await home.call('finish', { finished, lease: handed.lease() })
    if (leased.length > 0) {
      handed.put(leased)
      for (const listener of listeners) listener('messages')
    }
    return is
  }

  const takeMessages: Repository['takeMessages'] = async (take) => {
    const { messages, back } = handed.take(take)
    // unless it is known they are due when their leases are over
    if (back.length > 0) await home.call('giveBackMessages', back).catch(() => undefined)
    const isRecent = performance.now() - lookedAtMs < lookEveryMs
    if (messages.length === take.most || (messages.length > 0 && isRecent && !isChanged)) return messages
    isChanged = false
    try {
      const due = await home.call('takeMessages', { ...take, most: take.most - messages.length })
      lookedAtMs = performance.now()
      return [...messages, ...due]
    } catch (error) {
      isChanged = true
      handed.put(messages)
      throw error
    }
  }

  return {
    check: () => home.check(),
    accept: (request) => home.call('accept', { request, memoryMs, refusal: undefined }),
    refuse: (request, refusal) => home.call('accept', { request, memoryMs, refusal }),
    queued: (application) => home.call('queued', application),
    claim: (claim) => home.call('claim', claim),
    waiting: (applications) => home.call('waiting', applications),
    renew: (renewal) => home.call('renew', renewal),
    finish,
    lose: (runs, policy) => home.call('lose', { runs, policy }),
    async recover(policy) {
      let recovered: Recovered = { runs: 0, ended: [] }
      for (let more = true; more;) {
        const piece = await home.call('recover', policy)
        recovered = { runs: recovered.runs + piece.runs, ended: [...recovered.ended, ...piece.ended] }
        more = piece.more
      }
      return recovered
    },
    settleWaiting: (most) => home.call('settleWaiting', most),
    prolongAll: (leaseMs) => home.call('prolongAll', leaseMs),
    // the id is chosen before the transaction, which may have to be tried again
    command: (command) => home.call('command', { id: randomUUID(), command }),
    commandEffective: (ids) => home.call('commandEffective', ids),
    retry: (runId, actor, newRunId) => home.call('retry', { runId, actor, newRunId }),
    run: (runId) => home.call('run', runId),
    runs: (query) => home.call('runs', query),
    events: (query) => home.call('events', query),
    appendLog: (segments) => home.call('appendLog', segments),
    log: (runId, after, most) => home.call('log', { runId, after, most }),
    takeMessages,
    messagesSent: (ids) => home.call('messagesSent', ids),
    giveBackMessages: (ids) => home.call('giveBackMessages', ids),
    messageFailed: (failure) => home.call('messageFailed', failure),
    messages: (query) => home.call('messages', query),
    outbox: () => home.call('outbox', undefined),
    resend: (runId, actor, destinations) => home.call('resend', { runId, actor, destinations }),
    fired: (schedule) => home.call('fired', schedule),
    lastFired: (application, trigger) => home.call('lastFired', { application, trigger }),
    addToken: (token, actor) => home.call('addToken', { token, actor }),
    tokenByHash: (sha256) => home.call('tokenByHash', sha256),
    tokens: () => home.call('tokens', undefined),
    revokeToken: (id, actor) => home.call('revokeToken', { id, actor }),
    applicationHeads: () => home.call('applicationHeads', undefined),
    applyRevision: (revision) => home.call('applyRevision', revision),
    applyChange: (change) => home.call('applyChange', change),
    applicationEvents: (query) => home.call('applicationEvents', query),
    makeRevisionCurrent: (wanted) => home.call('makeRevisionCurrent', wanted),
    setRevisionAside: (aside) => home.call('setRevisionAside', aside),
    revisionWorks: (application, digest) => home.call('revisionWorks', { application, digest }),
    removeApplication: (application, actor) => home.call('removeApplication', { application, actor }),
    setEngines: (rollout) => home.call('setEngines', rollout),
    setEngineAside: (aside) => home.call('setEngineAside', aside),
    revisions: (query) => home.call('revisions', query),
    revisionBundle: (application, digest) => home.call('revisionBundle', { application, digest }),
    async sweep(kept) {
      const removed: Record<string, number> = {}
      for (let more = true; more;) {
        const piece = await home.call('sweep', kept)
        for (const [table, count] of Object.entries(piece)) removed[table] = (removed[table] ?? 0) + count
        more = Object.values(piece).some((count) => count > 0)
      }
      return removed
    },
    expireResults: (take) => home.call('expireResults', take),
    resultsGone: (runIds) => home.call('resultsGone', runIds),
    backup: (path) => home.backup(path),
    onChange(listener) {
      // each call is a subscription of its own, also with the same function
      const entry = (change: Change): void => listener(change)
      listeners.add(entry)
      const stop = home.onChange(entry)
      return () => {
        listeners.delete(entry)
        stop()
      }
    },
    async [Symbol.asyncDispose]() {
      const left = handed.end()
      if (left.length > 0) await home.call('giveBackMessages', left).catch(() => undefined)
      await home[Symbol.asyncDispose]()
    },
  }
}
