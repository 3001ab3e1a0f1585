import type { Log } from '@bulkhead/connector-sdk'
import { type BulkheadError, isBulkheadError } from '@bulkhead/connector-sdk'
import { type ApplicationManifest, fault, type ReplyDestination, type ReplyEvent } from '@bulkhead/contract'
import type { SecretResolver } from '@bulkhead/engine/secrets/resolve-secrets'

/**
 * Sends a reply to every destination that the manifest names, side by side: one that is down holds up no
 * other. The secret of a webhook is looked up here and not before.
 *
 * @param folder  of the application, for relative folders
 * @returns       undefined when all have it; else `reply-failed`, naming the destinations that have not
 */
export async function deliverReply(
  event: ReplyEvent,
  destinations: ApplicationManifest['spec']['replies'],
  run: {
    readonly folder: string
    readonly secrets: SecretResolver
    readonly log: Log
    readonly signal: AbortSignal
  },
): Promise<BulkheadError | undefined> {
  const failures = await Promise.all(
    Object.entries(destinations).map(async ([name, destination]) => {
      try {
        await deliverTo(event, destination, `spec.replies.${name}`, run)
        run.log.debug(`The reply was delivered to "${name}"`)
        return []
      } catch (error) {
        return [`"${name}": ${reasonOf(error, run.signal)}`]
      }
    }),
  )
  const reasons = failures.flat()
  if (reasons.length === 0) return undefined
  return fault('reply-failed', `The reply could not be delivered to ${reasons.join(', ')}`)
}

async function deliverTo(
  event: ReplyEvent,
  destination: ReplyDestination,
  path: string,
  run: { readonly folder: string; readonly secrets: SecretResolver; readonly signal: AbortSignal },
): Promise<void> {
  if ('kafka' in destination)
    throw fault('reply-failed', 'Without a server no reply goes to a Kafka topic yet', { path })
  if ('file' in destination) {
    const { writeReplyFile } = await import('./reply-file.ts')
    await writeReplyFile(event, destination.file.folder, run.folder)
    return
  }
  const { url, secret } = destination.webhook
  // variables were put in when the application was read
  if (typeof url !== 'string') throw new Error('its address is not resolved')
  const { postReply } = await import('./reply-webhook.ts')
  const key =
    secret === undefined ? undefined : await run.secrets.resolve(secret.secret, `${path}.webhook.secret`)
  await postReply(event, url, key?.reveal(), run.signal)
}

function reasonOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return 'no time was left'
  if (isBulkheadError(error)) return error.message
  const code = (error as NodeJS.ErrnoException).code
  return code ?? (error instanceof Error ? error.message : String(error))
}
