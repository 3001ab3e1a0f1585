import { setTimeout as sleep } from 'node:timers/promises'
import { type BulkheadError, isBulkheadError, type Log, unlessAborted } from '@bulkhead/connector-sdk'
import { type ApplicationManifest, fault, type ReplyEvent } from '@bulkhead/contract'
import type { KafkaConnection } from '../kafka/connection.ts'
import { retryDecision } from '../retry/retry-delay.ts'
import type { SecretResolver } from '../secrets/resolve-secrets.ts'
import { createReplySender, type ReplySender } from './reply-sender.ts'

/** Of a run without a server, which has nobody else to try again for it. */
const rules = { attempts: 5, withinMs: 60_000 }

/**
 * Sends a reply to every destination that the manifest names, side by side: one that is down holds up no
 * other. Tries again what may pass.
 *
 * @param folder    of the application, for relative folders
 * @param clusters  that replies may name
 * @returns         undefined when all have it; else `reply-failed`, naming the destinations that have not
 */
export async function deliverReply(
  event: ReplyEvent,
  destinations: ApplicationManifest['spec']['replies'],
  run: {
    readonly folder: string
    readonly secrets: SecretResolver
    readonly clusters: ReadonlyMap<string, KafkaConnection>
    readonly log: Log
    readonly signal: AbortSignal
    /** Around sending to a cluster, whose connections are the platform's. */
    readonly aroundKafka?: (send: () => Promise<void>) => Promise<void>
  },
): Promise<BulkheadError | undefined> {
  await using sender = createReplySender(run.clusters)
  const { folder: baseFolder, secrets, signal, aroundKafka = (send) => send() } = run
  const failures = await Promise.all(
    Object.entries(destinations).map(async ([name, destination]) => {
      const address = { destination, path: `spec.replies.${name}`, baseFolder, secrets }
      try {
        const send = (): Promise<void> => sendPatiently(sender, event, address, signal)
        await ('kafka' in destination ? aroundKafka(send) : send())
        run.log.debug(`The reply was delivered to "${name}"`)
        return []
      } catch (error) {
        return [`"${name}": ${reasonOf(error, signal)}`]
      }
    }),
  )
  const reasons = failures.flat()
  if (reasons.length === 0) return undefined
  return fault('reply-failed', `The reply could not be delivered to ${reasons.join(', ')}`)
}

async function sendPatiently(
  sender: ReplySender,
  event: ReplyEvent,
  address: Parameters<ReplySender['send']>[1],
  signal: AbortSignal,
): Promise<void> {
  const decide = retryDecision(rules)
  const started = performance.now()
  for (let attempts = 1; ; attempts++) {
    try {
      // a cluster that is silent must not outlast the time that is left
      await unlessAborted(sender.send(event, address, signal), signal)
      return
    } catch (error) {
      const delay = decide({ error, attempts, elapsedMs: performance.now() - started })
      if (delay === undefined || signal.aborted) throw error
      await sleep(delay, undefined, { signal })
    }
  }
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'no time was left'
  if (isBulkheadError(error)) return error.message
  const code = (error as NodeJS.ErrnoException).code
  return code ?? (error instanceof Error ? error.message : String(error))
}
