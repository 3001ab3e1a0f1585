import { type BulkheadError, isBulkheadError, type Link } from '@bulkhead/connector-sdk'
import { fault, type ReplyDestination, type ReplyEvent, type SignedLinks } from '@bulkhead/contract'
import { reach } from '@bulkhead/engine/observe/moments'
import { replyEvent } from '@bulkhead/engine/reply/reply-event'
import type { ReplySender } from '@bulkhead/engine/reply/reply-sender'
import type { SecretResolver } from '@bulkhead/engine/secrets/resolve-secrets'
import type { Applications, ServedApplication } from '../applications/applications.ts'
import type { Runners } from '../dispatch/runners.ts'
import type { OutboxMessage } from '../repository/repository.ts'

export interface SendOptions {
  readonly applications: Pick<Applications, 'get' | 'revision'>
  readonly runners: Pick<Runners, 'sign' | 'freshLinks'>
  readonly sender: ReplySender
  /** Of one application, asked for the secret of a webhook by the server alone. */
  readonly secretsOf: (application: string) => SecretResolver
  readonly now: () => number
  readonly signal: AbortSignal
}

/** What became of one try. */
export type Sent =
  | { readonly is: 'sent' }
  /** @param final  the destination will not have it, whatever is tried */
  | {
      readonly is: 'failed'
      readonly by: 'destination' | 'links'
      readonly error: BulkheadError
      readonly final: boolean
    }

/** A runner may have to be started for it. */
const signMs = 30_000

/** One try to send a message, with links that were made for it. Never throws. */
export async function sendMessage(message: OutboxMessage, options: SendOptions): Promise<Sent> {
  let event: ReplyEvent
  try {
    event = eventOf(message, await links(message, options), options.now())
  } catch (error) {
    const failed = known(error, 'Its links cannot be made')
    const isUnserved = failed.code === 'application-unknown'
    return {
      is: 'failed',
      by: 'links',
      error: isUnserved ? unserved(message.application) : failed,
      final: isUnserved,
    }
  }
  try {
    const { application, destination: name, traceparent } = message
    const { destination, baseFolder } = await destinationOf(message, options)
    const address = {
      destination,
      path: `spec.replies.${name}`,
      baseFolder,
      // providers are opened for a destination that has a secret, and for no other
      secrets: {
        resolve: (secret: string, path?: string) => options.secretsOf(application).resolve(secret, path),
      },
      traceparent,
    }
    reach('before-send')
    await options.sender.send(event, address, options.signal)
    reach('after-send')
    return { is: 'sent' }
  } catch (error) {
    const failed = known(error, 'The reply cannot be sent')
    const final = failed.code === 'reply-refused' || failed.code === 'reply-unserved'
    return { is: 'failed', by: 'destination', error: failed, final }
  }
}

async function links(
  { application, revision, delivery }: OutboxMessage,
  { runners }: SendOptions,
): Promise<readonly Link[]> {
  if (delivery === undefined || delivery.files.length === 0) return []
  const fresh = runners.freshLinks(application, delivery)
  if (fresh !== undefined) return fresh.map(linkOf)
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(fault('reply-failed', 'No runner made the links in time')), signMs)
  try {
    const signed = await Promise.race([runners.sign(application, revision, delivery), late])
    return signed.map(linkOf)
  } finally {
    clearTimeout(timer)
  }
}

function linkOf({ url, expiresAtMs, warning }: SignedLinks[number]): Link {
  return { url, expiresAtMs, ...(warning !== undefined && { warning }) }
}

function eventOf(message: OutboxMessage, made: readonly Link[], nowMs: number): ReplyEvent {
  const { reply: stored, application, requestSource } = message
  // of what happened, not of when it is told; progress is of now
  const at = stored.status === 'accepted' ? stored.acceptedAt : stored.finishedAt
  const timeMs = at === undefined ? nowMs : Date.parse(at)
  return replyEvent({ stored, links: made, application, requestSource, message: message.message, timeMs })
}

/** As the application declares it today, because somebody may have corrected it; else as the run was accepted with. */
async function destinationOf(
  { application, revision, destination: name }: OutboxMessage,
  { applications }: SendOptions,
): Promise<{ readonly destination: ReplyDestination; readonly baseFolder: string }> {
  const of = (served: ServedApplication | undefined) => {
    const replies = served?.application.manifest.spec.replies ?? {}
    const destination = Object.hasOwn(replies, name) ? replies[name] : undefined
    return served && destination && { destination, baseFolder: served.baseFolder }
  }
  const current = applications.get(application)
  const today = of(current)
  if (today !== undefined) return today
  const exact = await applications.revision(application, revision)
  const found = of(exact)
  if (found !== undefined) return found
  if (current === undefined && exact === undefined) throw unserved(application)
  throw fault('reply-failed', `The application "${application}" has no destination "${name}" here`)
}

/** To try again is of no use: it is served again when somebody applies it, who can have the reply sent then. */
function unserved(application: string): BulkheadError {
  return fault('reply-unserved', `The application "${application}" is not served here any more`)
}

/** What is kept of an error: our own words, or no more than a code (I6). */
function known(error: unknown, otherwise: string): BulkheadError {
  if (isBulkheadError(error)) return error
  const { code } = (error ?? {}) as { readonly code?: unknown }
  const reason = typeof code === 'string' ? ` (${code})` : ''
  return fault('reply-failed', `${otherwise}${reason}`, { cause: error })
}
