import type { Log } from '@bulkhead/connector-sdk'
import type { PlatformSpec, Trigger } from '@bulkhead/contract'
import type { KafkaConnection } from '@bulkhead/engine/kafka/connection'
import type { ServedApplication } from '../applications/applications.ts'
import type { Intake } from '../intake/intake.ts'
import type { Repository } from '../repository/repository.ts'

/** How a trigger fares, for health and metrics. */
export interface TriggerStatus {
  readonly application: string
  readonly trigger: string
  readonly kind: 'kafka' | 'folder' | 'cron'
  /** Whether it takes requests; one that is not ready keeps trying. */
  readonly isReady: boolean
  /** Why it is not ready, or why it waits; undefined when all is well. */
  readonly reason: string | undefined
  /** Requests that it has not taken yet, as far as it knows. */
  readonly lag: number | undefined
}

/** One trigger that runs. What goes wrong with it stays with it (I7). */
export interface RunningTrigger {
  status(): TriggerStatus
  /** Begins nothing any more; resolves when what was begun is over. */
  stop(): Promise<void>
}

/** What every kind of trigger is given. */
export interface TriggerContext {
  readonly served: ServedApplication
  /** Name in the manifest. */
  readonly name: string
  readonly intake: Intake
  readonly repository: Pick<Repository, 'fired' | 'lastFired' | 'runs'>
  readonly clusters: ReadonlyMap<string, KafkaConnection>
  readonly retention: PlatformSpec['retention']
  readonly log: Log
  readonly now: () => number
}

export type TriggerOf<Kind extends string> = Extract<Trigger, Readonly<Record<Kind, unknown>>>
