import { accept } from './accept.ts'
import { claim, queued } from './claim.ts'
import { command, commandEffective } from './command.ts'
import { setEngineAside, setEngines } from './engines.ts'
import { expireResults, resultsGone } from './expire-results.ts'
import { finish } from './finish.ts'
import { giveBackMessages } from './give-back-messages.ts'
import { appendLog, log } from './log.ts'
import { messageFailed, messages, messagesSent, outbox, takeMessages } from './outbox.ts'
import { applicationEvents, events, run, runs } from './read-runs.ts'
import { applicationHeads, revisionBundle, revisions } from './read-revisions.ts'
import { lose, recover } from './recover.ts'
import { prolongAll, renew } from './renew.ts'
import { resend, retry } from './retry.ts'
import { settleWaiting } from './settle-waiting.ts'
import { fired, lastFired } from './schedule.ts'
import {
  applyChange,
  applyRevision,
  makeRevisionCurrent,
  removeApplication,
  revisionWorks,
  setRevisionAside,
} from './revisions.ts'
import { sweep } from './sweep.ts'
import { waiting } from './waiting.ts'
import { addToken, revokeToken, tokenByHash, tokens } from './tokens.ts'

/** All that both homes do, by name: a call crosses to the thread of SQLite as its name and plain data. */
export const operations = {
  accept,
  queued,
  claim,
  waiting,
  renew,
  finish,
  lose,
  recover,
  prolongAll,
  settleWaiting,
  command,
  commandEffective,
  retry,
  run,
  runs,
  events,
  appendLog,
  log,
  takeMessages,
  messagesSent,
  giveBackMessages,
  messageFailed,
  messages,
  outbox,
  resend,
  fired,
  lastFired,
  addToken,
  tokenByHash,
  tokens,
  revokeToken,
  applicationHeads,
  applyRevision,
  applyChange,
  applicationEvents,
  makeRevisionCurrent,
  setRevisionAside,
  revisionWorks,
  removeApplication,
  setEngines,
  setEngineAside,
  revisions,
  revisionBundle,
  sweep,
  expireResults,
  resultsGone,
} as const

export type Operations = typeof operations
export type OperationName = keyof Operations
export type ArgsOf<Name extends OperationName> = Parameters<Operations[Name]>[1]
export type ResultOf<Name extends OperationName> = Awaited<ReturnType<Operations[Name]>>
