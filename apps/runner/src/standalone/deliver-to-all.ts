import type { BulkheadError } from '@bulkhead/connector-sdk'
import type { ApplicationManifest, ReplyEvent } from '@bulkhead/contract'
import type { KafkaConnection } from '@bulkhead/engine/kafka/connection'
import type { RunContext } from '@bulkhead/engine/run/run-context'
import { runError } from '@bulkhead/engine/run/stop'
import { beyondPolicy } from '../network-guard.ts'
import { patience } from './patience.ts'

/** How long delivering a reply may take; after a stop, what is left of the ten seconds that one may take. */
const deliveryMs = 90_000
const hurriedMs = 700

/** What the platform says to a run without a server. */
export interface PlatformChoice {
  /** Absolute; undefined: variables alone. */
  readonly file: string | undefined
  readonly variables: Readonly<Record<string, string | undefined>>
}

/**
 * Delivers a reply to where the application says.
 * @returns undefined when it is everywhere; else why not, not redacted
 */
export async function deliverToAll(
  reply: ReplyEvent,
  destinations: ApplicationManifest['spec']['replies'],
  run: {
    readonly folder: string
    readonly context: RunContext
    readonly platform: PlatformChoice
    readonly stop: AbortSignal
  },
): Promise<BulkheadError | undefined> {
  if (Object.keys(destinations).length === 0) return undefined
  const { folder, context, platform, stop } = run
  const { deliverReply } = await import('@bulkhead/engine/reply/deliver-reply')
  using time = patience(stop, { ms: deliveryMs, hurriedMs })
  let clusters: ReadonlyMap<string, KafkaConnection>
  try {
    clusters = await clustersOf(destinations, platform)
  } catch (error) {
    return runError(error)
  }
  return deliverReply(reply, destinations, {
    folder,
    secrets: context.secrets,
    clusters,
    log: context.log,
    signal: time.signal,
    // where the platform's clusters are is no affair of the application
    aroundKafka: beyondPolicy,
  })
}

/** Those that are named, so that a secret which is missing elsewhere matters to nobody here. */
async function clustersOf(
  destinations: ApplicationManifest['spec']['replies'],
  { file, variables }: PlatformChoice,
): Promise<ReadonlyMap<string, KafkaConnection>> {
  const named = new Set(
    Object.values(destinations).flatMap((each) => ('kafka' in each ? [each.kafka.cluster] : [])),
  )
  if (named.size === 0) return new Map()
  const [{ readPlatform }, { resolveClusters }] = await Promise.all([
    import('@bulkhead/engine/platform/read-platform'),
    import('@bulkhead/engine/platform/clusters'),
  ])
  const { kafka } = await readPlatform(file, variables)
  return resolveClusters(
    Object.fromEntries(Object.entries(kafka).filter(([name]) => named.has(name))),
    variables,
  )
}
