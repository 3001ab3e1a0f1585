import { Admin } from '@platformatic/kafka'
import { fault } from '@bulkhead/contract'
import { answersOf } from '@bulkhead/engine/kafka/cluster-fault'
import { clientOptions, type KafkaConnection } from '@bulkhead/engine/kafka/connection'

const topicResource = 2

/**
 * Holds what a topic keeps against the memory of requests: what can be read again must be remembered (I4).
 *
 * @returns a warning when the cluster does not let us see the settings of the topic
 * @throws BulkheadError `topic-outlives-memory`, `topic-unknown`; else what the client throws
 */
export async function checkRetention(
  connection: KafkaConnection,
  topic: string,
  memoryMs: number,
): Promise<string | undefined> {
  const admin = new Admin(clientOptions(connection))
  try {
    const metadata = await admin.metadata({ topics: [topic] })
    if (!metadata.topics.has(topic)) throw fault('topic-unknown', `The Kafka cluster has no topic "${topic}"`)
    const [described] = await admin.describeConfigs({
      resources: [
        {
          resourceType: topicResource,
          resourceName: topic,
          configurationKeys: ['retention.ms', 'cleanup.policy'],
        },
      ],
    })
    const settings = new Map(described?.configs.map(({ name, value }) => [name, value ?? '']))
    refuse(topic, settings, memoryMs)
    return undefined
  } catch (error) {
    if (!answersOf(error).some((id) => id.endsWith('_AUTHORIZATION_FAILED'))) throw error
    return `How long the topic "${topic}" keeps messages cannot be seen; it must be shorter than requests are remembered`
  } finally {
    await admin.close().catch(() => undefined)
  }
}

function refuse(topic: string, settings: ReadonlyMap<string, string>, memoryMs: number): void {
  const days = (ms: number): string => `${(ms / 86_400_000).toFixed(1).replace(/\.0$/, '')} days`
  const remembered = `requests are remembered for ${days(memoryMs)}`
  const policies = settings.get('cleanup.policy')?.split(',') ?? []
  if (policies.length > 0 && !policies.includes('delete'))
    throw fault(
      'topic-outlives-memory',
      `The topic "${topic}" is compacted and keeps messages for ever; ${remembered}`,
      {
        fix: `Set cleanup.policy=delete and retention.ms=${memoryMs} or less on the topic`,
      },
    )
  const keptMs = Number(settings.get('retention.ms') ?? Number.NaN)
  if (keptMs >= 0 && keptMs <= memoryMs) return
  if (Number.isNaN(keptMs)) return
  const kept = keptMs < 0 ? 'for ever' : `for ${days(keptMs)}`
  throw fault('topic-outlives-memory', `The topic "${topic}" keeps messages ${kept}; ${remembered}`, {
    fix: `Set retention.ms=${memoryMs} or less on the topic, or raise \`spec.retention.requests\` of platform.yaml`,
  })
}
