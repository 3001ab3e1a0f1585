import type { PlatformSpec } from '@bulkhead/contract'
import { type KafkaConnection, resolveCluster } from '../kafka/connection.ts'
import { resolvePlatformText } from './platform-text.ts'

/**
 * The Kafka clusters that the platform declares, by name, with their secrets; none is asked for anything yet.
 * @throws BulkheadError `platform-text-missing`
 */
export async function resolveClusters(
  kafka: PlatformSpec['kafka'],
  variables: Readonly<Record<string, string | undefined>>,
): Promise<ReadonlyMap<string, KafkaConnection>> {
  const resolved = Object.entries(kafka).map(async ([name, cluster]) => {
    const text = (value: Parameters<typeof resolvePlatformText>[0], path: string): Promise<string> =>
      resolvePlatformText(value, variables, path)
    return [name, await resolveCluster(cluster, text, `spec.kafka.${name}`)] as const
  })
  return new Map(await Promise.all(resolved))
}
