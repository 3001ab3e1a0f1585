import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { fault, parseDuration } from '@bulkhead/contract'
import { createGate } from '../gate.ts'
import type { RunningTrigger, TriggerContext, TriggerOf } from '../trigger.ts'
import {
  claimFile,
  type ClaimedFile,
  leftClaims,
  prepareFolder,
  readClaimed,
  removeSettled,
  type SeenFile,
  seenFiles,
  settleFile,
} from './folder-files.ts'

const shortestLookMs = 50
const longestLookMs = 1000
const failurePauseMs = 5000
/** A claim that is older than this and nobody's here is that of a server that died. */
const leftAfterMs = 60_000
const atOnce = 16
const removeEveryMs = 60_000

/**
 * Requests as files: one that no longer grows is made this server's by a rename, taken, and moved to `.done`, or to
 * `.failed` with the reason. A death at any point leaves it where the next start finds it; the same file taken twice
 * is the same request (I4). What is over goes when logs go.
 */
export function startFolderTrigger(
  { folder: { path, settle } }: TriggerOf<'folder'>,
  { served, name, intake, retention, log, now }: TriggerContext,
): RunningTrigger {
  const application = served.application.name
  const folder = resolve(served.baseFolder, path)
  const settleMs = parseDuration(settle)
  // they hold what logs hold: texts of requests
  const keptMs = parseDuration(retention.logs)
  const details = { application, trigger: name }
  const stop = new AbortController()
  const { signal } = stop
  const gate = createGate(now, (reason) => log.warn(`The folder of "${name}" waits: ${reason}`, details))
  /** Since when each file has been as it is. */
  let watched = new Map<string, { readonly state: string; readonly sinceMs: number }>()
  const own = new Set<string>()
  let failure: string | undefined
  let removedAtMs = Number.NEGATIVE_INFINITY

  async function run(): Promise<void> {
    let isFirst = true
    while (!signal.aborted) {
      try {
        await prepareFolder(folder)
        await takeAll(await leftClaims(folder, isFirst ? Number.POSITIVE_INFINITY : now() - leftAfterMs))
        isFirst = false
        await takeSettled()
        await removeOld()
        failure = undefined
      } catch (error) {
        if (signal.aborted) return
        const known = folderFault(error)
        if (failure !== known.message)
          log.warn(`Files of "${name}" are not taken: ${known.message}`, { ...details, code: known.code })
        failure = known.message
      }
      const lookMs = Math.min(longestLookMs, Math.max(shortestLookMs, settleMs / 4))
      const pauseMs = failure === undefined ? lookMs : failurePauseMs
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
    }
  }

  async function removeOld(): Promise<void> {
    if (now() - removedAtMs < removeEveryMs) return
    removedAtMs = now()
    const files = await removeSettled(folder, now() - keptMs)
    if (files > 0)
      log.info(`Files of "${name}" were removed that were kept long enough`, { ...details, files })
  }

  async function takeSettled(): Promise<void> {
    const files = await seenFiles(folder)
    const at = now()
    watched = new Map(
      files.map(({ name: file, state }) => {
        const before = watched.get(file)
        return [file, before?.state === state ? before : { state, sinceMs: at }]
      }),
    )
    const isSettled = ({ name: file }: SeenFile): boolean =>
      at - (watched.get(file)?.sinceMs ?? at) >= settleMs
    // claimed a few at a time: what waits for a full queue stays where others can take it
    const settled = files.filter(isSettled)
    for (let first = 0; first < settled.length; first += atOnce) {
      const claims = settled.slice(first, first + atOnce).map((file) => {
        watched.delete(file.name)
        return claimFile(folder, file.name, now())
      })
      await takeAll((await Promise.all(claims)).filter((claim) => claim !== undefined))
    }
  }

  async function takeAll(claims: readonly ClaimedFile[]): Promise<void> {
    for (let first = 0; first < claims.length; first += atOnce) {
      const taking = claims.slice(first, first + atOnce).map(take)
      const results = await Promise.allSettled(taking)
      const failed = results.find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    }
  }

  async function take(file: ClaimedFile): Promise<void> {
    if (own.has(file.claim)) return
    own.add(file.claim)
    try {
      const error = await request(file)
      if (error === undefined) return await settleFile(folder, file, '.done')
      log.warn(`The file "${file.name}" of "${name}" is refused: ${error.message}`, {
        ...details,
        code: error.code,
      })
      await settleFile(folder, file, '.failed', error)
    } finally {
      own.delete(file.claim)
    }
  }

  /** @returns why it is no request that can be run; undefined when it will be, or is another server's */
  async function request(file: ClaimedFile): Promise<BulkheadError | undefined> {
    let bytes: Buffer | undefined
    try {
      bytes = await readClaimed(folder, file)
    } catch (error) {
      if (isBulkheadError(error)) return error
      throw error
    }
    if (bytes === undefined) return undefined
    let input: string
    try {
      input = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    } catch {
      return fault('request-unreadable', 'The file is not UTF-8 text')
    }
    // the same name and content is the same request, for one that has no id
    const requestId = createHash('sha256').update(file.name).update('\0').update(bytes).digest('hex')
    const arrival = { application, input, requestId, actor: `folder:${name}` }
    const taken = await gate.pass(() => intake.take(arrival), signal)
    return taken.is === 'refused' || taken.is === 'unreadable' ? taken.error : undefined
  }

  const running = run()

  return {
    status() {
      const waits = gate.state()
      return {
        application,
        trigger: name,
        kind: 'folder',
        isReady: failure === undefined && waits?.isFailure !== true,
        reason: failure ?? waits?.reason,
        lag: watched.size + own.size,
      }
    },
    async stop() {
      stop.abort(new Error('The server ends'))
      await running
    },
  }
}

function folderFault(error: unknown): BulkheadError {
  if (isBulkheadError(error)) return error
  const { code = 'unknown fault' } = error as NodeJS.ErrnoException
  return fault('trigger-folder-unusable', `The folder cannot be used (${code})`, { cause: error })
}
