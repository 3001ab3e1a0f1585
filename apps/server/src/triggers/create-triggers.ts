import type { Log } from '@bulkhead/connector-sdk'
import type { PlatformSpec } from '@bulkhead/contract'
import type { KafkaConnection } from '@bulkhead/engine/kafka/connection'
import type { Applications } from '../applications/applications.ts'
import type { Intake } from '../intake/intake.ts'
import type { Repository } from '../repository/repository.ts'
import { startCronTrigger } from './cron/cron-trigger.ts'
import { startFolderTrigger } from './folder/folder-trigger.ts'
import { evidenceOf } from './gate.ts'
import type { RunningTrigger, TriggerContext, TriggerStatus } from './trigger.ts'

export interface TriggersOptions {
  readonly applications: Pick<Applications, 'list'>
  readonly intake: Intake
  readonly repository: Pick<Repository, 'fired' | 'lastFired' | 'runs'>
  /** With their secrets; `resolveClusters` of the platform makes it. */
  readonly clusters: ReadonlyMap<string, KafkaConnection>
  readonly platform: Pick<PlatformSpec, 'retention'>
  readonly log: Log
  readonly now: () => number
}

/** All that starts runs besides HTTP. */
export interface Triggers {
  /** Begins to take requests. What a trigger lacks is its own trouble, and shows in its status. */
  start(): void
  status(): readonly TriggerStatus[]
  /** Takes nothing more; resolves when what was begun is in the repository, and positions are committed. */
  stop(): Promise<void>
}

export function createTriggers(options: TriggersOptions): Triggers {
  const { applications, intake, repository, clusters, platform, log, now } = options
  const running: RunningTrigger[] = []
  let starting: Promise<void> | undefined
  let stopped = false

  async function startAll(): Promise<void> {
    for (const served of applications.list()) {
      for (const [name, trigger] of Object.entries(served.application.manifest.spec.triggers)) {
        const { retention } = platform
        const context: TriggerContext = { served, name, intake, repository, clusters, retention, log, now }
        if ('cron' in trigger) running.push(startCronTrigger(trigger, context))
        else if ('folder' in trigger) running.push(startFolderTrigger(trigger, context))
        else {
          // the client of Kafka is loaded where there is a topic to read
          const { startKafkaTrigger } = await import('./kafka/kafka-trigger.ts')
          if (!stopped) running.push(startKafkaTrigger(trigger, context))
        }
      }
    }
  }

  return {
    start() {
      starting ??= startAll()
      starting.catch((error: unknown) => log.warn(`Triggers cannot be started: ${evidenceOf(error)}`))
    },
    status: () => running.map((trigger) => trigger.status()),
    async stop() {
      stopped = true
      await starting?.catch(() => undefined)
      await Promise.all(running.map((trigger) => trigger.stop()))
    },
  }
}
