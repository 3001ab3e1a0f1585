import { randomUUID } from 'node:crypto'
import type { Home } from './home.ts'
import type { Recovered, Repository } from './repository.ts'

/** @param memoryMs  how long requests are remembered */
export function repositoryOfHome(home: Home, memoryMs: number): Repository {
  return {
    check: () => home.check(),
    accept: (request) => home.call('accept', { request, memoryMs, refusal: undefined }),
    refuse: (request, refusal) => home.call('accept', { request, memoryMs, refusal }),
    queued: (application) => home.call('queued', application),
    claim: (claim) => home.call('claim', claim),
    waiting: () => home.call('waiting', undefined),
    renew: (renewal) => home.call('renew', renewal),
    finish: (finish) => home.call('finish', finish),
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
    takeMessages: (take) => home.call('takeMessages', take),
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
    onChange: (listener) => home.onChange(listener),
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  }
}
