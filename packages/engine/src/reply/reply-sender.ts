import { fault, listNames, type ReplyDestination, type ReplyEvent } from '@bulkhead/contract'
import type { KafkaConnection } from '../kafka/connection.ts'
import type { TopicSender } from '../kafka/topic-sender.ts'
import type { SecretResolver } from '../secrets/resolve-secrets.ts'

/** Where a reply goes, and with what. */
export interface ReplyAddress {
  readonly destination: ReplyDestination
  /** Of the destination in the manifest, for errors. */
  readonly path: string
  /** Relative folders start here. */
  readonly baseFolder: string
  /** Of the application that answers; asked for the secret of a webhook when it is needed and not before. */
  readonly secrets: SecretResolver
  readonly traceparent?: string | undefined
}

/** Sends replies to what manifests name: files, webhooks, topics. */
export interface ReplySender extends AsyncDisposable {
  /**
   * One try; resolves when the destination has the event.
   *
   * @throws BulkheadError `reply-refused` when the same would be refused again; else what may pass: `reply-failed`,
   *         `cluster-unavailable`, `topic-unknown` and others. Without addresses, secrets and data
   */
  send(event: ReplyEvent, address: ReplyAddress, signal: AbortSignal): Promise<void>
}

/** @param clusters  that the platform declares, by name */
export function createReplySender(clusters: ReadonlyMap<string, KafkaConnection>): ReplySender {
  const topics = new Map<string, Promise<TopicSender>>()

  function topicSender(cluster: string, topic: string, path: string): Promise<TopicSender> {
    const key = `${cluster}/${topic}`
    const known = topics.get(key)
    if (known !== undefined) return known
    const connection = clusters.get(cluster)
    if (connection === undefined)
      throw fault(
        'cluster-unknown',
        `There is no cluster "${cluster}"; there is ${listNames(clusters.keys())}`,
        {
          path: `${path}.kafka.cluster`,
        },
      )
    const made = import('../kafka/topic-sender.ts').then(({ createTopicSender }) =>
      createTopicSender(connection, topic),
    )
    topics.set(key, made)
    return made
  }

  return {
    async send(event, { destination, path, baseFolder, secrets, traceparent }, signal) {
      if ('kafka' in destination) {
        const { cluster, topic } = destination.kafka
        const { replyRecord } = await import('./reply-kafka.ts')
        const sender = await topicSender(cluster, topic, path)
        await sender.send(replyRecord(event, traceparent))
        return
      }
      if ('file' in destination) {
        const { writeReplyFile } = await import('./reply-file.ts')
        await writeReplyFile(event, destination.file.folder, baseFolder).catch((cause: unknown) => {
          const code = (cause as NodeJS.ErrnoException).code ?? 'unknown fault'
          throw fault('reply-failed', `The file cannot be written (${code})`, { cause })
        })
        return
      }
      const { url, secret } = destination.webhook
      // variables were put in when the application was read
      if (typeof url !== 'string') throw new Error('The address of a webhook is not resolved')
      const { postReply } = await import('./reply-webhook.ts')
      const key =
        secret === undefined ? undefined : await secrets.resolve(secret.secret, `${path}.webhook.secret`)
      await postReply(event, url, key?.reveal(), signal)
    },
    async [Symbol.asyncDispose]() {
      const senders = await Promise.all(topics.values())
      await Promise.all(senders.map((sender) => sender[Symbol.asyncDispose]()))
    },
  }
}
