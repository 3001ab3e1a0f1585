import {
  type ReplyData,
  type ReplyEvent,
  replySchemaV1,
  type ResultFile,
  type SignedLinks,
  type StoredReply,
} from '@bulkhead/contract'
import { requestDigest } from '../plan/identity.ts'

/** More than this is for the log. */
const mostWarnings = 50

/** One message about a run, as it is kept. */
export interface ReplyMessage {
  readonly stored: StoredReply
  /** For the files of the result in their order, and behind them for its manifest; empty when there is no result. */
  readonly links: Readonly<SignedLinks>
  readonly application: string
  /** The source of the request's event; empty for a plain request. */
  readonly requestSource: string
  /** Last part of the event's id: `completed`, `answer-2`, `progress-7`. */
  readonly message: string
  /** Time of the event, epoch milliseconds. */
  readonly timeMs: number
}

type StoredFile = Omit<ResultFile, 'url' | 'expiresAt'>

/**
 * The event that is sent, made of what is kept of a run and links that were made a moment ago. Its id is the same
 * whenever the same message is sent again.
 *
 * @throws Error  when a file has no link, which is a fault in Bulkhead
 */
export function replyEvent(reply: ReplyMessage): ReplyEvent {
  const { stored, application, requestSource, message, timeMs } = reply
  const digest = requestDigest(application, requestSource, stored.requestId)
  return {
    specversion: '1.0',
    type: `dev.bulkhead.run.${stored.status}.v1`,
    source: `/bulkhead/applications/${application}`,
    // CloudEvents knows no empty subject
    subject: stored.requestId === '' ? 'unknown' : stored.requestId,
    id: `${digest}/${stored.attempt}/${message}`,
    time: new Date(timeMs).toISOString(),
    datacontenttype: 'application/json',
    data: replySchemaV1.parse(withLinks(reply)),
  }
}

function withLinks({ stored, links }: ReplyMessage): ReplyData {
  const { result, ...rest } = stored
  if (result === undefined) return rest
  const { files, manifest, ...counts } = result
  const linkWarnings = links.flatMap(({ warning }) => warning ?? [])
  return {
    ...rest,
    warnings: [...new Set([...stored.warnings, ...linkWarnings])].slice(0, mostWarnings),
    result: {
      ...counts,
      files: files.map((file, index) => withLink(file, links[index])),
      ...(manifest !== undefined && { manifest: withLink(manifest, links[files.length]) }),
    },
  }
}

function withLink({ name, ...file }: StoredFile, link: SignedLinks[number] | undefined): ResultFile {
  if (link === undefined) throw new Error(`There is no link to ${name}`)
  return { name, url: link.url, expiresAt: new Date(link.expiresAtMs).toISOString(), ...file }
}
